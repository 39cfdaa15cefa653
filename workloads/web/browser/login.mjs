// Login and logout in a browser, with its rules for cookies and redirects: the page behind TLS, and a provider of its own.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessibility, advisor, base, check, checkNone, go, layout, open, widths, withBrowser } from "./driver.mjs";

const shots = process.env.CCX_WEB_SHOTS;
const text = (page) => page.$eval("main", (element) => element.innerText);
const path = (page) => page.url().slice(base.length);
const follow = (page, work) => Promise.all([page.waitForNavigation({ waitUntil: "load" }), work()]);

// Ends TLS before the page, as an ingress does.
function terminateTls() {
  const folder = mkdtempSync(join(tmpdir(), "ccx-tls-"));
  const [key, cert] = ["key", "cert"].map((name) => join(folder, name));
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], { stdio: "ignore" });
  const target = new URL(process.env.CCX_WEB_PLAIN_URL);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    const { method, url, headers } = request;
    const forwarded = httpRequest({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    request.pipe(forwarded);
  });
  rmSync(folder, { recursive: true });
  return new Promise((listening) => server.listen(new URL(base).port, "127.0.0.1", () => listening(server)));
}

async function checkPage(page, name, session) {
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  session.problems.push(...(await layout(page)), ...(await accessibility(page)));
}

async function visit(browser, options, suffix) {
  const session = await open(browser, { as: null, ...options });
  const { page } = session;
  // A link to a page leads to the provider, and back to that page.
  await go(page, `${advisor}/workloads?severity=3`);
  check(page.url().startsWith(process.env.CCX_WEB_PROVIDER), page.url());
  await follow(page, () => page.click("#decline"));
  check((await text(page)).includes("You are not logged in"), await text(page));
  await checkPage(page, `login-denied-${suffix}`, session);
  await follow(page, () => page.click("a ::-p-text(Log in again)"));
  await follow(page, () => page.click("#accept"));
  check(path(page) === `${advisor}/workloads?severity=3`, path(page));
  const cookies = await page.cookies();
  const session_cookie = cookies.find(({ name }) => name === "__Host-ccx-session");
  check(session_cookie?.secure && session_cookie.httpOnly && session_cookie.sameSite === "Lax", JSON.stringify(cookies));
  check((await page.evaluate(() => document.cookie)) === "", "no script can read a cookie of the login");
  // Forms work with the session.
  await page.click(".ccx-masthead__tools summary");
  check((await page.$eval(".ccx-masthead__tools", (menu) => menu.innerText)).includes("ann"), "the user's name");
  await checkPage(page, `login-menu-${suffix}`, session);
  await follow(page, () => page.click(".ccx-masthead__tools form[action$=logout] button"));
  // The page leads on to the provider, and that one back.
  await page.waitForFunction(() => location.pathname.endsWith("/logged-out"), { timeout: 10_000 }).catch(async (error) => {
    throw new Error(`${error.message}; the browser is at ${page.url()}: ${await page.content()}`);
  });
  check((await text(page)).includes("You are logged out"), await text(page));
  await checkPage(page, `logged-out-${suffix}`, session);
  check(!(await page.cookies()).some(({ name }) => name === "__Host-ccx-session"), "the session is gone");
  await go(page, `${advisor}/clusters`);
  check(page.url().startsWith(process.env.CCX_WEB_PROVIDER), "logged out");
  // The state of another browser's login.
  await go(page, `${advisor}/login/callback?code=a&state=b`);
  await checkPage(page, `login-expired-${suffix}`, session);
  checkNone(session.problems, suffix);
  await session.close();
}

mkdirSync(shots, { recursive: true });
const server = await terminateTls();
await withBrowser(async (browser) => {
  for (const width of Object.keys(widths)) {
    for (const scheme of ["light", "dark"]) await visit(browser, { width, scheme }, `${width}-${scheme}`);
  }
});
server.closeAllConnections();
server.close();
console.log("login and logout at 2 widths in 2 schemes");
