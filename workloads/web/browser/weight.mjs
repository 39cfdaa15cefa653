// What the page costs: bytes, the time of scripts, the time until something is seen, and the server's time. Prints the figures; fails for
// the bytes and for scripts far beyond the usual, but not for times that depend on the machine.

import { gzipSync } from "node:zlib";
import { advisor, base, check, go, open, org, sample, withBrowser } from "./driver.mjs";

const MAX_KB = 150;
const MAX_SCRIPT_MS = 50;
const ROUNDS = 9;
const median = (values) => values.sort((left, right) => left - right)[Math.floor(values.length / 2)];

// Returns the milliseconds in which the page's own script was compiled or ran until the page was loaded, from a trace of Chromium. Calls
// are parts of others, so the time is that of the union of all; the test's own scripts have no URL.
function scriptTime(events) {
  const loaded = events.find(({ name }) => name === "MarkLoad")?.ts ?? Infinity;
  const names = ["EvaluateScript", "FunctionCall", "v8.compile"];
  const isOwn = ({ name, ph, ts, args }) =>
    ph === "X" && names.includes(name) && ts <= loaded && (args?.data?.url ?? args?.fileName ?? "").startsWith(base);
  const spans = events.filter(isOwn).map(({ ts, dur }) => [ts, ts + (dur ?? 0)]).sort(([left], [right]) => left - right);
  let [total, end] = [0, 0];
  for (const [from, to] of spans) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total / 1000;
}

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
  for (let round = 0; round < ROUNDS; round++) {
    await page.tracing.start({ categories: ["devtools.timeline", "v8"] });
    await go(page, sample.troubled);
    const paint = await page.evaluate(() => new Promise((done) => {
      new PerformanceObserver((list) => list.getEntriesByName("first-contentful-paint").forEach((entry) => done(entry.startTime)))
        .observe({ type: "paint", buffered: true });
    }));
    const trace = JSON.parse(Buffer.from(await page.tracing.stop()).toString());
    paints.push(paint);
    scripts.push(scriptTime(trace.traceEvents));
  }
  console.log(`scripts at load: ${median(scripts).toFixed(1)} ms (limit ${MAX_SCRIPT_MS} ms)`);
  console.log(`first contentful paint: ${median(paints).toFixed(0)} ms (limit 100 ms)`);
  check(median(scripts) > 0, "no script was measured");
  check(median(scripts) < MAX_SCRIPT_MS, "the script is too slow");
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
