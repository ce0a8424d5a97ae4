import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../src/lib/fault.ts";
import { newId } from "../../src/lib/id.ts";
import { findCredential, keepCredential, type Owner } from "../../src/newsroom/credential.ts";
import { keyId, seal, sealedUnder, unseal, type Place } from "../../src/newsroom/seal.ts";
import { rotate, sealedUnderOthers } from "../../src/newsroom/seal-rotate.ts";
import { testStore } from "../support/store.ts";

const store = await testStore();
const [OLD, NEW] = [randomBytes(32), randomBytes(32)];
const CANARY = "canary-5f0c1e-top-secret";
const PLACE: Place = { table: "slugline.credential", row: "a token", column: "sealed" };

async function account(more: Partial<Owner> = {}): Promise<Owner> {
  const owner = { id: newId(), network: "bluesky", server: "https://bsky.social", handle: "desk.example", ...more };
  await store.query(
    "insert into slugline.account (id, name, network, server, handle, origin) values ($1, $2, $3, $4, $5, 'editor')",
    [owner.id, `a-${owner.id}`, owner.network, owner.server, owner.handle],
  );
  return owner;
}

describe("AES-256-GCM envelopes (ASVS 11.3.3)", () => {
  const envelope = seal(CANARY, PLACE, OLD);

  test("open what they hold, in any script, also nothing", () => {
    for (const text of [CANARY, "", "كلمة السر 🔑", "x".repeat(10_000)])
      expect(unseal(seal(text, PLACE, OLD), PLACE, [OLD])).toBe(text);
  });

  test("any flipped bit fails", () => {
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const flipped = Buffer.from(envelope);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unseal(flipped, PLACE, [OLD]), `bit ${bit}`).toThrow(/sealed under the key|does not open/);
    }
  });

  test("cut short, or nothing at all, fails", () => {
    for (let length = 0; length < envelope.length; length += 1)
      expect(() => unseal(envelope.subarray(0, length), PLACE, [OLD]), `${length} bytes`).toThrow(/does not open/);
  });

  test("in another row, column or table it does not open, so that none can be swapped for another", () => {
    for (const other of [
      { ...PLACE, row: "b token" },
      { ...PLACE, column: "other" },
      { ...PLACE, table: "slugline.person" },
      { table: "slugline.credential", row: "a", column: "token sealed" },
    ])
      expect(() => unseal(envelope, other, [OLD])).toThrow(/belongs to another row/);
  });

  test("no two are alike: each has a nonce of its own", () => {
    const made = Array.from({ length: 1_000 }, () => seal("same", PLACE, OLD).subarray(9, 21).toString("hex"));
    expect(new Set(made).size).toBe(1_000);
  });

  test("name their key without telling it, and say so when it is not there", () => {
    expect(sealedUnder(envelope)).toBe(keyId(OLD));
    expect(OLD.toString("hex")).not.toContain(keyId(OLD));
    expect(() => unseal(envelope, PLACE, [NEW])).toThrow(new RegExp(`sealed under the key ${keyId(OLD)}`));
    expect(unseal(envelope, PLACE, [NEW, OLD])).toBe(CANARY);
  });
});

describe("an account's credentials", () => {
  test("are kept, replaced, and stand in the row only sealed", async () => {
    const owner = await account();
    expect(await findCredential(store, () => [OLD], owner, "session")).toBeUndefined();
    await keepCredential(store, () => [OLD], owner, "session", "first");
    await keepCredential(store, () => [OLD], owner, "session", CANARY);
    expect(await findCredential(store, () => [OLD], owner, "session")).toBe(CANARY);
    const { rows } = await store.query("select * from slugline.credential where account_id = $1", [owner.id]);
    expect(rows).toHaveLength(1);
    expect(Buffer.from((rows[0] as { sealed: Buffer }).sealed).includes(CANARY)).toBe(false);
    expect(JSON.stringify(rows)).not.toContain(CANARY);
  });

  test("a restored database without its key shows nothing usable", async () => {
    const owner = await account();
    await keepCredential(store, () => [OLD], owner, "token", CANARY);
    const error = await findCredential(store, () => [NEW], owner, "token").catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe("SEAL_KEY_MISSING");
    const dump = await store.query<{ row: string }>("select c::text as row from slugline.credential c");
    for (const { row } of dump.rows)
      for (const form of [CANARY, Buffer.from(CANARY).toString("hex"), Buffer.from(CANARY).toString("base64")])
        expect(row).not.toContain(form);
  });

  test("what was given for one server, network or handle is told to no other", async () => {
    const owner = await account();
    await keepCredential(store, () => [OLD], owner, "token", CANARY);
    for (const moved of [{ server: "https://evil.example" }, { network: "mastodon" }, { handle: "other.example" }])
      expect(await findCredential(store, () => [OLD], { ...owner, ...moved }, "token")).toBeUndefined();
  });

  test("one row's bytes put into another row do not open there", async () => {
    const [mine, theirs] = [await account(), await account()];
    await keepCredential(store, () => [OLD], mine, "token", CANARY);
    await keepCredential(store, () => [OLD], theirs, "token", "theirs");
    await store.query(
      "update slugline.credential set sealed = (select sealed from slugline.credential where account_id = $1) where account_id = $2",
      [mine.id, theirs.id],
    );
    await expect(findCredential(store, () => [OLD], theirs, "token")).rejects.toThrow(/belongs to another row/);
  });
});

describe("a rotation of the key", () => {
  test("seals everything anew, in batches, and then the old key may go", async () => {
    await store.query("delete from slugline.credential");
    const owners = await Promise.all(Array.from({ length: 23 }, () => account()));
    for (const owner of owners)
      for (const name of ["token", "session"]) await keepCredential(store, () => [OLD], owner, name, `${name} of ${owner.id}`);
    await keepCredential(store, () => [NEW, OLD], owners[0]!, "fresh", "new already");
    expect(await sealedUnderOthers(store, () => [NEW, OLD])).toBe(46);
    expect(await rotate(store, () => [NEW, OLD], 7)).toEqual({ key: keyId(NEW), resealed: 46, unreadable: [] });
    for (const owner of owners) expect(await findCredential(store, () => [NEW], owner, "session")).toBe(`session of ${owner.id}`);
    expect(await findCredential(store, () => [NEW], owners[0]!, "fresh")).toBe("new already");
    expect(await sealedUnderOthers(store, () => [NEW, OLD])).toBe(0);
    expect(await rotate(store, () => [NEW, OLD])).toMatchObject({ resealed: 0 });
  });

  test("takes people's second factors along", async () => {
    const id = newId();
    const place = { table: "slugline.person", row: id, column: "totp_sealed" };
    await store.query(
      "insert into slugline.person (id, email, name, role, totp_sealed, totp_at) values ($1, $2, 'Rosa', 'editor', $3, slugline.now())",
      [id, `${id}@example.org`, seal(CANARY, place, OLD)],
    );
    expect(await rotate(store, () => [NEW, OLD])).toMatchObject({ resealed: 1, unreadable: [] });
    const { rows } = await store.query<{ totp_sealed: Buffer }>("select totp_sealed from slugline.person where id = $1", [id]);
    expect(unseal(rows[0]!.totp_sealed, place, [NEW])).toBe(CANARY);
  });

  test("names what no key opens, leaves it as it is, and goes on", async () => {
    await store.query("delete from slugline.credential");
    const [lost, fine] = [await account(), await account()];
    await keepCredential(store, () => [randomBytes(32)], lost, "token", "lost");
    await keepCredential(store, () => [OLD], fine, "token", "fine");
    const { resealed, unreadable } = await rotate(store, () => [NEW, OLD], 1);
    expect({ resealed, unreadable }).toMatchObject({ resealed: 1, unreadable: [{ row: expect.stringContaining(lost.id) }] });
    expect(await findCredential(store, () => [NEW], fine, "token")).toBe("fine");
  });

  test("loses nothing that is renewed while it runs", async () => {
    await store.query("delete from slugline.credential");
    const owners = await Promise.all(Array.from({ length: 8 }, () => account()));
    const both = () => [NEW, OLD];
    for (const owner of owners) await keepCredential(store, () => [OLD], owner, "session", "0");
    let turning = true;
    const renewing = owners.map(async (owner) => {
      let turn = 0;
      // A process that has not been given the new key yet seals under the old one.
      while (turning || turn < 3)
        await keepCredential(store, turn % 2 ? both : () => [OLD], owner, "session", String((turn += 1)));
      return turn;
    });
    for (let round = 0; round < 5; round += 1) expect((await rotate(store, both, 3)).unreadable).toEqual([]);
    turning = false;
    const turns = await Promise.all(renewing);
    await rotate(store, both, 3);
    for (const [at, owner] of owners.entries())
      expect(await findCredential(store, () => [NEW], owner, "session")).toBe(String(turns[at]));
  });
});
