import { randomBytes } from "node:crypto";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { codeOf, sentenceOf } from "../../src/lib/fault.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import type { Network } from "../../src/networks/network.ts";
import { createAlone } from "../../src/newsroom/credential-lock.ts";
import { createDrivers } from "../../src/newsroom/drivers.ts";
import { poolOn } from "../../src/store/open.ts";
import { testStore } from "../support/store.ts";

const store = await testStore();
const KEY = randomBytes(32);
const networks = new Map([["x", { name: "x", usual: { max: 280, unit: "weighted", perLink: 23 } } as Network]]);
const connection = store.pool.options;

async function account(settings: Record<string, string> = {}): Promise<string> {
  const id = newId();
  await store.query(
    "insert into slugline.account (id, name, network, server, settings, origin) values ($1, $2, 'x', 'https://api.x.com', $3, 'editor')",
    [id, `a-${id}`, JSON.stringify(settings)],
  );
  return id;
}

async function secretOf(id: string, secrets: Record<string, string> = {}, keys: () => Uint8Array[] = () => [KEY], on = store) {
  const drivers = createDrivers({ store: on, networks, secrets: (name) => secrets[name], keys });
  return (await drivers(id))!.account.secret;
}

describe("a driver's secret", () => {
  test("comes from the variable that the settings name, else from what is kept", async () => {
    const id = await account({ tokenEnv: "X_TOKEN" });
    const kept = await secretOf(id);
    await kept.update("token", "kept");
    expect(await kept.get("token")).toBe("kept");
    expect(await (await secretOf(id, { X_TOKEN: "given" })).get("token")).toBe("given");
    expect(await (await secretOf(id, { X_TOKEN: "given" })).find("token")).toBe("given");
  });

  test("that is nowhere is told with what to do", async () => {
    const missing = async (settings: Record<string, string>) =>
      (await secretOf(await account(settings))).get("token").catch((it: unknown) => it);
    const unset = await missing({ tokenEnv: "X_TOKEN" });
    expect([codeOf(unset), sentenceOf(unset)]).toEqual([
      "SECRET_MISSING",
      expect.stringMatching(/^X_TOKEN is not set; account a-.* \.env/),
    ]);
    const unnamed = await missing({});
    expect([codeOf(unnamed), sentenceOf(unnamed)]).toEqual([
      "SECRET_MISSING",
      expect.stringMatching(/tokenEnv.*slugline account add a-/),
    ]);
    expect(await (await secretOf(await account())).find("session")).toBeUndefined();
  });

  test("that stands in the environment is not replaced by a program", async () => {
    const secret = await secretOf(await account({ tokenEnv: "X_TOKEN" }), { X_TOKEN: "given" });
    await expect(secret.update("token", "other")).rejects.toMatchObject({ code: "SECRET_FIXED" });
    await secret.update("session", "its own");
    expect(await secret.find("session")).toBe("its own");
  });

  test("without a key nothing is kept, and it is said", async () => {
    const drivers = createDrivers({ store, networks, secrets: () => undefined, keys: () => [] });
    const { secret } = (await drivers(await account()))!.account;
    await expect(secret.update("session", "x")).rejects.toMatchObject({ code: "KEY_MISSING" });
    expect(await secret.find("session")).toBeUndefined();
  });
});

describe("what rotates is renewed by one at a time", () => {
  test("over several processes: each token is used once, the last one is kept", async () => {
    const options = { log: silentLog, max: 2, whenClosed: async () => undefined };
    const stores = [store, await poolOn(connection, options), await poolOn(connection, options)];
    const id = await account();
    const secrets = await Promise.all(stores.map((one) => secretOf(id, {}, undefined, one as typeof store)));
    await secrets[0]!.update("refresh", "0");
    const used: string[] = [];
    let inside = 0;
    await Promise.all(
      Array.from({ length: 30 }, (_, at) => {
        const secret = secrets[at % secrets.length]!;
        return secret.alone(async () => {
          expect((inside += 1), "alone").toBe(1);
          const token = await secret.get("refresh");
          used.push(token);
          await new Promise((resolve) => setTimeout(resolve, 2));
          await secret.update("refresh", String(Number(token) + 1));
          inside -= 1;
        });
      }),
    );
    expect(used.toSorted((one, other) => Number(one) - Number(other))).toEqual(Array.from({ length: 30 }, (_, at) => String(at)));
    expect(await secrets[1]!.get("refresh")).toBe("30");
    await Promise.all(stores.slice(1).map((one) => one.close()));
  });

  test("many accounts at once on a pool of one: nobody waits for a connection that another holds", async () => {
    const small = await poolOn(connection, { log: silentLog, max: 1, whenClosed: async () => undefined });
    const secrets = await Promise.all(
      Array.from({ length: 12 }, async () => secretOf(await account(), {}, undefined, small as typeof store)),
    );
    await Promise.all(
      [...secrets, ...secrets].map((secret) =>
        secret.alone(async () => secret.update("session", `${(await secret.find("session")) ?? ""}+`)),
      ),
    );
    expect(await Promise.all(secrets.map((secret) => secret.get("session")))).toEqual(secrets.map(() => "++"));
    await small.close();
  });

  test("one account that is held elsewhere keeps no other waiting, and is given up after a while", async () => {
    const [held, free] = [newId(), newId()];
    const [theirs, ours] = [createAlone(connection, systemClock), createAlone(connection, systemClock, 300)];
    const { promise: gone, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const holding = theirs(held, async () => (begin(), gone));
    await begun;
    const waiting = ours(held, async () => "never").catch((error: unknown) => codeOf(error));
    expect(await ours(free, async () => "at once")).toBe("at once");
    expect(await waiting).toBe("CREDENTIAL_BUSY");
    letGo();
    await holding;
    expect(await ours(held, async () => "now")).toBe("now");
  });

  test("work that fails lets go, and its fault comes through", async () => {
    const alone = createAlone(connection, systemClock, 1_000);
    const id = newId();
    await expect(alone(id, () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
    expect(await alone(id, async () => "next")).toBe("next");
  });

  test("a holder whose connection is cut lets go at once, and can go on afterwards", async () => {
    const [cut, other] = [createAlone(connection, systemClock, 2_000), createAlone(connection, systemClock, 2_000)];
    const id = newId();
    const told = await cut(id, async () => {
      await store.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'slugline lock %' and datname = current_database()",
      );
      return other(id, async () => "taken over");
    });
    expect(told).toBe("taken over");
    expect(await cut(id, async () => "again")).toBe("again");
  });

  test("no connection stays when nobody holds or wants one", async () => {
    const alone = createAlone(connection, systemClock);
    await Promise.all([alone(newId(), async () => 1), alone(newId(), async () => 2)]);
    const client = new pg.Client(connection);
    await client.connect();
    const { rows } = await client.query(
      "select 1 from pg_stat_activity where application_name like 'slugline lock %' and datname = current_database()",
    );
    await client.end();
    expect(rows).toEqual([]);
  });
});
