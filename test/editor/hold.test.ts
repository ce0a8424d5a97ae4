import { expect, test } from "vitest";
import { testStore } from "../support/store.ts";
import { posted, seeded } from "./seed.ts";

const store = await testStore();
const { editor, person, waiting } = await seeded(store);
const rosa = await person("Rosa", "editor");
const admin = await person("Adila", "admin");
await waiting();

const get = async (path: string, cookie = rosa.cookie) => (await editor.request(path, { headers: { cookie } })).text();
const post = (path: string, cookie = rosa.cookie) => editor.request(path, posted({ back: "/" }, cookie));
const accountId = async () =>
  (await store.query<{ id: string }>("select id from slugline.account where name = 'masto-en'")).rows[0]!.id;

test("after a restore every page says that it is on hold and how far the search is; it ends by a button, not before", async () => {
  await store.query(
    "update slugline.newsroom set backup_at = slugline.now() - interval '1 day', restored_at = slugline.now(), paused_at = slugline.now(), paused_by = 'slugline restore', paused_why = 'restored'",
  );
  await store.query(
    `insert into slugline.delivery (id, post_id, revision, account_id, state, sought)
     select gen_random_uuid(), id, revision, account_id, 'unknown', 'any' from slugline.post`,
  );
  for (const path of ["/", "/accounts", "/history"]) {
    const page = await get(path);
    expect(page).toContain("Restored from a backup, and on hold: nothing is sent.");
    expect(page).toContain("1 post is being looked for on its network");
    expect(page).not.toContain("Start sending again");
  }
  expect((await post("/resume")).headers.get("location")).toBe("/?said=on-hold");
  expect((await post("/hold/end")).headers.get("location")).toBe("/?said=hold-open");
  await store.query("update slugline.delivery set state = 'asked', idempotency = 'k'");
  expect(await get("/")).toContain("1 to ask about");
  expect((await post("/hold/end")).headers.get("location")).toBe("/?said=hold-ended");
  expect(await get("/")).not.toContain("on hold");
  expect(await get("/history")).toContain("Rosa ended the hold after the restore");
});

test("an account goes into rehearsal at a press of whoever decides, and out of it at an admin's", async () => {
  const id = await accountId();
  await store.query("update slugline.account set rehearsal = false where id = $1", [id]);
  await store.query("update slugline.person set totp_sealed = '\\x01', totp_at = slugline.now()");
  expect(await get("/accounts")).toContain("Put into rehearsal");
  expect((await post(`/accounts/${id}/rehearsal`)).headers.get("location")).toBe("/accounts?said=rehearsal-began");
  expect(await get("/accounts")).toContain("Only an admin ends a rehearsal");
  expect((await post(`/accounts/${id}/rehearsal/end`)).status).toBe(403);
  expect((await post(`/accounts/${id}/rehearsal/end`, admin.cookie)).headers.get("location")).toBe(
    "/accounts?said=rehearsal-ended",
  );
  expect(await get("/history", admin.cookie)).toContain("Adila ended the rehearsal of");
  await store.query("update slugline.account set rehearsal = true where id = $1", [id]);
  await post(`/accounts/${id}/rehearsal`);
  expect((await post(`/accounts/${id}/rehearsal/end`, admin.cookie)).headers.get("location")).toBe(
    "/accounts?said=rehearsal-declared",
  );
});
