// Follows every link once, from the first page: no error, no blank page, nothing from elsewhere. Lists have a link for each order and
// filter, so a page with a query is visited, but its links that only change the query are not.

import { advisor, base, check, checkNone, go, layout, open, withBrowser } from "./driver.mjs";

const MAX_PAGES = 500;

await withBrowser(async (browser) => {
  const { page, problems, close } = await open(browser);
  const [queue, known, external] = [[`${advisor}/clusters`], new Set([`${advisor}/clusters`]), new Set()];
  const failures = [];
  let visited = 0;
  while (queue.length > 0) {
    const path = queue.shift();
    if (path.endsWith("/export")) {
      const status = await page.evaluate(async (path) => (await fetch(path)).status, path);
      if (status !== 200) failures.push(`${path}: ${status}`);
      continue;
    }
    check(++visited <= MAX_PAGES, `more than ${MAX_PAGES} pages`);
    const response = await go(page, path);
    if (!response.ok()) failures.push(`${path}: ${response.status()}`);
    failures.push(...[...(await layout(page)), ...problems.splice(0)].map((problem) => `${path}: ${problem}`));
    const links = await page.$$eval("a[href]", (all) => all.map((link) => link.href));
    const { pathname, search } = new URL(page.url());
    for (const link of links) {
      const target = new URL(link);
      if (target.origin !== base) {
        external.add(link);
        if (target.protocol !== "https:") failures.push(`${path}: leads to ${link}`);
        continue;
      }
      const next = target.pathname + target.search;
      const isVariation = search !== "" && target.pathname === pathname;
      if (!known.has(next) && !isVariation) {
        known.add(next);
        queue.push(next);
      }
    }
  }
  checkNone(failures, "links");
  check(visited > 20, `only ${visited} pages`);
  console.log(`${visited} pages, ${known.size} links, ${external.size} links to elsewhere`);
  await close();
});
