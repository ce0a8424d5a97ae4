import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { acceptInvitation, invitationOf, invite, openInvitations, revokeInvitation } from "../../src/newsroom/invitation.ts";
import { changeRights, changeEmail, createPerson, disablePerson, enablePerson, personById } from "../../src/newsroom/people.ts";
import { sessionOf } from "../../src/newsroom/session.ts";
import { consumeSignInLink, createSignInLink } from "../../src/newsroom/sign-in-link.ts";
import { advance, testStore } from "../support/store.ts";

const store = await testStore();
const PASSWORD = "a quiet newsroom at dawn";
const account = newId();
await store.query("insert into slugline.account (id, name, network, origin) values ($1, 'masto-ar', 'mastodon', 'file')", [
  account,
]);

let admin: string;
let token: string;

beforeEach(async () => {
  await store.query("truncate slugline.person, slugline.session, slugline.invitation, slugline.sign_in_link cascade");
  await store.query("update slugline.clock set shift = '0'");
  const link = await createSignInLink(store, null);
  const signed = await consumeSignInLink(store, link, { email: "ada@example.org", name: "Ada", password: PASSWORD });
  if (!signed.ok) throw new Error(signed.code);
  token = signed.token;
  admin = (await sessionOf(store, token))!.id;
});

const bo = { email: "bo@example.org", role: "writer", accounts: { [account]: "editor" } } as const;

async function invited(): Promise<string> {
  const made = await invite(store, { ...bo, by: admin });
  if (!made.ok) throw new Error(made.code);
  return made.token;
}

describe("an invitation", () => {
  test("makes the person with the rights it carries, once", async () => {
    const link = await invited();
    expect(await invitationOf(store, link)).toEqual({ email: bo.email });
    const came = await Promise.all(
      Array.from({ length: 4 }, () => acceptInvitation(store, link, { name: "Bo", password: PASSWORD })),
    );
    const [signed] = came.filter(({ ok }) => ok);
    expect(came.filter(({ ok }) => ok)).toHaveLength(1);
    expect(signed!.ok && (await sessionOf(store, signed!.token))).toMatchObject({
      email: bo.email,
      role: "writer",
      accounts: bo.accounts,
    });
    expect(await openInvitations(store)).toEqual([]);
  });

  test("is void when it is taken back, a week old, made anew, or its maker is no admin any more", async () => {
    const first = await invited();
    const second = await invited();
    expect(await invitationOf(store, first), "made anew").toBeUndefined();
    const [open] = await openInvitations(store);
    expect(await revokeInvitation(store, open!.id, admin)).toBe(true);
    expect(await revokeInvitation(store, open!.id, admin)).toBe(false);
    expect(await acceptInvitation(store, second, { name: "Bo", password: PASSWORD })).toEqual({ ok: false, code: "link-used" });
    const third = await invited();
    await store.query("update slugline.person set role = 'editor'");
    expect(await invitationOf(store, third), "no admin").toBeUndefined();
    await store.query("update slugline.person set role = 'admin'");
    expect(await invitationOf(store, third)).toBeDefined();
    await advance(store, "8d");
    expect(await invitationOf(store, third), "old").toBeUndefined();
  });

  test("goes to nobody who is here, and takes no weak password", async () => {
    expect(await invite(store, { ...bo, email: "ADA@example.org", by: admin })).toEqual({ ok: false, code: "email-taken" });
    expect(await invite(store, { ...bo, email: "nobody", by: admin })).toEqual({ ok: false, code: "email" });
    expect(await acceptInvitation(store, await invited(), { name: "Bo", password: "short" })).toEqual({
      ok: false,
      code: "too-short",
    });
  });
});

describe("rights", () => {
  test("hold from the next request on, for the session that is there", async () => {
    const signed = await acceptInvitation(store, await invited(), { name: "Bo", password: PASSWORD });
    if (!signed.ok) throw new Error(signed.code);
    const id = (await sessionOf(store, signed.token))!.id;
    const rights = { role: "none", accounts: { [account]: "viewer", [newId()]: "admin" } } as const;
    expect(await changeRights(store, id, rights, admin)).toBe("done");
    expect(await sessionOf(store, signed.token), "an account that is not there is left out").toMatchObject({
      role: "none",
      accounts: { [account]: "viewer" },
    });
  });

  test("the last admin who can come in stays one; two cannot take each other's role at once", async () => {
    const nothing = { role: "viewer", accounts: {} } as const;
    expect(await changeRights(store, admin, nothing, admin)).toBe("last-admin");
    expect(await disablePerson(store, admin, admin)).toBe("last-admin");
    const other = (await createPerson(store, { email: "cy@example.org", name: "Cy", role: "admin" }))!.id;
    expect(await disablePerson(store, admin, admin), "one who never came does not count").toBe("last-admin");
    await store.query("update slugline.person set password_hash = 'x' where id = $1", [other]);
    const came = await Promise.all([changeRights(store, admin, nothing, other), changeRights(store, other, nothing, admin)]);
    expect(came.toSorted()).toEqual(["done", "last-admin"]);
  });

  test("of a disabled person are dead at once, stay dead for old sessions, and come back by signing in", async () => {
    const signed = await acceptInvitation(store, await invited(), { name: "Bo", password: PASSWORD });
    if (!signed.ok) throw new Error(signed.code);
    const id = (await sessionOf(store, signed.token))!.id;
    const link = await createSignInLink(store, id);
    expect(await disablePerson(store, id, admin)).toBe("done");
    expect(await sessionOf(store, signed.token)).toBeUndefined();
    expect(await enablePerson(store, id, admin)).toBe("done");
    expect(await sessionOf(store, signed.token)).toBeUndefined();
    expect(await consumeSignInLink(store, link, { email: "", name: "", password: PASSWORD })).toEqual({
      ok: false,
      code: "link-used",
    });
    expect((await personById(store, id))?.disabled_at).toBeNull();
  });
});

test("an e-mail address is one person's", async () => {
  await createPerson(store, { email: "bo@example.org", name: "Bo", role: "editor" });
  expect(await changeEmail(store, admin, "BO@example.org")).toBe("email-taken");
  expect(await changeEmail(store, admin, "nobody")).toBe("email");
  expect(await changeEmail(store, admin, "Ada@Example.org")).toBe("done");
});
