// The page with the styles that it has when its assets are not built: plain, but accessible in both schemes.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { accessibility, advisor, check, checkNone, go, layout, open, sample, widths, withBrowser } from "./driver.mjs";

const style = readFileSync(fileURLToPath(new URL("../assets/site.css", import.meta.url)), "utf8");
const views = [`${advisor}/clusters`, `${sample.troubled}?first=ccx_rules.etcd_slow_disk|ETCD_DISK_TOO_SLOW`, sample.stale,
  `${advisor}/recommendations`, `${advisor}/workloads`, `${advisor}/nothing`];

await withBrowser(async (browser) => {
  const failures = [];
  let replaced = 0;
  for (const width of Object.keys(widths)) {
    for (const scheme of ["light", "dark"]) {
      const { page, problems, close } = await open(browser, { width, scheme });
      await page.setRequestInterception(true);
      page.on("request", (request) => {
        if (!request.url().endsWith(".css")) return request.continue();
        replaced += 1;
        request.respond({ contentType: "text/css", body: style });
      });
      for (const view of views) {
        await go(page, view);
        problems.push(...(await layout(page)), ...(await accessibility(page)));
        if (problems.length > 0) failures.push(`${view} (${width}, ${scheme}):\n    ${problems.splice(0).join("\n    ")}`);
      }
      await close();
    }
  }
  checkNone(failures, "plain styles");
  check(replaced >= 4, "the styles were not replaced");
  console.log(`${views.length} views with plain styles`);
});
