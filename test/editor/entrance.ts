import { pino } from "pino";
import { beforeEach, expect } from "vitest";
import { sessionOf } from "../../src/newsroom/session.ts";
import { setUpCode } from "../support/codes.ts";
import { advance, testStore } from "../support/store.ts";
import { cast, PASSWORD } from "./cast.ts";
import { posted, seeded } from "./seed.ts";

/** An editor's door that people come in by, and its log. */
export async function entrance() {
  const store = await testStore();
  const logged: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void logged.push(line) });
  const { deps, editor, waiting } = await seeded(store, { log, trustProxy: ["10.0.0.0/8"] });

  beforeEach(async () => {
    await store.query("delete from slugline.sign_in_failure");
    await store.query("update slugline.clock set shift = '0'");
    await store.query("update slugline.account set rehearsal = true");
  });

  const cookiesOf = (answer: Response) => answer.headers.getSetCookie();
  /** What a browser sends back after an answer. */
  const jar = (answer: Response) =>
    cookiesOf(answer)
      .map((one) => one.split(";", 1)[0]!)
      .filter((one) => !one.endsWith("="))
      .join("; ");
  const signIn = (email: string, password = PASSWORD, remote = "192.0.2.1", headers: Record<string, string> = {}) =>
    editor.request("/sign-in", posted({ email, password }, "", headers), { incoming: { socket: { remoteAddress: remote } } });
  const person = (cookie: string) => sessionOf(store, /slugline=([^;]+)/.exec(cookie)?.[1] ?? "");

  /** Somebody of whom a code is asked, set up through the pages as they would. */
  async function withCode(role: "admin" | "editor" = "editor") {
    const it = await cast(store, { role, accounts: {} });
    const browser = {
      post: async (path: string, fields: Record<string, string>) => editor.request(path, posted(fields, it.cookie)),
      page: async (path: string) => (await editor.request(path, { headers: { cookie: it.cookie } })).text(),
    };
    const { secret, recovery } = await setUpCode(store, browser, PASSWORD);
    expect(recovery).toHaveLength(10);
    await advance(store, "60s");
    return { ...it, secret, codes: recovery };
  }

  return { store, logged, deps, editor, waiting, cookiesOf, jar, signIn, person, withCode };
}
