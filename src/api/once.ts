import { createHash } from "node:crypto";
import type { Db, Store } from "../store/db.ts";
import { problem, type Told } from "./problem.ts";

/** An answer as it leaves. */
export interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for 204. */
  readonly body: string;
}

interface Request {
  readonly tokenId: string;
  /** The Idempotency-Key; undefined: whoever asks twice means it twice. */
  readonly key: string | undefined;
  readonly method: string;
  readonly address: string;
  readonly body: string;
}

const KEPT = "24 hours";
const KEY = /^[\u0021-\u007e]{1,255}$/;

/**
 * Does what a request asks for in one transaction with the answer that is kept for its Idempotency-Key: killed at any
 * moment, either both are there or neither, so that asking again does it once. While the first is under way, a second is
 * told to wait; with other words under the same key it is refused.
 */
export async function once(store: Store, request: Request, work: (store: Store) => Promise<Sent>): Promise<Sent | Told> {
  if (request.key !== undefined && !KEY.test(request.key))
    return problem(400, "bad-idempotency-key", "An Idempotency-Key has 1 to 255 printable characters and no space.");
  return store.transaction(async (db) => {
    const within: Store = { ...db, pool: store.pool, transaction: (inner) => inner(db) };
    if (request.key === undefined) return work(within);
    const { rows: locked } = await db.query<{ mine: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended($1, 5)) as mine",
      [`${request.tokenId} ${request.key}`],
    );
    if (!locked[0]?.mine)
      return problem(409, "under-way", "The first request with this Idempotency-Key is still under way. Ask again with it.", {
        headers: { "Retry-After": "1" },
      });
    const hash = hashOf(request);
    const kept = await answerOf(db, request.tokenId, request.key);
    if (kept && !kept.hash.equals(hash))
      return problem(422, "key-reused", "This Idempotency-Key belongs to another request; each request has its own.");
    if (kept) return { ...kept.sent, headers: { ...kept.sent.headers, "Idempotent-Replayed": "true" } };
    const sent = await work(within);
    await keep(db, { tokenId: request.tokenId, key: request.key, hash }, sent);
    return sent;
  });
}

function hashOf({ method, address, body }: Request): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([method, address, body]))
    .digest();
}

async function answerOf(db: Db, tokenId: string, key: string): Promise<{ hash: Buffer; sent: Sent } | undefined> {
  const { rows } = await db.query<{ hash: Buffer } & Sent>(
    `select request_hash as hash, status, headers, body from slugline.api_answer
      where token_id = $1 and key = $2 and at > slugline.now() - $3::interval`,
    [tokenId, key, KEPT],
  );
  const [row] = rows;
  return row && { hash: row.hash, sent: { status: row.status, headers: row.headers, body: row.body } };
}

async function keep(db: Db, it: { tokenId: string; key: string; hash: Buffer }, sent: Sent): Promise<void> {
  // A few old ones go with each new one, so that the table stays as large as a day is busy.
  await db.query(
    `delete from slugline.api_answer where (token_id, key) in (select token_id, key from slugline.api_answer
       where at <= slugline.now() - $1::interval order by at limit 20 for update skip locked)`,
    [KEPT],
  );
  await db.query(
    `insert into slugline.api_answer (token_id, key, request_hash, status, headers, body) values ($1, $2, $3, $4, $5, $6)
     on conflict (token_id, key) do update set request_hash = excluded.request_hash, status = excluded.status,
       headers = excluded.headers, body = excluded.body, at = slugline.now()`,
    [it.tokenId, it.key, it.hash, sent.status, JSON.stringify(sent.headers), sent.body],
  );
}
