import type { Account, DeliveryKey, Found, Network, Outcome, Ready } from "../../../src/networks/network.ts";
import type { Dice } from "../seed.ts";
import type { Gate } from "./gate.ts";

/** A post that stands on a server of ours. */
interface Standing {
  readonly id: string;
  readonly accountId: string;
  readonly text: string;
  readonly link: string | null;
  /** The id of the post it answers. */
  readonly parent: string | null;
  /** The step in which its request was written. */
  readonly writtenAt: number;
  readonly acceptedAt: number;
  /** From when on a look shows it (ms of the run's clock). */
  readonly visibleAt: number;
}

/** What a class of networks keeps, in ms. */
interface Kind {
  readonly promise: Network["promise"];
  readonly settleMs: number;
  /** How long it honours a key; 0: it has none. */
  readonly keyMs: number;
  /** The same words twice are refused as a duplicate (X). */
  readonly refusesSameWords?: true;
}

export const KINDS = {
  /** As Mastodon: a key, stored after the post, for an hour. */
  keyed: { promise: "reconciled", settleMs: 45_000, keyMs: 55 * 60_000 },
  /** As X: no key, but the same words are refused. */
  unkeyed: { promise: "reconciled", settleMs: 60_000, keyMs: 0, refusesSameWords: true },
  /** As Bluesky: the key is the post's place. */
  exact: { promise: "exact", settleMs: 5_000, keyMs: Number.MAX_SAFE_INTEGER },
  /** As Telegram: nobody can look. */
  blind: { promise: "asked", settleMs: 0, keyMs: 0 },
} as const satisfies Record<string, Kind>;
export type KindName = keyof typeof KINDS;

/** A request may wait this long inside the server before it acts; longer than we wait for its answer. */
const STUCK_MS = 25_000;
const WORDS_MS = 30 * 60_000;

/** How one try goes: what the server does, when, and what we hear of it. */
type Fate =
  | "well"
  | "answer-lost"
  | "request-lost"
  | "stuck"
  | "limited"
  | "refused"
  | "locked-out"
  | "server-error"
  | "server-error-accepted";
const FATES: readonly Fate[] = [
  "answer-lost",
  "answer-lost",
  "request-lost",
  "stuck",
  "limited",
  "server-error",
  "server-error-accepted",
  "refused",
  "locked-out",
];

export interface ServerOptions {
  readonly name: string;
  readonly kind: Kind;
  readonly gate: Gate;
  readonly dice: Dice;
  /** The run's clock (ms). */
  now(): number;
  /** The chance that a try or a look goes wrong. */
  trouble(): number;
  /** Told of every fault, by its kind. */
  count(fault: string): void;
}

/** A network of our own in this process: it counts what it took, lags, lies, cuts, storms, and can be read back. */
export function createServer({ name, kind, gate, dice, now, trouble, count }: ServerOptions) {
  const standing: Standing[] = [];
  const keys = new Map<string, { id: string; until: number }>();
  let stuck: { at: number; act(): void }[] = [];

  /** The server acts on a request: the answer it would give. */
  function accept(account: Account, post: Ready, key: DeliveryKey, writtenAt: number, waitedMs: number): Outcome {
    const known = kind.keyMs > 0 ? keys.get(`${account.id} ${key.idempotency}`) : undefined;
    if (known && known.until >= now()) return { kind: "posted", id: known.id, url: null };
    const same = standing.some((it) => it.text === post.text && it.accountId === account.id && now() - it.acceptedAt < WORDS_MS);
    if (kind.refusesSameWords && same) return { kind: "unknown", why: "duplicate" };
    const id = `${name}-${standing.length + 1}`;
    const keyLost = kind.keyMs > 0 && kind.promise !== "exact" && dice.chance(trouble() / 2);
    if (keyLost) count("key lost after the post");
    else if (kind.keyMs > 0) keys.set(`${account.id} ${key.idempotency}`, { id, until: now() + kind.keyMs });
    // What only looks can protect is seen within the settle time; what a key protects may lag as long as it likes.
    const most = kind.keyMs > 0 && !keyLost ? 120_000 : Math.max(kind.settleMs - waitedMs - 1, 0);
    const lag = dice.chance(trouble() * 3) ? dice.between(0, most) : 0;
    if (lag > 0) count("read-back lags");
    standing.push({
      id,
      accountId: account.id,
      text: post.text,
      link: post.link,
      parent: post.replyTo?.parent.id ?? null,
      writtenAt,
      acceptedAt: now(),
      visibleAt: now() + lag,
    });
    return { kind: "posted", id, url: null };
  }

  function fateOf(): Fate {
    if (!dice.chance(trouble())) return "well";
    const fate = dice.pick(FATES);
    count(fate);
    return fate;
  }

  /** The driver as one actor has it. The request is written in the very turn in which the deadline was checked. */
  function driver(actor: string): Network {
    const usual = { max: 500, unit: "grapheme", perLink: null } as const;

    async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
      await gate.pass({ actor, label: `${name}: connects`, run: async () => undefined });
      try {
        signal.throwIfAborted();
        key.deadline?.check();
      } catch {
        count("stopped at the deadline");
        return { kind: "busy", why: "not written" };
      }
      const [fate, writtenAt] = [fateOf(), gate.step];
      const waited = dice.between(1_000, STUCK_MS);
      if (fate === "stuck") stuck.push({ at: now() + waited, act: () => void accept(account, post, key, writtenAt, waited) });
      const takes = fate === "well" || fate === "answer-lost" || fate === "server-error-accepted";
      const answer = takes ? accept(account, post, key, writtenAt, 0) : undefined;
      await gate.pass({ actor, label: `${name}: ${fate}`, run: async () => undefined });
      if (signal.aborted) return { kind: "unknown", why: "stopped while it waited for the answer" };
      switch (fate) {
        case "well":
          return answer!;
        case "limited":
          return { kind: "busy", why: "429", ...(dice.chance(0.7) ? { retryAt: now() + dice.between(-5_000, 300_000) } : {}) };
        case "refused":
          return { kind: "refused", why: "422" };
        case "locked-out":
          return { kind: "locked-out", why: "401" };
        default:
          return { kind: "unknown", why: fate, ...(dice.chance(0.2) ? { retryAt: now() + dice.between(0, 60_000) } : {}) };
      }
    }

    async function find(account: Account, key: DeliveryKey, owned: ReadonlySet<string>): Promise<Found> {
      const found = await gate.pass({ actor, label: `${name}: looks`, run: async () => look(account, key, owned) });
      // The answer is on its way while others act.
      await gate.pass({ actor, label: `${name}: saw ${found.kind}`, run: async () => undefined });
      return found;
    }

    const limits = async () => usual;
    const verify = async () => ({ ok: true, id: null, handle: null, endsAt: null, why: null });
    const plain = { name, promise: kind.promise, settleMs: kind.settleMs, keyMs: kind.keyMs, usual, limits, verify, publish };
    return kind.promise === "asked" ? plain : { ...plain, find };
  }

  function look(account: Account, key: DeliveryKey, owned: ReadonlySet<string>): Found {
    if (dice.chance(trouble())) {
      count("read-back fails");
      return { kind: "cannot-tell", why: "500", ...(dice.chance(0.3) ? { retryAt: now() + dice.between(0, 120_000) } : {}) };
    }
    const isIt = (it: Standing) =>
      key.link === null ? it.text === key.text && it.parent === (key.replyTo?.parent.id ?? null) : it.link === key.link;
    const mine = standing.find((it) => it.accountId === account.id && isIt(it) && it.visibleAt <= now() && !owned.has(it.id));
    return mine ? { kind: "posted", id: mine.id, url: null } : { kind: "absent" };
  }

  return {
    name,
    standing: standing as readonly Standing[],
    driver,
    /** Time has passed: what was stuck in the server is acted upon. */
    tick(): void {
      for (const it of stuck.filter(({ at }) => at <= now())) it.act();
      stuck = stuck.filter(({ at }) => at > now());
    },
  };
}

export type Server = ReturnType<typeof createServer>;
