// What the page costs: bytes, the time of scripts, the time until something is seen, and the server's time. Prints the figures; fails only
// for what does not depend on the machine.

import { gzipSync } from "node:zlib";
import { advisor, base, check, go, open, org, sample, withBrowser } from "./driver.mjs";

const MAX_KB = 150;
const median = (values) => values.sort((left, right) => left - right)[Math.floor(values.length / 2)];

await withBrowser(async (browser) => {
  const { page, close } = await open(browser, { as: org.usual });
  const responses = [];
  page.on("response", (response) => responses.push(response));
  await go(page, sample.troubled);
  let total = 0;
  for (const response of responses.filter((response) => !response.url().endsWith(".woff2"))) {
    const body = await response.buffer();
    total += gzipSync(body, { level: 9 }).length;
  }
  console.log(`page of a cluster: ${(total / 1000).toFixed(1)} kB gzipped without fonts, ${responses.length} requests (limit ${MAX_KB} kB)`);
  check(total < MAX_KB * 1000, "too heavy");

  const scripts = [], paints = [];
  for (let round = 0; round < 5; round++) {
    const before = (await page.metrics()).ScriptDuration;
    await go(page, sample.troubled);
    const paint = await page.evaluate(() => new Promise((done) => {
      const find = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
      const wait = () => (find() === undefined ? setTimeout(wait, 5) : done(find()));
      wait();
    }));
    paints.push(paint);
    scripts.push(((await page.metrics()).ScriptDuration - before) * 1000);
  }
  console.log(`scripts at load: ${median(scripts).toFixed(1)} ms (limit 50 ms)`);
  console.log(`first contentful paint: ${median(paints).toFixed(0)} ms (limit 100 ms)`);
  await close();

  const identity = Buffer.from(JSON.stringify({ identity: { type: "User", internal: { org_id: String(org.large) } } })).toString("base64");
  const times = [];
  for (let round = 0; round < 10; round++) {
    const start = performance.now();
    const response = await fetch(`${base}${advisor}/clusters`, { headers: { "x-rh-identity": identity } });
    await response.text();
    times.push(performance.now() - start);
  }
  console.log(`clusters view of 10,000 clusters: ${median(times).toFixed(0)} ms for the client, rows made anew each time (limit 50 ms in a release build)`);
});
