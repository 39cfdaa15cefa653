// A headless Chromium for the tests of the page, and the checks that every page must pass.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const base = process.env.CCX_WEB_URL;
const provider = process.env.CCX_WEB_PROVIDER;
export const advisor = "/openshift/insights/advisor";
export const cluster = (number) => `${advisor}/clusters/00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;

// Organisations and clusters of tests/samples/mod.rs.
export const org = { usual: 1, empty: 2, large: 3, unavailable: 4, forbidden: 5 };
export const sample = { troubled: cluster(1), healthy: cluster(2), silent: cluster(3), stale: cluster(4) };

export const widths = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};

export async function withBrowser(work) {
  const browser = await puppeteer.launch({
    executablePath: process.env.CCX_TEST_CHROMIUM,
    headless: true,
    // The test of the login has a certificate of its own.
    acceptInsecureCerts: true,
    // Chromium refuses its sandbox to root, and shared memory is small in containers.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb"],
  });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}

// Opens a page as a member of an organisation; with `as` null, without credentials. `problems` has what no page may do: errors on the
// console, failed or foreign requests.
export async function open(browser, { width = "desktop", scheme = "light", script = true, as = org.usual, user = "ann", motion = "no-preference" } = {}) {
  const context = await browser.createBrowserContext();
  await context.overridePermissions(base, ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"]);
  const page = await context.newPage();
  await page.setViewport(widths[width]);
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: motion },
  ]);
  await page.setJavaScriptEnabled(script);
  const identity = { identity: { type: "User", internal: { org_id: String(as) }, user: { user_id: user } } };
  if (as !== null) await page.setExtraHTTPHeaders({ "x-rh-identity": Buffer.from(JSON.stringify(identity)).toString("base64") });
  await page.bringToFront();
  const problems = [];
  // Chromium reports the status of an error page on the console; that is what the page is for.
  page.on("console", (message) => {
    const isStatus = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (["error", "warn"].includes(message.type()) && !isStatus) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const isOwn = [base, provider, "data:"].some((start) => start && request.url().startsWith(start));
    if (!isOwn) problems.push(`foreign request: ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    // A navigation cancels the one before.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") problems.push(`failed: ${request.url()}`);
  });
  return { page, problems, close: () => context.close() };
}

export const go = (page, path) => page.goto(base + path, { waitUntil: "load" });

// Returns what axe finds by the rules of WCAG 2 A and AA, and by best practice.
export async function accessibility(page) {
  await page.evaluate(axeSource + ";0");
  const { violations } = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }),
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `axe ${id}: ${node.html.slice(0, 160)} ${node.failureSummary.split("\n")[1] ?? ""}`));
}

// Returns what is wrong with the layout: a page that scrolls sideways, or has not exactly one headline.
export async function layout(page) {
  return page.evaluate(() => {
    const found = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) {
      const wide = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
      found.push(`scrolls sideways (${scrollWidth} > ${clientWidth}): ${wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)).join(" | ")}`);
    }
    const headlines = document.querySelectorAll("h1").length;
    if (headlines !== 1) found.push(`${headlines} headlines`);
    if (!document.title || document.body.innerText.trim().length < 40) found.push("blank");
    return found;
  });
}

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

export function checkNone(problems, where) {
  check(problems.length === 0, `${where}:\n  ${problems.join("\n  ")}`);
}
