import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { keepOrder } from "../../src/api/list.ts";
import { testStore, until } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { ask, token, article, waiting, source } = await opened(store);
const reader = await token(["read"]);

type Page = { items: { id: string }[]; next: string | null };
const read = async (path: string) => (await ask("GET", path, { token: reader })).body as unknown as Page;

/** Reads on from a cursor until there is nothing more; answers the ids and where to poll from. */
async function toTheEnd(path: string, from?: string | null): Promise<{ ids: string[]; next: string | null }> {
  const ids: string[] = [];
  for (let next = from; ;) {
    const page = await read(`${path}&limit=2${next ? `&cursor=${next}` : ""}`);
    ids.push(...page.items.map(({ id }) => id));
    if (page.items.length === 0 || page.next === null) return { ids, next: page.next ?? next ?? null };
    next = page.next;
  }
}

/** Reads on until these have come: a transaction that ends at this very moment may hold a list back for a moment longer. */
async function cameTo(expected: readonly string[], path: string, from?: string | null): Promise<string | null> {
  const ids: string[] = [];
  let next = from ?? null;
  await until(async () => {
    const more = await toTheEnd(path, next);
    next = more.next;
    ids.push(...more.ids);
    return expected.every((id) => ids.includes(id));
  });
  expect(ids.filter((id) => expected.includes(id))).toEqual(expected);
  return next;
}

async function insertArticle(db: Pick<typeof store, "query">, id = newId()): Promise<string> {
  await db.query(
    "insert into slugline.article (id, source_id, url, canonical_url, state, composed_version) values ($1, $2, $3, $3, 'ready', 1)",
    [id, source, `https://example.org/${id}`],
  );
  return id;
}

describe("a list read in the order of changes", () => {
  test("skips nothing: not what began first and was committed last", async () => {
    const before = await article();
    const slow = await store.pool.connect();
    await slow.query("begin");
    const first = await insertArticle({ query: (sql, values) => slow.query(sql, values as unknown[]) });
    const later = [await insertArticle(store), await insertArticle(store), await insertArticle(store)];
    expect(
      later.every((id) => id > first),
      "ids made later are higher",
    ).toBe(true);

    const early = await cameTo([before.id], "/articles?order=changes");
    expect(await toTheEnd("/articles?order=changes", early), "as long as it runs").toMatchObject({ ids: [], next: early });
    await slow.query("commit");
    slow.release();

    const rest = await cameTo([first, ...later], "/articles?order=changes", early);
    expect((await toTheEnd("/articles?order=changes", rest)).ids).toEqual([]);
  });

  test("waits for no transaction of another database of the same Postgres", async () => {
    const other = await testStore();
    const foreign = await other.pool.connect();
    await foreign.query("begin");
    await foreign.query("select pg_current_xact_id()");
    const { next } = await toTheEnd("/articles?order=changes");
    const { id } = await article();
    await cameTo([id], "/articles?order=changes", next);
    await foreign.query("rollback");
    foreign.release();
  });

  test("told again when it changes, also into a state that is asked for", async () => {
    const one = await waiting();
    const end = await toTheEnd("/posts?order=changes&state=approved");
    const decider = await token(["decide"]);
    await ask("POST", `/posts/${one.post}/approval`, { token: decider, body: { revision: 1 } });
    await cameTo([one.post], "/posts?order=changes&state=approved", end.next);
  });

  test("six writers at once, held open at random, and a reader who polls: each row comes at least once", async () => {
    let { next } = await toTheEnd("/articles?order=changes");
    const written: string[] = [];
    const seen = new Set<string>();
    let writing = true;
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let round = 0; round < 8; round += 1)
        await store.transaction(async (db) => {
          const id = await insertArticle(db);
          await new Promise((resolve) => setTimeout(resolve, ((writer * 7 + round * 13) % 5) * 8));
          written.push(id);
        });
    });
    const reading = until(async () => {
      const page = await toTheEnd("/articles?order=changes", next);
      page.ids.forEach((id) => seen.add(id));
      next = page.next;
      return !writing && seen.size >= written.length;
    });
    await Promise.all(writers);
    writing = false;
    await reading;
    expect(written.filter((id) => !seen.has(id))).toEqual([]);
    expect(written).toHaveLength(48);
  });

  test("goes on after a restore into a Postgres whose transactions count from the beginning", async () => {
    const old = await article();
    const far = "700000000000";
    await store.query("alter table slugline.article disable trigger row_changed");
    await store.query("update slugline.article set changed = $2 where id = $1", [old.id, far]);
    await store.query("alter table slugline.article enable trigger row_changed");
    await keepOrder(store);
    const fresh = await article();
    const cursor = `c_${far}_${old.id}`;
    await cameTo([fresh.id], "/articles?order=changes", cursor);
    await keepOrder(store);
    const { rows } = await store.query<{ base: number }>("select base from slugline.change_order");
    expect(rows[0]?.base, "moved once").toBeLessThanOrEqual(Number(far));
  });
});

describe("a list, the newest first", () => {
  test("ends, has each row once, and is not moved by what comes meanwhile", async () => {
    const made = [];
    for (let count = 0; count < 5; count += 1) made.push((await waiting("pages")).post);
    const first = await read("/posts?account=pages&limit=2");
    await waiting("pages");
    const rest = await toTheEnd("/posts?account=pages", first.next);
    expect([...first.items.map(({ id }) => id), ...rest.ids]).toEqual(made.toReversed());
    expect((await read("/posts?account=pages&limit=100")).next).toBeNull();
  });

  test.each([
    "x",
    "n_0_x",
    "c_1",
    "z_0_00000000-0000-0000-0000-000000000000",
    "n_0_00000000-0000-0000-0000-000000000000' or 1=1",
    "c_99999999999999999999_00000000-0000-0000-0000-000000000000",
  ])("a cursor that is none of ours (%s) is refused", async (cursor) => {
    const answer = await ask("GET", `/posts?cursor=${encodeURIComponent(cursor)}`, { token: reader });
    expect(answer.body).toMatchObject({ status: 422, errors: [{ path: "cursor" }] });
  });

  test.each(["limit=0", "limit=101", "limit=1e9", "state=nothing", "order=oldest", "stat=waiting", "__proto__=1"])(
    "so is %s",
    async (query) => {
      expect((await ask("GET", `/posts?${query}`, { token: reader })).status).toBe(422);
    },
  );

  test("filters are values, never SQL", async () => {
    for (const text of ["' or true --", "%", "masto'; drop table slugline.post; --", "\u0000", "\ud800", "\\"].map((it) =>
      it.toWellFormed(),
    ))
      expect((await ask("GET", `/posts?account=${encodeURIComponent(text)}`, { token: reader })).status).toBeLessThan(500);
    expect((await ask("GET", `/articles?url=${encodeURIComponent("' or true --")}`, { token: reader })).body["items"]).toEqual(
      [],
    );
  });
});
