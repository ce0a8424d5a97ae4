import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { testStore, until } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { ask, token, person, waiting } = await opened(store);
const hers = await token(undefined, { person: await person("Rosa") });

describe("a server that is killed", () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill("SIGKILL"));

  async function start(): Promise<string> {
    child = spawn(process.execPath, [fileURLToPath(new URL("api-process.ts", import.meta.url))], {
      env: { ...process.env, DATABASE_URL: store.databaseUrl },
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout! })) return line;
    throw new Error("it ended before it listened");
  }

  /** Postgres stands still for a second and a half at this moment, so that the kill falls into it. */
  const MOMENTS = {
    "while it decides":
      "create trigger test_slow after insert on slugline.decision for each row execute function slugline.test_slow()",
    "between deciding and keeping the answer":
      "create trigger test_slow before insert on slugline.api_answer for each row execute function slugline.test_slow()",
    "in the commit":
      "create constraint trigger test_slow after insert on slugline.api_answer deferrable initially deferred for each row execute function slugline.test_slow()",
  } as const;

  async function slow(moment: keyof typeof MOMENTS): Promise<void> {
    await store.query(
      "create or replace function slugline.test_slow() returns trigger language plpgsql as $$ begin perform pg_sleep(1.5); return new; end $$",
    );
    await store.query(MOMENTS[moment]);
  }

  test.each([
    ["while it decides", "insert into slugline.decision%", null],
    ["between deciding and keeping the answer", "insert into slugline.api_answer%", null],
    ["in the commit", "COMMIT%", "true"],
  ] as const)("%s has done it once when it is asked again", async (when, statement, replayed) => {
    const { post } = await waiting();
    const url = await start();
    await slow(when);
    const key = newId();
    const asked = fetch(`${url}/posts/${post}/approval`, {
      method: "POST",
      headers: { authorization: `Bearer ${hers}`, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ revision: 1 }),
    }).catch(() => "no answer");
    await until(async () => {
      const { rows } = await store.query("select from pg_stat_activity where query ilike $1 and wait_event = 'PgSleep'", [
        statement,
      ]);
      return rows.length > 0;
    });
    child!.kill("SIGKILL");
    expect(await asked).toBe("no answer");
    // Postgres finds out by itself that nobody listens; until then the key is under way.
    const again = await until(async () => {
      const answer = await ask("POST", `/posts/${post}/approval`, {
        token: hers,
        body: { revision: 1 },
        headers: { "idempotency-key": key },
      });
      return answer.body["type"] === "urn:slugline:problem:under-way" ? false : answer;
    });
    await store.query(
      "drop trigger if exists test_slow on slugline.decision; drop trigger if exists test_slow on slugline.api_answer",
    );
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, replayed]);
    expect((await store.query("select from slugline.decision where post_id = $1", [post])).rows).toHaveLength(1);
    expect((await store.query("select from slugline.outbox where subject = $1 and bell = 'delivery'", [post])).rows).toHaveLength(
      1,
    );
  });
});
