import { beforeEach, describe, expect, test } from "vitest";
import { createPerson } from "../../src/newsroom/people.ts";
import { hashPassword, passwordProblem, verifyPassword } from "../../src/newsroom/password.ts";
import { may, mayAnywhere, seenAccounts, type Role } from "../../src/newsroom/person.ts";
import { deviceOf, sessionOf, signOut } from "../../src/newsroom/session.ts";
import { signIn } from "../../src/newsroom/sign-in.ts";
import { consumeSignInLink, createSignInLink, openLink } from "../../src/newsroom/sign-in-link.ts";
import { advance, testStore } from "../support/store.ts";

const store = await testStore();
const PASSWORD = "a quiet newsroom at dawn";
const ADA = { email: "ada@example.org", name: "Ada", password: PASSWORD };

beforeEach(async () => {
  await store.query("truncate slugline.person, slugline.session, slugline.sign_in_link, slugline.sign_in_failure cascade");
  await store.query("update slugline.clock set shift = '0'");
});

async function admin(): Promise<string> {
  const signed = await consumeSignInLink(store, await createSignInLink(store, null), ADA);
  if (!signed.ok) throw new Error(signed.code);
  return signed.token;
}

const enter = (password: string, address = "192.0.2.1", email = ADA.email) =>
  signIn(store, { email, password, address, label: "" });

describe("a sign-in link", () => {
  test("makes the first admin and signs them in, once", async () => {
    const token = await createSignInLink(store, null);
    expect(await openLink(store, token)).toBeDefined();
    const signed = await consumeSignInLink(store, token, ADA);
    expect(signed.ok && (await sessionOf(store, signed.token))).toMatchObject({ email: ADA.email, role: "admin" });
    expect(await consumeSignInLink(store, token, { ...ADA, email: "eve@example.org" })).toEqual({ ok: false, code: "link-used" });
  });

  test("opened twice at the same moment makes one admin, also from two links", async () => {
    const tokens = [await createSignInLink(store, null), await createSignInLink(store, null)];
    const came = await Promise.all(
      [...tokens, ...tokens].map((token, at) => consumeSignInLink(store, token, { ...ADA, email: `a${at}@example.org` })),
    );
    expect(came.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await store.query("select from slugline.person")).rows).toHaveLength(1);
  });

  test("ends after a day, and is nowhere in the store", async () => {
    const token = await createSignInLink(store, null);
    const { rows } = await store.query<{ kept: string }>(
      "select encode(token_hash, 'escape') as kept from slugline.sign_in_link",
    );
    expect(rows[0]?.kept).not.toContain(token);
    await advance(store, "25h");
    expect(await consumeSignInLink(store, token, ADA)).toEqual({ ok: false, code: "link-used" });
  });

  test("for a person who is there gives a new password and ends their old sessions", async () => {
    const old = await admin();
    const id = (await sessionOf(store, old))!.id;
    const signed = await consumeSignInLink(store, await createSignInLink(store, id), {
      email: "",
      name: "",
      password: "another long sentence",
    });
    expect(signed.ok).toBe(true);
    expect(await sessionOf(store, old)).toBeUndefined();
    expect((await enter(PASSWORD)).ok).toBe(false);
    expect((await enter("another long sentence")).ok).toBe(true);
  });
});

describe("a session", () => {
  test("is new at each sign-in, and gone on the server when signed out", async () => {
    const first = await admin();
    const second = await enter(PASSWORD);
    expect(second.ok && second.token !== first).toBe(true);
    await signOut(store, first);
    expect(await sessionOf(store, first)).toBeUndefined();
    expect(second.ok && (await sessionOf(store, second.token))).toBeDefined();
  });

  test("ends after a week unused, and after thirty days however much it is used", async () => {
    const token = await admin();
    for (let day = 0; day < 28; day += 4) {
      await advance(store, "4d");
      expect(await sessionOf(store, token), `day ${day + 4}`).toBeDefined();
    }
    await advance(store, "3d");
    expect(await sessionOf(store, token)).toBeUndefined();
    const idle = await enter(PASSWORD);
    await advance(store, "8d");
    expect(idle.ok && (await sessionOf(store, idle.token))).toBeUndefined();
  });

  test("of a disabled person is dead at once, and they cannot come back", async () => {
    const token = await admin();
    await store.query("update slugline.person set disabled_at = slugline.now()");
    expect(await sessionOf(store, token)).toBeUndefined();
    expect(await enter(PASSWORD)).toEqual({ ok: false, code: "wrong" });
  });
});

describe("wrong passwords", () => {
  test("say the same for a person who is there and one who is not", async () => {
    await admin();
    expect(await enter("wrong wrong wrong")).toEqual(await enter("wrong wrong wrong", "192.0.2.1", "nobody@example.org"));
  });

  test("slow down who guesses, not the owner elsewhere, and not for ever", async () => {
    await admin();
    for (let guess = 0; guess < 10; guess++) await enter(`guess number ${guess}`, "2001:db8:1:2::1");
    expect(await enter(PASSWORD, "2001:db8:1:2:ffff::9"), "the same /64").toEqual({ ok: false, code: "slow-down" });
    expect((await enter(PASSWORD, "198.51.100.7")).ok, "the owner at home").toBe(true);
    await advance(store, "16m");
    expect((await enter(PASSWORD, "2001:db8:1:2::1")).ok).toBe(true);
  });
});

describe("passwords and roles", () => {
  test("are kept as argon2id at OWASP's cost, each with its own salt", async () => {
    const [one, other] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(await verifyPassword(PASSWORD, one)).toBe(true);
    expect(await verifyPassword(`${PASSWORD}.`, one)).toBe(false);
    expect(await verifyPassword(PASSWORD, null)).toBe(false);
  });

  test("short, common and own-name passwords are refused, long ones taken", () => {
    expect(passwordProblem("short", ADA)).toBe("too-short");
    expect(passwordProblem("Password1234", ADA)).toBe("too-common");
    expect(passwordProblem("aaaaaaaaaaaaaaaa", ADA)).toBe("too-common");
    expect(passwordProblem("ada@example.org", ADA)).toBe("too-common");
    expect(passwordProblem("گفتوگۆ".repeat(20), ADA)).toBeNull();
  });

  test("a role may do what its line says, and an unknown one nothing", () => {
    const as = (role: Role | "none") => ({ role, accounts: {} });
    expect(may(as("viewer"), "decide")).toBe(false);
    expect(may(as("writer"), "decide")).toBe(false);
    expect(may(as("editor"), "decide")).toBe(true);
    expect(may(as("editor"), "manage")).toBe(false);
    expect(may(as("none"), "see")).toBe(false);
    for (const odd of ["owner", "__proto__", "constructor", "toString"]) expect(may(as(odd as Role), "see"), odd).toBe(false);
  });

  test("an account may have a role of its own, which counts there in place of the other, upwards and downwards", () => {
    const lina = { role: "viewer", accounts: { ar: "editor", x: "none" } } as const;
    expect(["en", "ar", "x"].map((id) => may(lina, "decide", id))).toEqual([false, true, false]);
    expect(["en", "ar", "x"].map((id) => may(lina, "see", id))).toEqual([true, true, false]);
    expect(may(lina, "stop")).toBe(false);
    expect(mayAnywhere(lina, "stop"), "whoever decides about one account may stop all").toBe(true);
    expect(may({ role: "none", accounts: { ar: "admin" } }, "manage"), "the people are no account's").toBe(false);
    expect(seenAccounts(lina)).toEqual({ only: null, except: ["x"] });
    expect(seenAccounts({ role: "none", accounts: { ar: "writer", x: "none" } })).toEqual({ only: ["ar"], except: [] });
  });

  test("of a device only browser and system are kept, never its versions", () => {
    expect(deviceOf("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox, Linux");
    expect(deviceOf("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 Version/18.1 Safari/604.1")).toBe(
      "Safari, iPhone",
    );
    expect(deviceOf("<script>alert(1)</script>")).toBe("");
    expect(deviceOf(undefined)).toBe("");
  });

  test("one address is one person, whatever its case", async () => {
    expect(await createPerson(store, { email: "bo@example.org", name: "Bo", role: "editor" })).toBeDefined();
    expect(await createPerson(store, { email: "BO@example.org", name: "Bo", role: "admin" })).toBeUndefined();
  });
});
