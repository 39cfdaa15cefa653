// Every view and state, at two widths, in both schemes: no error, no foreign request, no horizontal scrolling, accessible.

import { mkdirSync } from "node:fs";
import { accessibility, advisor, checkNone, go, layout, open, org, sample, widths, withBrowser } from "./driver.mjs";

const rule = "ccx_rules.etcd_slow_disk|ETCD_DISK_TOO_SLOW";
const views = [
  ["clusters", `${advisor}/clusters`],
  ["clusters-filtered", `${advisor}/clusters?text=payments&hits=4,3&sort=name`],
  ["clusters-no-match", `${advisor}/clusters?text=nothing`],
  ["clusters-large", `${advisor}/clusters?offset=40`, org.large],
  ["clusters-empty", `${advisor}/clusters`, org.empty],
  ["clusters-unavailable", `${advisor}/clusters`, org.unavailable],
  ["clusters-forbidden", `${advisor}/clusters`, org.forbidden],
  ["cluster", sample.troubled],
  ["cluster-first", `${sample.troubled}?first=${rule}`],
  ["cluster-no-match", `${sample.troubled}?text=nothing`],
  ["cluster-healthy", sample.healthy],
  ["cluster-silent", sample.silent],
  ["cluster-stale", sample.stale],
  ["recommendations", `${advisor}/recommendations`],
  ["recommendations-all", `${advisor}/recommendations?impacting=true,false&rule_status=all`],
  ["recommendations-empty", `${advisor}/recommendations`, org.empty],
  ["recommendation", `${advisor}/recommendations/${encodeURIComponent(rule)}`],
  ["recommendation-unaffecting", `${advisor}/recommendations/ccx_rules.unused_operator%7CUNUSED_OPERATOR`],
  ["workloads", `${advisor}/workloads`],
  ["workloads-empty", `${advisor}/workloads`, org.empty],
  ["workload", `${advisor}/workloads/${sample.troubled.split("/").at(-1)}/fad82c1f-96db-430f-b3ec-000000000001`],
  ["not-found", `${advisor}/nothing`],
];

const shots = process.env.CCX_WEB_SHOTS;
mkdirSync(shots, { recursive: true });

await withBrowser(async (browser) => {
  const failures = [];
  for (const width of Object.keys(widths)) {
    for (const scheme of ["light", "dark"]) {
      for (const [name, path, as] of views) {
        const { page, problems, close } = await open(browser, { width, scheme, as });
        await go(page, path);
        // Everything that can be opened is checked as well.
        await page.screenshot({ path: `${shots}/${name}-${width}-${scheme}.png`, fullPage: true });
        problems.push(...(await layout(page)), ...(await accessibility(page)));
        const hasMore = await page.evaluate(() => document.querySelectorAll("details").length > 1);
        if (hasMore && width === "desktop") {
          await page.evaluate(() => document.querySelectorAll("details.ccx-hit").forEach((details) => (details.open = true)));
          problems.push(...(await accessibility(page)));
        }
        if (problems.length > 0) failures.push(`${name} (${width}, ${scheme}):\n    ${problems.join("\n    ")}`);
        await close();
      }
    }
  }
  checkNone(failures, "views");
  // The images of the documentation, which a person looks at before they are committed.
  const images = { clusters: `${advisor}/clusters`, cluster: `${sample.troubled}?first=ccx_rules.nodes_not_ready|NODES_NOT_READY` };
  for (const [name, path] of Object.entries(process.env.CCX_WEB_IMAGES ? images : {})) {
    const { page, close } = await open(browser);
    await go(page, path);
    await page.screenshot({ path: `${process.env.CCX_WEB_IMAGES}/${name}.png` });
    await close();
  }
  console.log(`${views.length} views at 2 widths in 2 schemes`);
});
