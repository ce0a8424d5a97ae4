import { expect, test } from "vitest";
import { beginRehearsal, endRehearsal } from "../../src/delivery/rehearse.ts";
import { apply, type Declared } from "../../src/newsroom/apply.ts";
import { SHORT_URL } from "../support/desk.ts";
import { useLab } from "./lab.ts";

const lab = useLab();
const rosa = () => ({ name: "Rosa", person: lab.desk.person });
const idOf = async (name: string) =>
  (await lab.store.query<{ id: string }>("select id from slugline.account where name = $1", [name])).rows[0]!.id;
const postRow = async (post: string) =>
  (
    await lab.store.query<{ state: string; mode: string; mode_why: string }>(
      "select state, mode, mode_why from slugline.post where id = $1",
      [post],
    )
  ).rows[0]!;
const onTimeline = async () => (await lab.store.query("select from slugline.timeline")).rows.length;

test("a press puts a real account into rehearsal: what was approved for real waits again, what follows lands on the timeline", async () => {
  const id = await idOf("masto-en");
  const { post, link } = await lab.approved();
  expect(await beginRehearsal(lab.store, id, rosa())).toEqual({ rehearsing: true, why: null, back: 1 });
  expect(await lab.desk.deliver(post, 2)).toBe("none");
  expect(await postRow(post)).toEqual({ state: "waiting", mode: "review", mode_why: "rehearsal-began" });
  await lab.advance(lab.store, "1s");
  await lab.desk.approve(post);
  const before = await onTimeline();
  expect(await lab.desk.deliver(post)).toBe("posted");
  expect(await onTimeline()).toBe(before + 1);
  expect(lab.server.byLink(link)).toEqual([]);
  // Pressed twice, it is in rehearsal; and newsroom.yaml, applied anew, does not end it.
  expect(await beginRehearsal(lab.store, id, rosa())).toEqual({ rehearsing: true, why: null, back: 0 });
});

test("its end: what was approved in rehearsal does not go out for real, it waits and says why", async () => {
  const id = await idOf("masto-en");
  const { post, link } = await lab.approved();
  const auto = await lab.approved();
  await lab.store.query("update slugline.post set mode = 'auto' where id = $1", [auto.post]);
  await lab.advance(lab.store, "1s");
  expect(await endRehearsal(lab.store, id, rosa(), SHORT_URL)).toEqual({ rehearsing: false, why: null, back: 2 });
  for (const one of [post, auto.post]) {
    expect(await lab.desk.deliver(one, 2)).not.toBe("posted");
    expect(await postRow(one)).toEqual({ state: "waiting", mode: "review", mode_why: "rehearsal-ended" });
  }
  await lab.advance(lab.store, "1s");
  await lab.desk.approve(post);
  expect(await lab.desk.deliver(post)).toBe("posted");
  expect(lab.server.byLink(link)).toHaveLength(1);
});

test("an approval that was on its way when the press came is void too", async () => {
  const id = await idOf("masto-en");
  const { post, link } = await lab.approved();
  await lab.advance(lab.store, "1s");
  // As if it had been committed after the press looked for what is approved.
  await lab.store.query("update slugline.account set rehearsal_at = slugline.now() where id = $1", [id]);
  await lab.store.query("update slugline.account set rehearsal_at = null where id = $1", [id]);
  await lab.desk.ring(post);
  expect(await postRow(post)).toMatchObject({ state: "waiting", mode_why: "rehearsal-ended" });
  expect(lab.server.byLink(link)).toEqual([]);
});

test("a post nobody knows the outcome of is looked for where it was sent, whatever the press says now", async () => {
  const id = await idOf("masto-en");
  const { post, link } = await lab.approved();
  lab.server.next("reset-after-accept-key-lost");
  await lab.desk.ring(post);
  expect(await lab.desk.stateOf(post)).toBe("unknown");
  await lab.advance(lab.store, "1s");
  expect(await beginRehearsal(lab.store, id, rosa())).toMatchObject({ rehearsing: true, back: 0 });
  const before = await onTimeline();
  expect(await lab.desk.deliver(post)).toBe("posted");
  expect(await lab.desk.row(post)).toMatchObject({ remote_id: lab.server.byLink(link)[0]!.id, rehearsal: false });
  expect(await onTimeline()).toBe(before);
  await endRehearsal(lab.store, id, rosa(), SHORT_URL);
});

test("an account that is declared so, or whose links lead nowhere, stays in rehearsal, and the answer says why", async () => {
  const spec = {
    lang: null,
    voice: "plain",
    mode: "review",
    spacingS: 0,
    onUnknown: "ask",
    settings: { tokenEnv: "TOKEN" },
    allowance: {},
    handle: null,
  };
  const declared = (rehearsal: boolean): Declared => ({
    site: {},
    sources: [],
    voices: {},
    rules: [],
    accounts: [{ ...spec, name: "file-en", network: "mastodon", server: "https://social.example", rehearsal }],
  });
  await apply(lab.store, declared(true), { shortUrl: SHORT_URL });
  const id = await idOf("file-en");
  await beginRehearsal(lab.store, id, rosa());
  expect(await endRehearsal(lab.store, id, rosa(), SHORT_URL)).toEqual({ rehearsing: true, why: "declared", back: 0 });
  await apply(lab.store, declared(false), { shortUrl: SHORT_URL });
  await beginRehearsal(lab.store, id, rosa());
  // The press survives the file.
  await apply(lab.store, declared(false), { shortUrl: SHORT_URL });
  const { rows } = await lab.store.query("select rehearsing, rehearsal_by from slugline.account where id = $1", [id]);
  expect(rows).toEqual([{ rehearsing: true, rehearsal_by: "Rosa" }]);
  expect(await endRehearsal(lab.store, id, rosa(), "http://127.0.0.1:3001")).toEqual({ rehearsing: true, why: "held", back: 0 });
  expect(await endRehearsal(lab.store, id, rosa(), SHORT_URL)).toEqual({ rehearsing: false, why: null, back: 0 });
  expect(await endRehearsal(lab.store, lab.desk.person, rosa(), SHORT_URL)).toBeUndefined();
});
