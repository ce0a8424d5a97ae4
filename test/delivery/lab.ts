import { afterAll, beforeAll, beforeEach } from "vitest";
import { parseDuration } from "../../src/lib/time.ts";
import type { Network, Outcome } from "../../src/networks/network.ts";
import type { Db } from "../../src/store/db.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { advance as advanceStore, testStore, type TestStore } from "../support/store.ts";

/** A network that cannot be asked afterwards, such as Telegram: what it answers is put in by the test. */
export function blindNetwork(): Network & { outcome: Outcome; posts: number } {
  const blind: Network & { outcome: Outcome; posts: number } = {
    name: "blind",
    promise: "asked",
    settleMs: 0,
    keyMs: 0,
    usual: { max: 500, unit: "grapheme", perLink: null },
    outcome: { kind: "unknown", why: "no answer" },
    posts: 0,
    limits: async () => blind.usual,
    verify: async () => ({ ok: true, id: null, handle: null, endsAt: null, why: null }),
    publish: async () => {
      blind.posts += 1;
      return blind.outcome;
    },
  };
  return blind;
}

/** A desk whose Mastodon is the stand-in, made before this file's tests and gone after them; every test finds it well. */
export function useLab() {
  const lab = { blind: blindNetwork() } as {
    store: TestStore;
    server: MastodonStandIn;
    desk: Awaited<ReturnType<typeof openDesk>>;
    readonly blind: ReturnType<typeof blindNetwork>;
    /** Moves the store's clock and the network's together. */
    advance(db: Db, duration: string): Promise<void>;
    /** A story whose post for this account is approved. */
    approved(account?: string): Promise<{ story: { id: string; posts: Record<string, string> }; post: string; link: string }>;
    /** A story's post for this account, approved, with its delivery open and rung for once. */
    rung(account?: string, before?: (post: string) => unknown): Promise<string>;
    /** Sets the newsroom's clock, wherever it stands. */
    clockAt(moment: string): Promise<void>;
    /** Why an account rests, and until when. */
    rests(account?: string): Promise<{ why: string | null; until: Date | null } | undefined>;
  };
  lab.advance = async (db, duration) => {
    await advanceStore(db, duration);
    lab.server.advance((parseDuration(duration) ?? 0) * 1000);
  };
  lab.approved = async (account = "masto-en") => {
    const story = await lab.desk.story();
    const post = story.posts[account]!;
    await lab.desk.approve(post);
    return { story, post, link: `${SHORT_URL}/${(await lab.desk.link(post)).code}` };
  };
  lab.rung = async (account = "masto-en", before = () => undefined) => {
    const post = (await lab.desk.story()).posts[account]!;
    await before(post);
    await lab.desk.approve(post);
    await lab.desk.ring(post);
    return post;
  };
  lab.clockAt = async (moment) =>
    void (await lab.store.query("update slugline.clock set shift = $1::timestamptz - statement_timestamp()", [moment]));
  lab.rests = async (account = "masto-en") => {
    const { rows } = await lab.store.query<{ why: string | null; until: Date | null }>(
      "select rests_why as why, rests_until as until from slugline.account where name = $1",
      [account],
    );
    return rows[0];
  };
  beforeAll(async () => {
    lab.store = await testStore();
    lab.server = await startMastodon({ rateLimit: 100_000 });
    lab.desk = await openDesk(lab.store, {
      server: lab.server.url,
      networks: [lab.blind],
      requestMs: 2_000,
      advance: lab.advance,
    });
    await lab.desk.account({ name: "masto-en" });
    await lab.desk.account({ name: "blind-en", network: "blind" });
    await lab.desk.account({ name: "sure-en", network: "blind", onUnknown: "assume-posted" });
  });
  afterAll(async () => {
    await lab.desk.close();
    await lab.server.close();
  });
  beforeEach(async () => {
    lab.server.clearFaults();
    lab.server.lagMs = 0;
    lab.server.lagReads = 0;
    await lab.store.query(
      "update slugline.account set next_at = '-infinity', state = 'active', spacing_s = 0, rests_until = null, rests_why = null, allowance = '{}'",
    );
    await lab.store.query("delete from slugline.brake");
  });
  return lab;
}
