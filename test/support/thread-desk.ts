import { answer } from "../../src/delivery/answer.ts";
import { parseDuration } from "../../src/lib/time.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { bluesky } from "../../src/networks/bluesky.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import type { Account, Network } from "../../src/networks/network.ts";
import { telegram } from "../../src/networks/telegram.ts";
import { webhook } from "../../src/networks/webhook.ts";
import { x } from "../../src/networks/x.ts";
import { addPart } from "../../src/post/parts.ts";
import { accountOn as blueskyAccountOn } from "./bluesky-bench.ts";
import { startBluesky } from "./bluesky.ts";
import { openDesk, SHORT_URL } from "./desk.ts";
import { accountOn as mastodonAccountOn } from "./mastodon-bench.ts";
import { startMastodon } from "./mastodon.ts";
import { advance as advanceStore, testStore } from "./store.ts";
import { telegramAccountOn } from "./telegram-bench.ts";
import { startTelegram } from "./telegram.ts";
import { startWebhook } from "./webhook.ts";
import { webhookAccountOn } from "./webhook-bench.ts";
import type { WireFault } from "./wire.ts";
import { startX } from "./x.ts";
import { xAccountOn } from "./x-bench.ts";

/** A post as its network keeps it, with the id of the one it answers. */
interface Standing {
  readonly id: string;
  readonly text: string;
  readonly parent: string | null;
  /** As a person copies it from the browser. */
  readonly address: string;
}

interface Stage {
  readonly network: Network;
  readonly account: Account;
  standing(): Standing[];
  next(fault: WireFault, times?: number): void;
  advance(ms: number): void;
  close(): Promise<void>;
}

const OUTBOUND = { allow: ["127.0.0.0/8"], userAgent: "Slugline-test/0" };
/** More than the stand-ins need when a file has just begun and all of it is still being compiled. */
const REQUEST_MS = 2_000;

/** Every network that speaks over a wire, each on its own stand-in, with what stands there and what answers what. */
export const STAGES: Readonly<Record<string, () => Promise<Stage>>> = {
  async mastodon() {
    const standIn = await startMastodon({ rateLimit: 100_000 });
    const outbound = createOutbound({ ...OUTBOUND, allow: [`127.0.0.1:${standIn.port}`] });
    return {
      network: mastodon(outbound, { requestMs: REQUEST_MS }),
      account: mastodonAccountOn(standIn.url),
      standing: () =>
        standIn.accepted.map(({ id, text, inReplyTo }) => ({
          id,
          text,
          parent: inReplyTo,
          address: `${standIn.url}/@desk/${id}`,
        })),
      next: standIn.next,
      advance: standIn.advance,
      close: async () => void (await Promise.all([standIn.close(), outbound.close()])),
    };
  },
  async x() {
    const standIn = await startX();
    const outbound = createOutbound({ ...OUTBOUND, allow: [`127.0.0.1:${standIn.port}`] });
    return {
      network: x(outbound, { requestMs: REQUEST_MS }),
      account: xAccountOn(standIn.url),
      standing: () =>
        standIn.accepted.map(({ id, text, replyTo }) => ({
          id,
          text,
          parent: replyTo,
          address: `https://x.com/example/status/${id}`,
        })),
      next: standIn.next,
      advance: standIn.advance,
      close: async () => void (await Promise.all([standIn.close(), outbound.close()])),
    };
  },
  async bluesky() {
    const standIn = await startBluesky();
    const outbound = createOutbound({ ...OUTBOUND, allow: [`127.0.0.1:${standIn.port}`] });
    return {
      network: bluesky(outbound, { requestMs: REQUEST_MS }),
      account: blueskyAccountOn(standIn.url),
      standing: () =>
        [...standIn.records.values()].map(({ uri, value }) => ({
          id: uri,
          text: String(value["text"]),
          parent: (value["reply"] as { parent: { uri: string } } | undefined)?.parent.uri ?? null,
          address: `https://bsky.app/profile/${standIn.did}/post/${uri.split("/").at(-1)}`,
        })),
      next: standIn.next,
      advance: standIn.advance,
      close: async () => void (await Promise.all([standIn.close(), outbound.close()])),
    };
  },
  async telegram() {
    const standIn = await startTelegram();
    const outbound = createOutbound({ ...OUTBOUND, allow: [`127.0.0.1:${standIn.port}`] });
    return {
      network: telegram(outbound, { requestMs: REQUEST_MS }),
      account: telegramAccountOn(standIn.url),
      standing: () =>
        standIn.accepted.map(({ chat, messages, text, replyTo }) => ({
          id: `${chat}/${messages[0]}`,
          text,
          parent: replyTo === null ? null : `${chat}/${replyTo}`,
          address: `https://t.me/dailyexample/${messages[0]}`,
        })),
      next: standIn.next,
      advance: standIn.advance,
      close: async () => void (await Promise.all([standIn.close(), outbound.close()])),
    };
  },
  async webhook() {
    const standIn = await startWebhook();
    const outbound = createOutbound({ ...OUTBOUND, allow: [`127.0.0.1:${standIn.port}`] });
    return {
      network: webhook(outbound, { requestMs: REQUEST_MS }),
      account: webhookAccountOn(standIn.url),
      standing: () =>
        standIn.accepted.map(({ id, data }) => ({
          id,
          text: data.text,
          parent: (data["replyTo"] as { parent: { id: string } } | null)?.parent.id ?? null,
          address: `https://partner.example/${id}`,
        })),
      next: standIn.next,
      advance: () => undefined,
      close: async () => void (await Promise.all([standIn.close(), outbound.close()])),
    };
  },
};

export type ThreadDesk = Awaited<ReturnType<typeof openThreadDesk>>;

/** A desk whose one account, `on`, is on a stand-in of this network; the store's clock and the network's go on together. */
export async function openThreadDesk(name: string, more: { readonly onUnknown?: string } = {}) {
  const stage = await STAGES[name]!();
  const { network, account } = stage;
  const store = await testStore();
  const { find } = network;
  const onStage: Network = {
    ...network,
    publish: (_account, ...rest) => network.publish(account, ...rest),
    ...(find ? { find: (_account, ...rest) => find(account, ...rest) } : {}),
  };
  const advance = async (db: typeof store, duration: string) => {
    await advanceStore(db, duration);
    stage.advance((parseDuration(duration) ?? 0) * 1_000);
  };
  const desk = await openDesk(store, { networks: [onStage], advance: (db, duration) => advance(db as typeof store, duration) });
  const accountId = await desk.account({ name: "on", network: name, ...more });
  const deps = { store, shortUrl: SHORT_URL, usualLimits: desk.usualLimits };
  const person = desk.person;
  const revisionOf = async (post: string) =>
    (await store.query<{ revision: number }>("select revision from slugline.post where id = $1", [post])).rows[0]!.revision;

  return {
    ...stage,
    store,
    desk,
    deps,
    person,
    accountId,
    advance: (duration: string) => advance(store, duration),
    revisionOf,

    /** A story whose post goes on with these parts; not decided about yet. */
    async thread(parts: readonly string[]): Promise<string[]> {
      const first = (await desk.story()).posts["on"]!;
      const ids = [first];
      for (const text of parts) {
        const added = await addPart(store, deps, { postId: first, revision: await revisionOf(first), text, person });
        if (!added.ok) throw new Error(added.code);
        ids.push(added.id);
      }
      return ids;
    },

    states: async (ids: readonly string[]) => Promise.all(ids.map((id) => desk.stateOf(id))),

    /** Rings every part and moves the clock on, until nothing changes any more but what a person must answer. */
    async run(ids: readonly string[], most = 60): Promise<string[]> {
      let states: string[] = [];
      for (let round = 0; round < most; round += 1) {
        for (const id of ids) await desk.ring(id);
        states = await Promise.all(ids.map((id) => desk.stateOf(id)));
        const moving = ["due", "sending", "unknown", "stale"];
        const first = states.find((state) => state !== "posted");
        if (first === undefined || !moving.includes(first)) return states;
        await advance(store, "20s");
      }
      return states;
    },

    /** A person mends what keeps a part from going on: by looking whether it is there, as a person would. */
    async mend(id: string): Promise<void> {
      await store.query("update slugline.account set state = 'active', next_at = '-infinity', failures = 0");
      const row = await desk.row(id);
      const text = (
        await store.query<{ text: string }>("select text from slugline.post_revision where post_id = $1 order by revision desc", [
          id,
        ])
      ).rows[0]!.text;
      const there = stage.standing().find((one) => one.text === text);
      const about = { deliveryId: String(row["id"]), person };
      if (row["state"] === "asked" && there) await answer(store, { ...about, answer: "there", url: there.address });
      else if (row["state"] === "asked" || row["state"] === "refused") await answer(store, { ...about, answer: "again" });
    },

    async [Symbol.asyncDispose]() {
      await desk.close();
      await stage.close();
    },
  };
}
