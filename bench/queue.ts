import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { gzipSync } from "node:zlib";
import { chromium, type Page } from "playwright-core";
import { silentLog } from "../src/lib/log.ts";
import { createSignInLink } from "../src/newsroom/sign-in-link.ts";
import { openStore } from "../src/store/open.ts";
import { startMastodon } from "../test/support/mastodon.ts";
import { quantile, startSlugline, tempFolder } from "../test/support/slugline.ts";
import { until } from "../test/support/store.ts";
import { signedHook } from "../test/support/hook.ts";

const WAITING = 500;
const READS = 100;
const APPROVALS = 100;
/** An editor reads before the next key; a key pressed before the card stands there is dropped on purpose. */
const PAUSE_MS = 150;
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** An approval that does not show within this is told as lost. */
const LOST_MS = 1_000;

/** The queue page with 500 posts waiting: its first byte, its size, its scripts, and how fast an approval shows in a browser. */
export async function run(): Promise<void> {
  const server = await startMastodon({ rateLimit: 1_000_000 });
  const folder = await tempFolder();
  const newsroom = `
site: { name: Bench, url: "https://example.org", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts: [{ name: masto, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, rehearsal: true }]
rules: [{ accounts: [masto] }]
`;
  const hook = signedHook();
  const slugline = await startSlugline(folder.path, { newsroom, env: { CMS_SECRET: hook.secret, MASTO_TOKEN: server.token } });
  const store = await openStore({ dataDir: `${folder.path}/data`, log: silentLog, role: "cli", max: 2 });
  try {
    for (let n = 0; n < WAITING; n += 1) await hook.send(slugline.url, `story-${n}`);
    await until(async () => {
      const { rows } = await store.query<{ n: number }>("select count(*)::int as n from slugline.post where state = 'waiting'");
      return rows[0]!.n === WAITING;
    });
    const cookie = await signIn(slugline.url, await createSignInLink(store, null));
    await readPage(slugline.url, cookie);
    if (existsSync(CHROMIUM)) await approve(slugline.url, cookie);
    else console.log(`  no Chromium at ${CHROMIUM}: approvals in a browser were not measured`);
  } finally {
    await store.close();
    await slugline.stop();
    await server.close();
    await folder.remove();
  }
}

async function signIn(url: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/sign-in/${token}`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ name: "Rosa", email: "rosa@example.org", password: "correct horse battery" }),
  });
  return answer.headers.getSetCookie()[0]!.split(";", 1)[0]!;
}

async function readPage(url: string, cookie: string): Promise<void> {
  const first: number[] = [];
  let html = "";
  for (let n = 0; n < READS + 10; n += 1) {
    const began = performance.now();
    const answer = await fetch(url, { headers: { cookie, "accept-encoding": "identity" } });
    const ms = performance.now() - began;
    html = await answer.text();
    if (n >= 10) first.push(ms);
  }
  const bytes = Buffer.byteLength(html);
  console.log(
    `  first byte, ${READS} reads: p50 ${quantile(first, 0.5).toFixed(1)} ms, p95 ${quantile(first, 0.95).toFixed(1)} ms`,
  );
  console.log(`  the page: ${(bytes / 1000).toFixed(1)} kB, ${(gzipSync(html).length / 1000).toFixed(1)} kB compressed`);
}

/** From the key to the next card standing there with the focus, in Chromium. */
async function approve(url: string, cookie: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-background-networking"] });
  try {
    const desk = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: url });
    const [name = "", value = ""] = cookie.split("=");
    await desk.addCookies([{ name, value, url }]);
    const page = await desk.newPage();
    const loaded = loadedBy(page);
    await page.goto("/");
    await page.waitForTimeout(1_000);
    await loaded.tell("the page as Chromium loads it");
    const took: number[] = [];
    for (let n = 0; n < APPROVALS + 5; n += 1) {
      const ms = await oneApproval(page);
      if (n >= 5) took.push(ms);
      await page.waitForTimeout(PAUSE_MS);
    }
    const shown = (q: number) => `p${q * 100} ${quantile(took, q).toFixed(0)} ms`;
    const lost = took.filter((ms) => ms === Infinity).length;
    console.log(
      `  an approval shows, ${APPROVALS} of them: ${shown(0.5)}, ${shown(0.95)}, lost ${lost} (load ${loadavg()[0]!.toFixed(1)})`,
    );
    // The counting of characters comes with the first edit.
    await page.keyboard.press("e");
    await page.locator("textarea[data-draft]").waitFor();
    await page.waitForTimeout(500);
    await loaded.tell("with the first edit");
  } finally {
    await browser.close();
  }
}

/** What a page has loaded so far, as it came over the wire. */
function loadedBy(page: Page) {
  const scripts = new Map<string, number>();
  let first = 0;
  const sizes: Promise<void>[] = [];
  page.on("requestfinished", (request) => {
    const type = request.resourceType();
    if (type !== "script" && type !== "document") return;
    sizes.push(
      request.sizes().then(({ responseBodySize }) => {
        if (type === "document") first = responseBodySize;
        else scripts.set(request.url(), responseBodySize);
      }),
    );
  });
  return {
    async tell(when: string): Promise<void> {
      await Promise.all(sizes);
      const sum = [...scripts.values()].reduce((all, one) => all + one, 0);
      console.log(
        `  ${when}: the page ${(first / 1000).toFixed(1)} kB, ${scripts.size} scripts ${(sum / 1000).toFixed(1)} kB over the wire`,
      );
    },
  };
}

async function oneApproval(page: Page): Promise<number> {
  await page.evaluate(`(() => {
    const before = document.querySelector("[data-card]").dataset.card;
    window.shown = new Promise((resolve) => {
      let began;
      addEventListener("keydown", () => (began ??= performance.now()), { capture: true, once: true });
      const look = () => {
        const card = document.querySelector("[data-card]");
        if (card && card.dataset.card !== before && document.activeElement === card) {
          watch.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - began));
        }
      };
      const watch = new MutationObserver(look);
      watch.observe(document.body, { childList: true, subtree: true, attributes: true });
      addEventListener("focusin", look);
    });
  })()`);
  await page.keyboard.press("a");
  return page.evaluate<number>(
    `Promise.race([window.shown, new Promise((resolve) => setTimeout(resolve, ${LOST_MS}, Infinity))])`,
  );
}
