import { argon2Sync, randomBytes } from "node:crypto";
import { openSession } from "../../src/newsroom/session.ts";
import { createPerson } from "../../src/newsroom/people.ts";
import { type Rights } from "../../src/newsroom/person.ts";
import type { TestStore } from "../support/store.ts";

export const PASSWORD = "correct horse battery";
const hash = cheapHash(PASSWORD);
let made = 0;

/** A person with these rights and a session, made without the door: many of them, quickly. */
export async function cast(store: TestStore, rights: Rights): Promise<{ id: string; email: string; cookie: string }> {
  const email = `cast${(made += 1)}@example.org`;
  const person = (await createPerson(store, { email, name: `Cast ${made}`, role: rights.role }))!;
  await store.query("update slugline.person set password_hash = $2 where id = $1", [person.id, hash]);
  for (const [account, role] of Object.entries(rights.accounts))
    await store.query("insert into slugline.person_account values ($1, $2, $3)", [person.id, account, role]);
  return { id: person.id, email, cookie: await sessionFor(store, person.id) };
}

/** Another session of somebody who is there. */
export async function sessionFor(store: TestStore, personId: string): Promise<string> {
  return `slugline=${(await openSession(store, personId, "")).token}`;
}

/**
 * As src/newsroom/password.ts writes one, at the least cost that argon2id has: a hash says its own, and hundreds of sign-ins
 * at the real one take seconds. That ours are made at OWASP's is for test/newsroom/people.test.ts.
 */
function cheapHash(password: string): string {
  const salt = randomBytes(16);
  const tag = argon2Sync("argon2id", { memory: 8, passes: 1, parallelism: 1, tagLength: 32, message: password, nonce: salt });
  const plain = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  return `$argon2id$v=19$m=8,t=1,p=1$${plain(salt)}$${plain(tag)}`;
}
