import { generateSync } from "otplib";
import type { Db } from "../../src/store/db.ts";

/** The code an authenticator app shows now, by the store's clock. @param steps periods of 30 s away */
export async function codeOf(store: Db, secret: string, steps = 0): Promise<string> {
  const { rows } = await store.query<{ epoch: number }>("select extract(epoch from slugline.now())::float8 as epoch");
  return generateSync({ secret, epoch: Math.floor(rows[0]!.epoch) + steps * 30 });
}

/** The secret as the page of setting up shows it. */
function secretIn(page: string): string {
  const shown = /<code dir="ltr">([A-Z2-7 ]+)<\/code>/.exec(page)?.[1];
  if (shown === undefined) throw new Error("no secret is shown");
  return shown.replaceAll(" ", "");
}

/** Sets a code up as a person does in their browser, so that they may decide once an account is out of rehearsal. */
export async function setUpCode(
  store: Db,
  browser: { post(path: string, fields: Record<string, string>): Promise<Response>; page(path: string): Promise<string> },
  password: string,
): Promise<{ secret: string; recovery: string[] }> {
  await browser.post("/me/totp", { password });
  const secret = secretIn(await browser.page("/me/totp"));
  const done = await browser.post("/me/totp/confirmation", { code: await codeOf(store, secret) });
  const recovery = [...(await done.text()).matchAll(/<code>([0-9a-z-]{19})<\/code>/g)].map((match) => match[1]!);
  if (recovery.length === 0) throw new Error(`no code was set up: ${done.status}`);
  return { secret, recovery };
}
