// The page in a browser that runs no script: everything can still be seen and done.

import { advisor, base, check, checkNone, go, layout, open, sample, withBrowser } from "./driver.mjs";

const path = (page) => page.url().slice(base.length);
const follow = (page, work) => Promise.all([page.waitForNavigation({ waitUntil: "load" }), work()]);
const has = async (page, text) => (await page.content()).includes(text);

await withBrowser(async (browser) => {
  for (const width of ["desktop", "phone"]) {
    const { page, problems, close } = await open(browser, { script: false, width });
    await go(page, `${advisor}/clusters`);
    await page.type("input[type=search]", "payments");
    await follow(page, () => page.click("form[role=search] button"));
    check(path(page).startsWith(`${advisor}/clusters?text=payments`), path(page));
    check((await has(page, "payments-eu-2")) && !(await has(page, "edge-berlin")), "filtered");
    await follow(page, () => page.click("td a ::-p-text(payments-eu-1)"));
    await page.click("details.ccx-hit summary");
    check(await page.$("details.ccx-hit[open]"), "a recommendation opens");
    await page.click("details.ccx-hit .ccx-disable summary");
    await page.type("details.ccx-hit textarea", `Tried on a ${width}`);
    await follow(page, () => page.click("details.ccx-hit .ccx-disable button"));
    check(await has(page, "The recommendation is disabled"), "disabled");
    await go(page, `${sample.troubled}?disabled=true&first=ccx_rules.nodes_not_ready|NODES_NOT_READY`);
    check(await has(page, `Tried on a ${width}`), "with its reason");
    await follow(page, () => page.click("form[action$=enable] button"));
    check(await has(page, "The recommendation is enabled"), "enabled");
    for (const view of ["recommendations", "workloads", "nothing"]) {
      await go(page, `${advisor}/${view}`);
      problems.push(...(await layout(page)));
    }
    checkNone(problems, `without a script (${width})`);
    await close();
  }
  console.log("everything can be done without a script");
});
