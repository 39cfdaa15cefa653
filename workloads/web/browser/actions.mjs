// What people do: filter, sort, page, go back, disable, enable, vote, copy, change colours, use the keyboard, print, export.

import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { advisor, accessibility, base, check, checkNone, go, open, sample, withBrowser } from "./driver.mjs";

const text = (page, selector = "main") => page.$eval(selector, (element) => element.innerText);
const path = (page) => page.url().slice(base.length);
const follow = (page, work) => Promise.all([page.waitForNavigation({ waitUntil: "load" }), work()]);
// Clicks through the page itself: what a sticky menu covers can still be activated by keyboard.
const press = (page, selector) => page.$eval(selector, (element) => element.click());

const steps = {
  async "filters apply when they change, and the link has them"({ page }) {
    await go(page, `${advisor}/clusters`);
    await page.type("input[type=search]", "payments");
    await follow(page, () => page.keyboard.press("Enter"));
    check(path(page) === `${advisor}/clusters?text=payments`, path(page));
    await page.click("summary ::-p-text(Severity)");
    await follow(page, () => page.click("input[name=hits][value='4']"));
    check(path(page) === `${advisor}/clusters?text=payments&hits=4`, path(page));
    const shown = await text(page);
    check(shown.includes("payments-eu-1") && !shown.includes("payments-eu-2"), shown);
    await page.goBack();
    check((await text(page)).includes("payments-eu-2"), "the page before has its filters");
    await follow(page, () => page.click("a ::-p-text(Clear all filters)"));
    check(path(page) === `${advisor}/clusters`, path(page));
  },

  async "columns sort and pages turn"({ page }) {
    await go(page, `${advisor}/clusters`);
    await follow(page, () => page.click("th a ::-p-text(Name)"));
    check(await page.$eval("th[aria-sort=ascending]", (head) => head.innerText.startsWith("Name")), "sorted by name");
    await follow(page, () => page.click("a[aria-label='Next page']"));
    check((await text(page)).includes("21 - 25 of 25"), "the second page");
    await follow(page, () => page.click("a[aria-label='First page']"));
    check((await text(page)).includes("1 - 20 of 25"), "the first page");
  },

  async "a cluster's link opens one recommendation"({ page }) {
    await go(page, `${sample.troubled}?first=ccx_rules.privileged_pods|PRIVILEGED_PODS_OF_USERS`);
    const open = await page.$$eval("details.ccx-hit[open] .ccx-hit__headline", (all) => all.map((one) => one.innerText));
    check(open.length === 1 && open[0].startsWith("3 pods of users"), open.join());
    await page.click("[data-expand]");
    check((await page.$$("details.ccx-hit[open]")).length === 5, "all are open");
  },

  async "the timeline says what appeared and vanished, and leads to it"({ page, problems }) {
    await go(page, sample.troubled);
    await page.click(".ccx-changes summary");
    const changes = await page.$$eval(".ccx-changes li", (all) => all.map((one) => one.innerText.replace(/\s+/g, " ").trim()));
    check(changes.some((change) => change.startsWith("3 Jun 2026, 12:00 UTC No longer applies") && change.endsWith("An operator is installed and not used")), changes.join("\n"));
    check(changes.some((change) => change.startsWith("16 Apr 2026, 12:00 UTC Appeared")), changes.join("\n"));
    problems.push(...(await accessibility(page)));
    await follow(page, () => page.click(".ccx-timeline a ::-p-text(3 pods of users)"));
    check(await page.$eval("details.ccx-hit[open] .ccx-hit__headline", (one) => one.innerText.startsWith("3 pods of users")), "it is open");
    await go(page, sample.healthy);
    check((await text(page)).includes("until 12 Jun 2026"), "a healthy cluster has its past");
  },

  async "disabling asks why, says so, and can be undone"({ page }) {
    await go(page, `${sample.troubled}?first=ccx_rules.unset|UNSET`);
    const hit = "details.ccx-hit";
    await page.click(`${hit} summary`);
    await page.click(`${hit} .ccx-disable summary`);
    await page.type(`${hit} textarea`, "Maintenance until Friday");
    await follow(page, () => press(page, `${hit} .ccx-disable button`));
    check((await text(page)).includes("The recommendation is disabled"), "a notice");
    check(!(await text(page)).includes("Two control plane nodes"), "it is hidden");
    await go(page, `${sample.troubled}?disabled=true&first=ccx_rules.nodes_not_ready|NODES_NOT_READY`);
    const shown = await text(page);
    check(shown.includes("Maintenance until Friday") && shown.includes("Disabled by ann"), shown);
    checkNone(await accessibility(page), "a disabled recommendation");
    await follow(page, () => press(page, "form[action$=enable] button"));
    check((await text(page)).includes("The recommendation is enabled"), "a notice");
    check((await text(page)).includes("Two control plane nodes"), "it is shown again");
  },

  async "a cluster is renamed"({ page, problems }) {
    await go(page, sample.healthy);
    await page.click(".ccx-heading__actions .ccx-menu summary");
    problems.push(...(await accessibility(page)));
    await page.focus("input[name=name]");
    await page.keyboard.press("End");
    await page.keyboard.type("-2");
    await follow(page, () => page.click(".ccx-rename button"));
    check((await text(page)).includes("The cluster has a new name"), await text(page));
    check((await text(page, "h1")) === "edge-berlin-2", await text(page, "h1"));
    await page.click(".ccx-heading__actions .ccx-menu summary");
    await page.$eval("input[name=name]", (input) => (input.value = ""));
    await follow(page, () => page.click(".ccx-rename button"));
    check((await text(page, "h1")) === "edge-berlin", await text(page, "h1"));
  },

  async "votes are kept, and can be taken back"({ page }) {
    const path = `${advisor}/recommendations/ccx_rules.etcd_slow_disk%7CETCD_DISK_TOO_SLOW`;
    await go(page, path);
    await follow(page, () => page.click("button[aria-label^=Yes]"));
    check(await page.$("button[aria-label^=Yes][aria-pressed=true]"), "voted");
    await follow(page, () => page.click("button[aria-label^=Yes]"));
    check(await page.$("button[aria-label^=Yes][aria-pressed=false]"), "taken back");
  },

  async "a command is copied"({ page }) {
    await go(page, `${sample.troubled}?first=ccx_rules.nodes_not_ready|NODES_NOT_READY`);
    await page.click("button[aria-label='Copy: oc get nodes']");
    await page.waitForFunction(() => [...document.querySelectorAll(".ccx-copy")].some((button) => button.innerText === "Copied"));
    check((await page.evaluate(() => navigator.clipboard.readText())) === "oc get nodes", "the clipboard has it");
  },

  async "the colours are chosen, and stay"({ page }) {
    await go(page, `${advisor}/workloads`);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.click(".ccx-masthead__tools summary");
    await follow(page, () => page.click("button[name=theme][value=dark]"));
    check(path(page) === `${advisor}/workloads` && (await background()) !== light, "dark, on the same page");
    await go(page, `${advisor}/clusters`);
    check((await background()) !== light, "still dark");
  },

  async "the keyboard is enough"({ page }) {
    await go(page, `${advisor}/clusters`);
    await page.keyboard.press("Tab");
    check((await page.evaluate(() => document.activeElement.innerText)) === "Skip to content", "the first stop");
    await page.keyboard.press("Enter");
    check((await page.evaluate(() => location.hash)) === "#main", "skipped");
    await page.focus("form details summary");
    await page.keyboard.press("Enter");
    check(await page.$("form details[open]"), "the menu opens");
    await page.keyboard.press("Escape");
    check(!(await page.$("form details[open]")), "the menu closes");
    check((await page.evaluate(() => document.activeElement.tagName)) === "SUMMARY", "the focus returns");
  },

  async "the focus visits everything in the order in which it is seen, and can be seen"({ page }) {
    await go(page, sample.troubled);
    const stops = [];
    for (let stop = 0; stop < 20; stop++) {
      await page.keyboard.press("Tab");
      stops.push(await page.evaluate(() => {
        const element = document.activeElement;
        const all = [...document.querySelectorAll("*")];
        const { top, left, width, height } = element.getBoundingClientRect();
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        return {
          name: element.innerText || element.ariaLabel || element.name, place: all.indexOf(element),
          isVisible: width > 0 && height > 0 && left >= 0 && top >= -1,
          isMarked: (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none" || element.matches("input"),
        };
      }));
    }
    const wrong = stops.filter(({ place, isVisible, isMarked }, index) => !isVisible || !isMarked || (index > 0 && place <= stops[index - 1].place));
    check(wrong.length === 0, JSON.stringify(wrong));
    check(stops.some(({ name }) => name?.startsWith("Export as HTML")), JSON.stringify(stops.map(({ name }) => name)));
  },

  async "a filter is chosen by keyboard"({ page }) {
    await go(page, `${advisor}/clusters`);
    await page.focus("form details summary");
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    check((await page.evaluate(() => document.activeElement.name)) === "hits", "the first option has the focus");
    await follow(page, () => page.keyboard.press("Space"));
    check(path(page) === `${advisor}/clusters?hits=4`, path(page));
  },

  async "nothing moves for those who asked for less motion"({ page, problems }) {
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    for (const view of [`${advisor}/clusters`, sample.troubled]) {
      await go(page, view);
      const moving = await page.evaluate(() => [...document.querySelectorAll("*")]
        .filter((element) => ["transitionDuration", "animationDuration"].some((name) => parseFloat(getComputedStyle(element)[name]) > 0))
        .map((element) => element.outerHTML.slice(0, 100)));
      problems.push(...moving.slice(0, 3));
    }
  },

  async "print shows every recommendation, and no controls"({ page }) {
    await go(page, sample.troubled);
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    await page.emulateMediaType("print");
    const shown = await text(page);
    check(shown.includes("Restart the kubelet") && shown.includes("PodDisruptionBudget with"), "all steps");
    check(shown.includes("No longer applies"), "what vanished");
    check(!shown.includes("Disable for this cluster") && !(await page.$eval("header", (header) => header.checkVisibility())), "no controls");
    await page.emulateMediaType();
  },

  async "the export needs nothing else"({ page, problems }) {
    await go(page, sample.troubled);
    const html = await page.evaluate(async (path) => (await fetch(path)).text(), `${sample.troubled}/export`);
    const file = join(tmpdir(), `ccx-export-${process.pid}.html`);
    writeFileSync(file, html);
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    problems.length = 0;
    await page.goto(`file://${file}`, { waitUntil: "load" });
    check(requests.length === 1, `more than the document is loaded: ${requests}`);
    const shown = await text(page);
    check(shown.includes("master-1") && shown.includes("Exported") && !shown.includes("Disable"), shown);
    checkNone(await accessibility(page), "the export");
    check(await page.$eval("pre.ccx-code", (label) => getComputedStyle(label).backgroundColor !== "rgba(0, 0, 0, 0)"), "it has its styles");
    rmSync(file);
    // The document itself is no request to the page.
    problems.splice(0, problems.length, ...problems.filter((problem) => !problem.includes("file://")));
  },

  async "another site's form changes nothing"({ page, problems }) {
    await page.setContent(`<form method="post" action="${base}${sample.troubled}/recommendations/ccx_rules.nodes_not_ready%7CNODES_NOT_READY/disable"><button>x</button></form>`);
    await follow(page, () => page.click("button"));
    check((await text(page)).includes("The form has expired"), await text(page));
    await go(page, sample.troubled);
    check((await text(page)).includes("Two control plane nodes"), "nothing is disabled");
    problems.length = 0;
  },
};

await withBrowser(async (browser) => {
  const failures = [];
  for (const [name, step] of Object.entries(steps)) {
    const session = await open(browser);
    try {
      await step(session);
      checkNone(session.problems, "problems");
    } catch (error) {
      failures.push(`${name}: ${error.stack}`);
    }
    await session.close();
  }
  checkNone(failures, "actions");
  console.log(`${Object.keys(steps).length} actions`);
});
