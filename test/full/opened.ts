import type { Page } from "playwright-core";
import type { Stage } from "../editor/stage.ts";
import { faultsOf } from "./looks.ts";

const PASSWORD = "correct horse battery";
const ELSEWHERE = { server: "https://mastodon.example.org", authorize: "https://x.com", clientId: "made-there" };

/** What a person does in a page, step by step, with what is wrong with each thing that they then see. */
export type Doing = (page: Page) => Promise<string[]>;

/** What opens on the pages of a newsroom where everything has happened, and the answers that say no. */
export function opened(stage: Stage): Doing[] {
  const [, , breaking = ""] = stage.paths;
  const edit = stage.paths.find((path) => path.endsWith("/edit")) ?? "";
  return [folds(breaking), parts(stage.thread), refusedText(edit), conflict(stage.thread), secondFactor, people, connect];
}

const folds =
  (path: string): Doing =>
  async (page) => {
    const found: string[] = [];
    await page.goto(path);
    for (const key of ["s", "h", "x"]) {
      await page.keyboard.press(key);
      found.push(...(await faultsOf(page, `fold ${key}`)));
      await page.keyboard.press("Escape");
    }
    await page.keyboard.press("?");
    found.push(...(await faultsOf(page, "help")));
    await page.keyboard.press("Escape");
    await page.locator(".menu > summary").click();
    return [...found, ...(await faultsOf(page, "menu"))];
  };

const parts =
  (path: string): Doing =>
  async (page) => {
    await page.goto(path);
    await page.locator("details:has([action$='/parts']) > summary").click();
    const found = await faultsOf(page, "a further part");
    await page.locator("[action$='/parts'] textarea").fill("too long ".repeat(100));
    await page.locator("[action$='/parts'] button").click();
    await page.locator("#conflict").waitFor();
    return [...found, ...(await faultsOf(page, "a part that is too long"))];
  };

const refusedText =
  (path: string): Doing =>
  async (page) => {
    await page.goto(path);
    await page.locator("textarea").fill("too long ".repeat(100));
    await page.locator('button[value="wait"]').click();
    await page.locator("#edit-problem").waitFor();
    return faultsOf(page, "refused text");
  };

/** Somebody changed the text since the page was read. */
const conflict =
  (path: string): Doing =>
  async (page) => {
    await page.goto(path);
    // In one go: a page that is read again in between has the right revision again.
    await page.evaluate(
      "{ const form = document.querySelector('[action$=\"/approval\"]'); form.querySelector('[name=revision]').value = '99'; form.querySelector('button').click(); }",
    );
    await page.locator("#conflict").waitFor();
    return faultsOf(page, "conflict");
  };

const secondFactor: Doing = async (page) => {
  await page.goto("/me");
  await page.locator('form[action="/me/totp"] [name="password"]').fill(PASSWORD);
  await page.locator('form[action="/me/totp"] button').click();
  await page.waitForURL("**/me/totp");
  const found = await faultsOf(page, "second factor");
  await page.locator('[name="code"]').fill("123456");
  await page.locator("main .primary").click();
  await page.locator('main [role="alert"]').waitFor();
  return [...found, ...(await faultsOf(page, "second factor, wrong code"))];
};

const people: Doing = async (page) => {
  await page.goto("/people");
  await page.locator("main details > summary").first().click();
  const found = await faultsOf(page, "roles on single accounts");
  await page.locator('[name="email"]').fill(`${crypto.randomUUID()}@example.org`);
  await page.locator('[action="/people/invitations"] .primary').click();
  await page.locator("input[readonly]").waitFor();
  return [...found, ...(await faultsOf(page, "invitation made"))];
};

const connect: Doing = async (page) => {
  const form = (network: string) => page.locator(`form:has([name="network"][value="${network}"])`);
  const send = async (network: string, fields: Record<string, string>) => {
    await page.goto("/accounts/connect");
    for (const [name, value] of Object.entries(fields)) await form(network).locator(`[name="${name}"]`).fill(value);
    await form(network).locator(".primary").click();
  };
  const { server, authorize, clientId } = ELSEWHERE;
  const found: string[] = [];
  await send("mastodon", { name: "masto-en", server, password: PASSWORD });
  await page.locator('main [role="alert"]').waitFor();
  found.push(...(await faultsOf(page, "connect: name taken")));
  await send("mastodon", { name: "masto-new", server, password: PASSWORD });
  await page.locator('main [role="alert"]').waitFor();
  found.push(...(await faultsOf(page, "connect: server away")));
  await send("x", { name: "x-new", authorize, clientId, password: PASSWORD });
  await page.locator("main a.primary").waitFor();
  return [...found, ...(await faultsOf(page, "connect: on to the network"))];
};
