import { describe, expect, test } from "vitest";
import { personById } from "../../src/newsroom/people.ts";
import { testStore } from "../support/store.ts";
import { cast, PASSWORD } from "./cast.ts";
import { posted, seeded } from "./seed.ts";

const store = await testStore();
const { editor, waiting } = await seeded(store);
await waiting({ account: "masto-en" });
const [account] = (await store.query<{ id: string }>("select id from slugline.account")).rows;
const boss = await cast(store, { role: "admin", accounts: {} });

const act = (path: string, fields: Record<string, string> = {}, cookie = boss.cookie) =>
  editor.request(path, posted(fields, cookie));
const page = async (path: string, cookie = boss.cookie) => (await editor.request(path, { headers: { cookie } })).text();

describe("people", () => {
  test("are invited by a link that is shown once, opens with a button, and is used up by it", async () => {
    const made = await (
      await act("/people/invitations", { email: "lina@example.org", role: "none", [`account-${account!.id}`]: "editor" })
    ).text();
    const link = /value="http:\/\/localhost:3000(\/invitations\/[\w-]{43})"/.exec(made)![1]!;
    expect(await page("/people")).toContain("lina@example.org");
    expect(await page("/people")).not.toContain(link);
    const opened = await page(link, "");
    expect(opened).toMatch(/readonly="" value="lina@example.org"/);
    expect(await page(link, ""), "looking uses nothing up").toBe(opened);
    const weak = await act(link, { name: "Lina", password: "password1234" }, "");
    expect([weak.status, (await weak.text()).includes('value="Lina"')]).toEqual([422, true]);
    const came = await act(link, { name: "Lina", email: "other@example.org", password: "a sentence of her own" }, "");
    expect(came.status).toBe(303);
    expect(await page("/people")).toMatch(/Lina<\/b><\/a>[^]*lina@example.org/);
    expect((await act(link, { name: "Eve", password: "a sentence of her own" }, "")).status).toBe(410);
  });

  test("who are invited by mistake are not: the invitation is taken back", async () => {
    const made = await (await act("/people/invitations", { email: "eve@example.org", role: "admin" })).text();
    const link = /value="http:\/\/localhost:3000(\/invitations\/[\w-]{43})"/.exec(made)![1]!;
    const revoke = /action="(\/people\/invitations\/[^"]+\/revocation)"/.exec(await page("/people"))![1]!;
    expect((await act(revoke)).headers.get("location")).toBe("/people?said=revoked");
    expect((await editor.request(link)).status).toBe(410);
    expect((await act(revoke)).status).toBe(404);
  });

  test("have a role on every account and others on single ones; what is no role is refused", async () => {
    const omar = await cast(store, { role: "viewer", accounts: {} });
    const give = (fields: Record<string, string>) => act(`/people/${omar.id}/rights`, fields);
    expect((await give({ role: "writer", [`account-${account!.id}`]: "editor" })).status).toBe(303);
    expect(await personById(store, omar.id)).toMatchObject({ role: "writer", accounts: { [account!.id]: "editor" } });
    for (const odd of [
      { role: "owner" },
      { role: "" },
      {},
      { role: "viewer", "account-x": "editor" },
      { role: "viewer", [`account-${account!.id}`]: "__proto__" },
    ])
      expect((await give(odd as Record<string, string>)).status, JSON.stringify(odd)).toBe(400);
    expect(await personById(store, omar.id)).toMatchObject({ role: "writer" });
    expect((await give({ role: "viewer" })).status).toBe(303);
    expect(await personById(store, omar.id)).toMatchObject({ role: "viewer", accounts: {} });
  });

  test("of whom one must look after the others: the last admin cannot go", async () => {
    for (const [path, fields] of [
      [`/people/${boss.id}/rights`, { role: "editor" }],
      [`/people/${boss.id}/disabled`, { on: "yes" }],
    ] as const) {
      const answer = await act(path, fields);
      expect([answer.status, (await answer.text()).includes("make another admin first")]).toEqual([409, true]);
    }
    const second = await cast(store, { role: "admin", accounts: {} });
    expect(
      (await act(`/people/${second.id}/rights`, { role: "viewer" }, second.cookie)).headers.get("location"),
      "no page of theirs any more",
    ).toBe("/?said=rights");
  });

  test("who lost their password get a new link, and their old one is void", async () => {
    const rosa = await cast(store, { role: "editor", accounts: {} });
    const linkIn = (text: string) => /value="http:\/\/localhost:3000(\/sign-in\/[\w-]{43})"/.exec(text)![1]!;
    const first = linkIn(await (await act(`/people/${rosa.id}/sign-in-link`)).text());
    const second = linkIn(await (await act(`/people/${rosa.id}/sign-in-link`)).text());
    expect((await editor.request(first)).status).toBe(410);
    expect((await act(second, { password: "another long sentence" }, "")).status).toBe(303);
    expect((await editor.request("/", { headers: { cookie: rosa.cookie } })).headers.get("location"), "the old session").toBe(
      "/sign-in",
    );
  });

  test("who lost their phone are let in by an admin who proves who they are", async () => {
    const rosa = await cast(store, { role: "editor", accounts: {} });
    await store.query("update slugline.person set totp_sealed = '\\x00', totp_at = slugline.now() where id = $1", [rosa.id]);
    expect((await act(`/people/${rosa.id}/totp-removal`, { password: "not it at all" })).status).toBe(401);
    expect((await personById(store, rosa.id))?.totp).toBe(true);
    expect((await act(`/people/${rosa.id}/totp-removal`, { password: PASSWORD })).status).toBe(303);
    expect((await personById(store, rosa.id))?.totp).toBe(false);
    expect(await page("/history")).toMatch(/Cast \d+ took away the code for Cast \d+/);
  });

  test("of other people's making see no door to them", async () => {
    const omar = await cast(store, { role: "editor", accounts: {} });
    expect(await page("/", omar.cookie)).not.toContain('href="/people"');
    expect(await page("/", boss.cookie)).toContain('href="/people"');
    for (const path of ["/people", `/people/${boss.id}`])
      expect(await page(path, omar.cookie)).toContain("Your role may not do that");
  });
});
