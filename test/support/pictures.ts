import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium, type Browser } from "playwright-core";
import sharp from "sharp";
import { startSlugline, tempFolder } from "./slugline.ts";

// `npm run pictures`: the README's pictures, of the rehearsal newsroom as anybody sees it who starts Slugline.
// Needs Chromium (CHROMIUM, or /usr/bin/chromium); as root on Debian, `npm run test:full` installs it.

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "docs/pictures");
const SIZE = { width: 1440, height: 980 };
/** The editor's languages; the post that stands open is in the same. */
const LANGUAGES = ["en", "ar"] as const;
const PASSWORD = "correct horse battery";
const MOST_BYTES = 250_000;

const run = promisify(execFile);

/** Signs an admin in as a person would, by the link that the command line prints. Answers with the browser's cookie. */
async function signIn(url: string, env: NodeJS.ProcessEnv): Promise<{ name: string; value: string }> {
  const words = ["user", "add", "rosa@example.org", "--name", "Rosa Haddad", "--role", "admin", "--json"];
  const { stdout } = await run(process.execPath, [join(ROOT, "bin/slugline.js"), ...words], { cwd: ROOT, env });
  const { link } = JSON.parse(stdout) as { link: string };
  const answer = await fetch(url + new URL(link).pathname, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ name: "Rosa Haddad", email: "rosa@example.org", password: PASSWORD }),
  });
  const [name, value] = (answer.headers.getSetCookie()[0] ?? "").split(";", 1)[0]!.split("=", 2);
  if (!name || !value) throw new Error(`The sign-in link answered ${answer.status} and gave no cookie.`);
  return { name, value };
}

async function take(browser: Browser, url: string, cookie: { name: string; value: string }, lang: string): Promise<void> {
  const context = await browser.newContext({ viewport: SIZE, baseURL: url, colorScheme: "light" });
  await context.addCookies([{ ...cookie, url }]);
  const page = await context.newPage();
  await page.goto("/");
  await page.request.post("/me/lang", { form: { lang, back: "/" }, headers: { origin: url } });
  const row = page.locator(`a[data-row]:has([lang="${lang}"])`).first();
  for (let tries = 0; tries < 60 && (await row.count()) === 0; tries += 1) {
    await page.waitForTimeout(1_000);
    await page.goto("/");
  }
  await page.goto((await row.getAttribute("href")) ?? "/");
  await page.waitForLoadState("load");
  await page.waitForTimeout(1_000);
  const png = await sharp(await page.screenshot())
    .png({ palette: true, quality: 95, effort: 10 })
    .toBuffer();
  if (png.length > MOST_BYTES) throw new Error(`The picture in ${lang} has ${png.length} bytes; at most ${MOST_BYTES}.`);
  const file = join(FOLDER, `queue-${lang}.png`);
  await writeFile(file, png);
  console.log(`${file}: ${png.length} bytes`);
  await context.close();
}

await using stack = new AsyncDisposableStack();
const folder = await tempFolder();
stack.defer(() => folder.remove());
const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], DATA_DIR: join(folder.path, "data"), LOG_LEVEL: "error" };
const slugline = await startSlugline(folder.path);
stack.defer(async () => void (await slugline.stop()));
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
stack.defer(() => browser.close());
await mkdir(FOLDER, { recursive: true });
const cookie = await signIn(slugline.url, env);
for (const lang of LANGUAGES) await take(browser, slugline.url, cookie, lang);
