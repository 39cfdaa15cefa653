// Assembles what the page loads into dist/: PatternFly's styles without what the page does not use, our own styles and script, and the
// fonts. File names contain a hash of the content, so that browsers may keep them forever; text is compressed in advance.
//
//   node assets/build.mjs            builds, unless dist/ is up to date
//   node assets/build.mjs --check    only reports, by exit code 1, that dist/ is not up to date

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const patternfly = join(root, "node_modules/@patternfly/patternfly");

// The components of PatternFly that the templates use, in PatternFly's order.
const COMPONENTS = [
  "Alert/alert", "Badge/badge", "Breadcrumb/breadcrumb", "Button/button", "Card/card", "Check/check", "CodeBlock/code-block",
  "Content/content", "DescriptionList/description-list", "Divider/divider", "EmptyState/empty-state", "Form/form",
  "FormControl/form-control", "HelperText/helper-text", "Label/label", "Label/label-group", "Masthead/masthead", "Nav/nav", "Page/page",
  "Pagination/pagination", "SkipToContent/skip-to-content", "Spinner/spinner", "Table/table", "Table/table-grid", "Title/title",
  "Toolbar/toolbar",
];

// Variable fonts: one file for all weights.
const FONTS = ["RedHatText/RedHatTextVF", "RedHatDisplay/RedHatDisplayVF", "RedHatMono/RedHatMonoVF"];

function filesBelow(folder, extension) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(root, folder, file))
    .filter((file) => file.endsWith(extension))
    .sort();
}

// The files that name classes: a selector is kept if all its names occur in one of them.
const users = () => [...filesBelow("templates", ".html"), ...filesBelow("src", ".rs"), join(root, "assets/site.js")];

// A hash of everything that the output depends on.
function inputsDigest() {
  const hash = createHash("sha256");
  const own = ["package-lock.json", "assets/build.mjs", "assets/fonts.css", "assets/site.css", "assets/site.js"].map((file) => join(root, file));
  for (const file of [...own, ...users()]) hash.update(relative(root, file)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

// Removes themes that the page does not offer, and lets the dark one also follow the system's setting unless the user chose light.
function reduceThemes(postcss) {
  const unused = /theme-(felt|glass|high-contrast)|pf-v6-c-hero/;
  return {
    postcssPlugin: "themes",
    OnceExit(css) {
      css.walkAtRules("font-face", (rule) => rule.remove());
      css.walkRules((rule) => {
        const kept = rule.selectors.filter((selector) => !unused.test(selector));
        if (kept.length === 0) return rule.remove();
        rule.selectors = kept;
        if (rule.parent.type !== "root" || !rule.selector.includes(".pf-v6-theme-dark")) return;
        const bySystem = rule.clone({ selector: rule.selector.replaceAll(".pf-v6-theme-dark", ":not(.pf-v6-theme-light)") });
        rule.after(postcss.atRule({ name: "media", params: "screen and (prefers-color-scheme: dark)", nodes: [bySystem] }));
      });
    },
  };
}

async function styles(fonts) {
  const require = createRequire(import.meta.url);
  const postcss = require("postcss");
  const { PurgeCSS } = require("purgecss");
  const esbuild = require("esbuild");
  const sources = [join(patternfly, "patternfly-base.css"), ...COMPONENTS.map((name) => join(patternfly, `components/${name}.css`))];
  const whole = sources.map((file) => readFileSync(file, "utf8")).join("\n").replaceAll('@charset "UTF-8";', "");
  const themed = postcss([reduceThemes(postcss)]).process(whole, { from: undefined }).css;
  let own = ["fonts", "site"].map((name) => readFileSync(join(root, `assets/${name}.css`), "utf8")).join("\n");
  for (const [name, file] of Object.entries(fonts)) own = own.replaceAll(`url("${name}")`, `url("${file}")`);
  // A variable that only a removed rule uses becomes unused in turn, so it is repeated until nothing changes.
  let css = themed + own;
  for (let size = Infinity; css.length < size; ) {
    size = css.length;
    const [purged] = await new PurgeCSS().purge({
      content: users().map((file) => ({ raw: readFileSync(file, "utf8"), extension: "html" })),
      css: [{ raw: css }],
      variables: true,
      keyframes: true,
      safelist: { standard: [/^:/, "html", "body", /^ccx-m-(critical|important|moderate|low)$/], greedy: [/data-/, /aria-/] },
    });
    css = purged.css;
  }
  const { code } = await esbuild.transform(css, { loader: "css", minify: true, legalComments: "none", target: ["chrome109", "firefox102", "safari16"] });
  return code;
}

async function script() {
  const esbuild = createRequire(import.meta.url)("esbuild");
  const source = readFileSync(join(root, "assets/site.js"), "utf8");
  return (await esbuild.transform(source, { loader: "js", minify: true, target: "es2020" })).code;
}

// Writes a file with a hash in its name, and returns the name.
function emit(stem, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const name = `${stem}-${hash}.${extension}`;
  writeFileSync(join(dist, name), content);
  if (extension !== "woff2") writeFileSync(join(dist, `${name}.gz`), gzipSync(content, { level: 9 }));
  return name;
}

async function build(digest) {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const fonts = {};
  for (const font of FONTS) fonts[font] = emit(font.split("/")[1], "woff2", readFileSync(join(patternfly, `assets/fonts/${font}.woff2`)));
  const names = [emit("site", "css", await styles(fonts)), emit("site", "js", await script())];
  // Last, so that an interrupted build is not taken for a complete one.
  writeFileSync(join(dist, "inputs.sha256"), digest);
  for (const name of names) console.log(`${name}: ${readFileSync(join(dist, `${name}.gz`)).length} bytes gzipped`);
}

const digest = inputsDigest();
const stamp = join(dist, "inputs.sha256");
const isCurrent = existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
if (process.argv.includes("--check")) process.exit(isCurrent ? 0 : 1);
if (!isCurrent) await build(digest);
