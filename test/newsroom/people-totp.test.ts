import { beforeEach, describe, expect, test } from "vitest";
import { createPerson } from "../../src/newsroom/people.ts";
import { endSession, endSessions, sessionOf, sessionsOf } from "../../src/newsroom/session.ts";
import { giveCode, prove, signIn } from "../../src/newsroom/sign-in.ts";
import { consumeSignInLink, createSignInLink, resetPerson } from "../../src/newsroom/sign-in-link.ts";
import { beginTotp, confirmTotp, dropTotp, pendingTotp, recoveryCodesLeft, takeCode } from "../../src/newsroom/totp.ts";
import type { Keys } from "../../src/newsroom/seal.ts";
import { codeOf } from "../support/codes.ts";
import { advance, testStore } from "../support/store.ts";

const store = await testStore();
const keys: Keys = () => [new Uint8Array(32).fill(7)];
const PASSWORD = "a quiet newsroom at dawn";
const EMAIL = "ada@example.org";
const HERE = { address: "192.0.2.1", label: "Firefox, Linux" };

beforeEach(async () => {
  await store.query("truncate slugline.person, slugline.session, slugline.sign_in_link, slugline.sign_in_failure cascade");
  await store.query("update slugline.clock set shift = '0'");
});

/** Ada, with a code asked of her; the moment is the beginning of a period, so that a step is a step. */
async function ada() {
  await store.query(
    "update slugline.clock set shift = make_interval(secs => 30 - mod(extract(epoch from statement_timestamp())::numeric, 30)::float8)",
  );
  const signed = await consumeSignInLink(store, await createSignInLink(store, null), {
    email: EMAIL,
    name: "Ada",
    password: PASSWORD,
  });
  if (!signed.ok) throw new Error(signed.code);
  const person = (await sessionOf(store, signed.token))!;
  await beginTotp(store, keys, person.session);
  const secret = (await pendingTotp(store, keys, person.session))!;
  const codes = (await confirmTotp(store, keys, { person: person.id, session: person.session }, await codeOf(store, secret)))!;
  await advance(store, "60s");
  return { id: person.id, session: person.session, token: signed.token, secret, codes };
}

async function half(address = HERE.address): Promise<string> {
  const signed = await signIn(store, { email: EMAIL, password: PASSWORD, ...HERE, address });
  if (signed.ok || signed.code !== "code-needed") throw new Error("no code was asked");
  return signed.token;
}

describe("a code at sign-in", () => {
  test("is asked after the right password, and only with it is a session begun", async () => {
    const { secret } = await ada();
    const token = await half();
    expect(await sessionOf(store, token), "half signed in is nobody").toBeUndefined();
    const signed = await giveCode(store, keys, { token, code: await codeOf(store, secret), ...HERE });
    expect(signed.ok && (await sessionOf(store, signed.token))).toMatchObject({ email: EMAIL, totp: true });
    expect(await giveCode(store, keys, { token, code: await codeOf(store, secret, 1), ...HERE }), "the half is used up").toEqual({
      ok: false,
      code: "over",
    });
  });

  test("works once, also when it comes twice at the same moment, and not after a later one", async () => {
    const { id, secret } = await ada();
    const code = await codeOf(store, secret);
    const came = await Promise.all(Array.from({ length: 8 }, () => takeCode(store, keys, id, code)));
    expect(came.filter(Boolean)).toHaveLength(1);
    expect(await takeCode(store, keys, id, await codeOf(store, secret, -1)), "an older one").toBe(false);
    await advance(store, "30s");
    expect(await takeCode(store, keys, id, await codeOf(store, secret))).toBe(true);
  });

  test("may be one period early or late, not two", async () => {
    const { id, secret } = await ada();
    const [twoLate, late, early, twoEarly] = await Promise.all([-2, -1, 1, 2].map((steps) => codeOf(store, secret, steps)));
    expect(await takeCode(store, keys, id, twoLate!)).toBe(false);
    expect(await takeCode(store, keys, id, late!)).toBe(true);
    expect(await takeCode(store, keys, id, twoEarly!)).toBe(false);
    expect(await takeCode(store, keys, id, early!)).toBe(true);
  });

  test("that set the factor up does not sign in a second time", async () => {
    const signed = await consumeSignInLink(store, await createSignInLink(store, null), {
      email: EMAIL,
      name: "Ada",
      password: PASSWORD,
    });
    const person = signed.ok ? (await sessionOf(store, signed.token))! : undefined;
    await beginTotp(store, keys, person!.session);
    const secret = (await pendingTotp(store, keys, person!.session))!;
    const code = await codeOf(store, secret);
    expect(await confirmTotp(store, keys, { person: person!.id, session: person!.session }, "000000")).toBeUndefined();
    expect(await confirmTotp(store, keys, { person: person!.id, session: person!.session }, code)).toHaveLength(10);
    expect(await takeCode(store, keys, person!.id, code)).toBe(false);
  });

  test("is waited for five minutes", async () => {
    const { secret } = await ada();
    const token = await half();
    await advance(store, "6m");
    expect(await giveCode(store, keys, { token, code: await codeOf(store, secret), ...HERE })).toEqual({
      ok: false,
      code: "over",
    });
  });

  test("that is wrong five times asks for the password again; many more, from wherever, ask to wait", async () => {
    const { secret } = await ada();
    const token = await half();
    for (let n = 0; n < 5; n++) expect((await giveCode(store, keys, { token, code: "000000", ...HERE })).ok).toBe(false);
    expect(await giveCode(store, keys, { token, code: await codeOf(store, secret), ...HERE }), "six").toEqual({
      ok: false,
      code: "over",
    });
    for (let n = 0; n < 3; n++) await giveCode(store, keys, { token: await half(), code: "000000", ...HERE });
    const next = await half("2001:db8:1:2::1");
    expect(await giveCode(store, keys, { token: await half(), code: await codeOf(store, secret), ...HERE }), "here").toEqual({
      ok: false,
      code: "slow-down",
    });
    expect(
      (await giveCode(store, keys, { token: next, code: await codeOf(store, secret), ...HERE, address: "2001:db8:1:2::1" })).ok,
    ).toBe(true);
  });

  test("begins with a secret that is sealed, and known to the session that sets it up alone", async () => {
    const { secret, id } = await ada();
    const { rows } = await store.query<{ all: string }>(
      "select string_agg(encode(totp_sealed, 'escape'), '') as all from slugline.person",
    );
    expect(rows[0]!.all).not.toContain(secret);
    await createPerson(store, { email: "eve@example.org", name: "Eve", role: "admin" });
    await store.query(
      "update slugline.person set totp_sealed = (select totp_sealed from slugline.person where id = $1), totp_at = slugline.now() where email = 'eve@example.org'",
      [id],
    );
    const eve = await store.query<{ id: string }>("select id from slugline.person where email = 'eve@example.org'");
    await expect(takeCode(store, keys, eve.rows[0]!.id, await codeOf(store, secret)), "another's row").rejects.toThrow(
      /does not open/,
    );
  });

  test("turned on ends the sessions that came by the password alone", async () => {
    const signed = await consumeSignInLink(store, await createSignInLink(store, null), {
      email: EMAIL,
      name: "Ada",
      password: PASSWORD,
    });
    const other = await signIn(store, { email: EMAIL, password: PASSWORD, ...HERE });
    const person = signed.ok ? (await sessionOf(store, signed.token))! : undefined;
    await beginTotp(store, keys, person!.session);
    const secret = (await pendingTotp(store, keys, person!.session))!;
    await confirmTotp(store, keys, { person: person!.id, session: person!.session }, await codeOf(store, secret));
    expect(other.ok && (await sessionOf(store, other.token))).toBeUndefined();
    expect(signed.ok && (await sessionOf(store, signed.token))).toBeDefined();
  });
});

describe("recovery codes", () => {
  test("are ten, each stands in for one code, however it is typed, and are nowhere in the store", async () => {
    const { id, codes } = await ada();
    expect(new Set(codes).size).toBe(10);
    expect(codes[0]).toMatch(/^(?:[0-9a-z]{4}-){3}[0-9a-z]{4}$/);
    expect(await takeCode(store, keys, id, codes[0]!.toUpperCase().replaceAll("-", " "))).toBe(true);
    expect(await takeCode(store, keys, id, codes[0]!)).toBe(false);
    expect(await recoveryCodesLeft(store, id)).toBe(9);
    const { rows } = await store.query<{ kept: string }>(
      "select encode(code_hash, 'escape') as kept from slugline.recovery_code",
    );
    expect(rows.map(({ kept }) => kept).join()).not.toContain(codes[1]!.replaceAll("-", ""));
  });

  test("used at the same moment works once", async () => {
    const { id, codes } = await ada();
    const came = await Promise.all(Array.from({ length: 8 }, () => takeCode(store, keys, id, codes[3]!)));
    expect(came.filter(Boolean)).toHaveLength(1);
  });
});

describe("what could keep somebody out", () => {
  const proof = (password: string, code = "") => ({ password, code, address: HERE.address });

  test("is changed only with password and code", async () => {
    const { id, secret } = await ada();
    expect(await prove(store, keys, id, proof(PASSWORD))).toBe("wrong");
    expect(await prove(store, keys, id, proof("not it at all", await codeOf(store, secret)))).toBe("wrong");
    expect(await prove(store, keys, id, proof(PASSWORD, await codeOf(store, secret))), "a wrong password used no code up").toBe(
      "right",
    );
    await dropTotp(store, id, id);
    expect(await prove(store, keys, id, proof(PASSWORD))).toBe("right");
  });

  test("asks to wait after many wrong tries", async () => {
    const { id } = await ada();
    for (let n = 0; n < 10; n++) await prove(store, keys, id, proof(`guess ${n}`));
    expect(await prove(store, keys, id, proof(PASSWORD))).toBe("slow-down");
  });
});

test("a reset gives a new password, not a way past the code", async () => {
  const { id, secret, token } = await ada();
  const link = (await resetPerson(store, id, id))!;
  const signed = await consumeSignInLink(store, link, { email: "", name: "", password: "another long sentence" });
  if (signed.ok || signed.code !== "code-needed") throw new Error("no code was asked");
  expect(await sessionOf(store, token), "the old session").toBeUndefined();
  expect((await giveCode(store, keys, { token: signed.token, code: await codeOf(store, secret), ...HERE })).ok).toBe(true);
});

test("sessions are listed with the device, each ends by itself, or all others at once", async () => {
  const { id, token, session, secret } = await ada();
  const second = await giveCode(store, keys, { token: await half(), code: await codeOf(store, secret), ...HERE });
  await advance(store, "30s");
  const third = await giveCode(store, keys, { token: await half(), code: await codeOf(store, secret), ...HERE });
  const lines = await sessionsOf(store, id);
  expect(lines.map((line) => line.label).toSorted()).toEqual(["", "Firefox, Linux", "Firefox, Linux"]);
  const of = async (signed: typeof second) => (signed.ok ? (await sessionOf(store, signed.token))?.session : undefined);
  expect(await endSession(store, id, (await of(second))!)).toBe(true);
  expect(await of(second)).toBeUndefined();
  expect(await endSession(store, crypto.randomUUID(), (await of(third))!), "another person's").toBe(false);
  await endSessions(store, id, session);
  expect(await of(third)).toBeUndefined();
  expect(await sessionOf(store, token)).toBeDefined();
});
