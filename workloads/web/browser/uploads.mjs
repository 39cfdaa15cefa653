// Archives dropped onto the page, with and without a script: progress, result and reason of a failure.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { accessibility, advisor, base, check, checkNone, go, layout, open, widths, withBrowser } from "./driver.mjs";

const shots = process.env.CCX_WEB_SHOTS;
const path = (page) => page.url().slice(base.length);
const text = (page) => page.$eval("main", (element) => element.innerText);
const follow = (page, work) => Promise.all([page.waitForNavigation({ waitUntil: "load" }), work()]);

const folder = mkdtempSync(join(tmpdir(), "ccx-archives-"));
const archive = (name, content) => (writeFileSync(join(folder, name), content), join(folder, name));
const good = process.env.CCX_WEB_ARCHIVE ?? archive("insights-2026-06-15-110000.tar.gz", "x".repeat(300_000));
const broken = archive("broken.txt", "no archive");

// Drops files as a person does: the browser reads them from disk.
async function drop(page, files) {
  const data = await page.evaluateHandle(
    (files) => {
      const data = new DataTransfer();
      for (const [name, content] of files) data.items.add(new File([Uint8Array.from(atob(content), (char) => char.charCodeAt(0))], name));
      return data;
    },
    files.map((file) => [basename(file), readFileSync(file).toString("base64")]),
  );
  await page.evaluate((data) => {
    for (const type of ["dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      if (type === "dragover" && !document.querySelector(".ccx-upload.ccx-m-over")) throw new Error("the drop zone is not highlighted");
    }
  }, data);
}

const isSettled = () => !document.querySelector("[data-poll]") && document.querySelectorAll("#uploads tbody tr").length > 0;

async function visit(browser, options, suffix) {
  const session = await open(browser, options);
  const { page, problems } = session;
  await go(page, `${advisor}/clusters`);
  // axe needs scripts itself.
  const problemsOf = async () => [...(await layout(page)), ...(options.script === false ? [] : await accessibility(page))];
  problems.push(...(await problemsOf()));
  await page.screenshot({ path: `${shots}/clusters-drop-zone-${suffix}.png`, fullPage: true });
  if (options.script === false) {
    await (await page.$("input[type=file]")).uploadFile(good, broken);
    await follow(page, () => page.click(".ccx-upload button"));
    // The page loads itself again; while it does, it has no content to read.
    const isProcessing = () => page.content().then((content) => content.includes("Processing"), () => true);
    for (let round = 0; round < 60 && (await isProcessing()); round++) await new Promise((next) => setTimeout(next, 1000));
  } else {
    await follow(page, () => drop(page, [good, broken]));
    check(path(page) === `${advisor}/uploads`, path(page));
    await page.waitForFunction(isSettled, { timeout: 60_000 });
  }
  const shown = await page.$eval("main", (main) => main.textContent);
  check(shown.includes(basename(good)) && shown.includes("Processed"), shown);
  check(shown.includes("broken.txt") && shown.includes("Failed"), shown);
  problems.push(...(await problemsOf()));
  await page.screenshot({ path: `${shots}/uploads-${suffix}.png`, fullPage: true });
  await follow(page, () => page.click("#uploads tbody a"));
  check(path(page).startsWith(`${advisor}/clusters/`), path(page));
  check((await page.$eval("main", (main) => main.textContent)).includes("Health"), "the cluster's page");
  checkNone(problems, suffix);
  await session.close();
}

mkdirSync(shots, { recursive: true });
await withBrowser(async (browser) => {
  for (const width of Object.keys(widths)) {
    for (const scheme of ["light", "dark"]) await visit(browser, { width, scheme }, `${width}-${scheme}`);
  }
  await visit(browser, { script: false }, "without-script");
  // What cannot be sent says so.
  const { page, close } = await open(browser);
  await go(page, `${advisor}/clusters`);
  await page.setOfflineMode(true);
  await drop(page, [broken]);
  await page.waitForFunction(() => document.querySelector(".ccx-upload [role=status]").innerText.includes("failed"));
  await close();
});
rmSync(folder, { recursive: true });
console.log("archives are dropped and chosen, with and without a script");
