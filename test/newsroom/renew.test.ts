import { beforeEach, describe, expect, test } from "vitest";
import { troubles } from "../../src/health/health.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import type { Network, Renewed } from "../../src/networks/network.ts";
import { learnAccount } from "../../src/newsroom/learn.ts";
import { accountsToRenew, renewAccount, writeEnds } from "../../src/newsroom/renew.ts";
import { advance, testStore } from "../support/store.ts";

const store = await testStore();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const signal = new AbortController().signal;
let answer: Renewed;
let asked = 0;
const network = {
  name: "x",
  usual: { max: 280, unit: "weighted", perLink: 23 },
  limits: async () => ({ max: 280, unit: "weighted", perLink: 23 }),
  verify: async () => ({ ok: true, id: "1", handle: "desk", endsAt: Date.now() + 3 * DAY, why: null }),
  renew: async () => {
    asked += 1;
    return answer;
  },
} as unknown as Network;
const deps = {
  store,
  log: silentLog,
  driver: async (id: string) => ({
    network,
    account: { id, name: "x-en", server: "", handle: null, settings: {}, secret: undefined as never },
    onUnknown: "ask" as const,
    rehearsal: false,
    prices: null,
  }),
};
let account: string;

beforeEach(async () => {
  await store.query("delete from slugline.account");
  await store.query("delete from slugline.event");
  await store.query("update slugline.clock set shift = '0'");
  account = newId();
  asked = 0;
  await store.query("insert into slugline.account (id, name, network, origin) values ($1, 'x-en', 'x', 'editor')", [account]);
});

const row = async () =>
  (await store.query<Record<string, unknown>>("select * from slugline.account where id = $1", [account])).rows[0]!;
const told = async () => (await troubles(store)).filter(({ code }) => code === "token-ending" || code === "account-locked-out");
const kinds = async () => (await store.query<{ kind: string }>("select kind from slugline.event")).rows.map(({ kind }) => kind);

describe("access that is renewed by itself", () => {
  test("is renewed a quarter of an hour before it ends, and not sooner", async () => {
    await writeEnds(store, account, { endsAt: Date.now() + 2 * HOUR, renewal: { endsAt: null } });
    expect(await accountsToRenew(store)).toEqual([]);
    await advance(store, "106m");
    expect(await accountsToRenew(store)).toEqual([account]);
    answer = { kind: "renewed", endsAt: Date.now() + 4 * HOUR, refreshEndsAt: null };
    await renewAccount(deps, account, signal);
    expect([asked, await accountsToRenew(store), await told()]).toEqual([1, [], []]);
  });

  test("that cannot be renewed now is an alarm that says why, told once, and tried each minute until it works", async () => {
    await writeEnds(store, account, { endsAt: Date.now() + 10 * 60_000, renewal: { endsAt: null } });
    answer = { kind: "busy", why: "api.x.com did not answer." };
    for (let n = 0; n < 3; n++) {
      expect(await accountsToRenew(store)).toEqual([account]);
      await renewAccount(deps, account, signal);
      expect(await accountsToRenew(store), "not in a circle").toEqual([]);
      await advance(store, `${61 * (n + 1)}s`);
    }
    expect(await told()).toMatchObject([{ code: "token-ending", severity: "alarm", args: { account: "x-en", why: answer.why } }]);
    expect((await kinds()).filter((kind) => kind === "account-renewal-failed")).toHaveLength(1);
    answer = { kind: "renewed", endsAt: Date.now() + 2 * HOUR, refreshEndsAt: null };
    await renewAccount(deps, account, signal);
    expect([await told(), (await row())["renew_error"]]).toEqual([[], null]);
  });

  test("that the network renews no more locks the account out with what to do; nobody asks on", async () => {
    await writeEnds(store, account, { endsAt: Date.now(), renewal: { endsAt: null } });
    answer = { kind: "locked-out", why: "Sign in again: connect the account anew in the editor, under Accounts." };
    await renewAccount(deps, account, signal);
    expect(await row()).toMatchObject({ state: "locked-out", state_why: answer.why });
    await advance(store, "1h");
    expect(await accountsToRenew(store)).toEqual([]);
    expect(await told()).toMatchObject([{ code: "account-locked-out", severity: "alarm" }]);
  });

  test("that is refused with the access of before, while a person connects the account anew, does not lock out the new one", async () => {
    const connected = Date.now() + 10 * 60_000;
    const refused = "Sign in again: connect the account anew in the editor, under Accounts.";
    const meanwhile = async () => {
      await store.query("update slugline.account set connected_at = slugline.now() + interval '1 second' where id = $1", [
        account,
      ]);
      await writeEnds(store, account, { endsAt: connected, renewal: { endsAt: null } });
    };
    const renew = async (): Promise<Renewed> => {
      await meanwhile();
      return { kind: "locked-out", why: refused };
    };
    const verify = async () => {
      await meanwhile();
      return { ok: false, why: refused };
    };
    const old = { ...network, renew, verify } as unknown as Network;
    const asked = { ...deps, driver: async (id: string) => ({ ...(await deps.driver(id)), network: old }) };
    await writeEnds(store, account, { endsAt: Date.now(), renewal: { endsAt: null } });
    for (const ask of [renewAccount, learnAccount]) {
      await ask(asked, account, signal);
      expect(await row()).toMatchObject({ state: "active" });
      expect(await accountsToRenew(store), "it is renewed in its time").toEqual([account]);
    }
  });

  test("a driver that throws is a renewal that failed", async () => {
    await writeEnds(store, account, { endsAt: Date.now(), renewal: { endsAt: null } });
    const broken = { ...network, renew: () => Promise.reject(new Error("The disk is full.")) };
    await renewAccount({ ...deps, driver: async (id) => ({ ...(await deps.driver(id)), network: broken }) }, account, signal);
    expect(await row()).toMatchObject({ state: "active", renew_error: "The disk is full." });
  });
});

describe("access that ends for good", () => {
  test.each([
    [30, null],
    [6, "warning"],
    [0.5, "alarm"],
    [-1, "alarm"],
  ] as const)("in %s days: %s", async (days, severity) => {
    await writeEnds(store, account, { endsAt: Date.now() + days * DAY });
    expect((await told()).map((one) => one.severity)).toEqual(severity === null ? [] : [severity]);
  });

  test("also the end of what renews it, where the network says so", async () => {
    await writeEnds(store, account, { endsAt: Date.now() + HOUR, renewal: { endsAt: Date.now() + 3 * DAY } });
    expect(await told()).toMatchObject([{ severity: "warning", args: { days: 2 } }]);
  });

  test("is learnt from the network when the account is verified", async () => {
    await learnAccount(deps, account, signal);
    expect((await row())["token_ends_at"]).toBeInstanceOf(Date);
    expect(await told()).toMatchObject([{ code: "token-ending", severity: "warning" }]);
  });

  test("is nobody's trouble while the account is in rehearsal", async () => {
    await writeEnds(store, account, { endsAt: Date.now() });
    await store.query("update slugline.account set rehearsal = true");
    expect(await told()).toEqual([]);
  });
});
