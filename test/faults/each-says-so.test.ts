import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { createPerson } from "../../src/newsroom/people.ts";
import { openSession } from "../../src/newsroom/session.ts";
import { openSixNewsroom } from "../support/six-newsroom.ts";
import { until } from "../support/store.ts";

describe("a dead network, a rejected key, a rate limit, a locked account", () => {
  let it: Awaited<ReturnType<typeof openSixNewsroom>>;
  let cookie: string;

  beforeAll(async () => {
    it = await openSixNewsroom({ languages: ["en"] });
    const { store } = it;
    await createPerson(store, { email: "rosa@example.org", name: "Rosa", role: "admin" });
    const { rows } = await store.query<{ id: string }>("select id from slugline.person where email = 'rosa@example.org'");
    cookie = `slugline=${(await openSession(store, rows[0]!.id, "test")).token}`;
    // Every account is asked about once before anything goes wrong.
    await until(async () => {
      const { rows: asked } = await store.query("select from slugline.account where verified_at is null and not rehearsal");
      return asked.length === 0;
    });
  });
  afterAll(() => it[Symbol.asyncDispose]());

  async function page(path: string): Promise<string> {
    const answer = await fetch(`${it.editor}${path}`, { headers: { cookie } });
    expect(answer.status, path).toBe(200);
    return (await answer.text()).replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
  }
  async function check(): Promise<{ code: number; out: string }> {
    const out: string[] = [];
    const code = await run(["check"], {
      out: (line) => void out.push(line),
      err: (line) => void out.push(line),
      env: it.env,
      folder: it.folder,
    });
    return { code, out: out.join("\n") };
  }
  const posted = async (account: string, title: string) =>
    (await until(async () => it.six.copies(account, title)[0])) !== undefined;

  test("each says what is wrong and what to do, while the other accounts go on", async () => {
    const { six, hook, editor, app } = it;
    const dead = new URL(six.mastodon.url).host;
    await six.mastodon.close();
    six.next("x", 401);
    six.next("bsky", { status: 429, headers: { "retry-after": "1800" } });
    six.next("tele", {
      status: 403,
      body: JSON.stringify({ ok: false, error_code: 403, description: "Forbidden: bot was kicked from the channel chat" }),
    });
    const since = performance.now();
    await hook.send(editor, "river", { title: "The river rises again" });
    expect(await posted("hook", "The river rises again")).toBe(true);

    const told = [
      // what is wrong, what to do
      [`${dead} is failing`, `${dead} refused the connection`, "Nothing is lost"],
      ["x cannot post", "X does not accept the keys of x (401)", "Make new keys at developer.x.com"],
      [
        "bsky has reached a limit of its network",
        "The server asks to wait (429)",
        "Its posts wait and go out then by themselves",
      ],
      ["tele cannot post", "bot was kicked", "Make it an administrator who may post messages", "what waits goes out by itself"],
    ].flat();
    const missing = async (text: string) => told.filter((words) => !text.includes(words));
    await until(async () => (await missing(await page("/"))).length === 0).catch(async () => {
      expect(await missing(await page("/"))).toEqual([]);
    });
    console.log(`each was told within ${Math.round(performance.now() - since)} ms`);

    // What to do is said to each reader in their language.
    for (const lang of ["ar", "ckb", "de"]) {
      await it.store.query("update slugline.person set lang = $1", [lang]);
      const messages = JSON.parse(readFileSync(`${projectRoot}/src/editor/messages/${lang}.json`, "utf8")) as Record<
        string,
        string
      >;
      const said = await page("/");
      for (const code of ["account-locked-out", "host-failing", "account-limited"])
        expect(said, lang).toContain(messages[`trouble.${code}.do`]);
    }
    await it.store.query("update slugline.person set lang = 'en'");

    // From the third failure in a row the dead network is an alarm.
    const { code, out } = await until(async () => {
      const said = await check();
      return said.out.includes(`ALARM          ${dead}`) && said;
    });
    expect(code).toBe(1);
    for (const words of [`ALARM          ${dead} is failing`, "ALARM          x cannot post", "ALARM          tele cannot post"])
      expect(out).toContain(words);
    expect(out).toMatch(/bsky has reached a limit of its network and posts again from \d{4}-\d\d-\d\dT[\d:]+Z/);

    const accounts = await page("/accounts");
    for (const words of ["Does not answer", `All accounts on ${dead} wait with it.`, "Limit reached", "Locked out"])
      expect(accounts).toContain(words);
    const metrics = await (await fetch(`${app.healthUrl}/metrics`)).text();
    expect(metrics).toContain(`slugline_brakes{scope="host:${dead}",state="open"} 1`);
    expect(metrics).toContain('slugline_brakes{scope="account:bsky",state="limited"} 1');

    // The others: at once, as on any day.
    const asked = { masto: six.mastodon.requests.length, bsky: six.bluesky.requests.length, x: six.x.requests.length };
    const sentAt = performance.now();
    await hook.send(editor, "bridge", { title: "The bridge opens" });
    expect(await posted("hook", "The bridge opens")).toBe(true);
    console.log(`the others went out within ${Math.round(performance.now() - sentAt)} ms`);
    expect(six.copies("bsky", "The bridge opens")).toEqual([]);
    expect(six.bluesky.requests.length, "nobody asks who asked not to be asked").toBe(asked.bsky);
    expect(six.x.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  });
});
