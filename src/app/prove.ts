import { setTimeout as sleep } from "node:timers/promises";
import { sentenceOf } from "../lib/fault.ts";
import type { Account, DeliveryKey, Network, Outcome, Ready } from "../networks/network.ts";

/** What became of each step, as a sentence; `ok`: all that the network allows was done and is as it should be. */
export interface Proof {
  readonly ok: boolean;
  readonly posted: { readonly id: string; readonly url: string | null } | null;
  /** Null: this network lets nobody look. */
  readonly found: boolean | null;
  /** Null: a program cannot remove it there. */
  readonly removed: boolean | null;
  readonly steps: readonly {
    readonly step: "verify" | "post" | "find" | "remove";
    readonly ok: boolean;
    readonly said: string;
  }[];
}

interface Asked {
  readonly network: Network;
  readonly account: Account;
  /** Unlike any other post's. */
  readonly mark: string;
  readonly link: string | null;
  /** Told of each step before it begins. */
  readonly begins: (step: string) => void;
  readonly now: () => number;
  readonly random: () => number;
}

const UNKNOWN = { ok: false, id: null, handle: null, endsAt: null };
const WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 3_000;
/** A step that surely did nothing is tried again so often. */
const TRIES = 3;

/** Posts one marked post on the real network, looks for it as a delivery would, and takes it away again, whatever happened. */
export async function proveAccount({ network, account, mark, link, begins, now, random }: Asked): Promise<Proof> {
  const steps: Proof["steps"][number][] = [];
  const done = (step: Proof["steps"][number]["step"], ok: boolean, said: string) => (steps.push({ step, ok, said }), ok);
  const nothing = { posted: null, found: null, removed: null };

  begins("Asking whose the account is");
  const verified = await network.verify(account, limit()).catch((error: unknown) => ({ ...UNKNOWN, why: sentenceOf(error) }));
  if (!done("verify", verified.ok, verified.why ?? `It is ${verified.handle ?? verified.id ?? "one without a name"}.`))
    return { ok: false, ...nothing, steps };

  const text = `Slugline proves this account: ${mark}. This post is removed at once.${link === null ? "" : ` ${link}`}`;
  const post: Ready = { text, lang: "en", link, media: [], card: cardOf(link), sensitive: false, spoiler: null };
  const started = now();
  const key: DeliveryKey = {
    idempotency: network.newKey?.({ now: started, random }) ?? `prove-${mark}`,
    link,
    text,
    intentAt: started,
    now: started,
  };
  begins("Posting");
  const outcome = await patiently(() => network.publish(account, post, key, limit()), now);
  if (outcome.kind !== "posted" && outcome.kind !== "unknown") {
    done("post", false, `${outcome.kind}: ${outcome.why}`);
    return { ok: false, ...nothing, steps };
  }
  done("post", outcome.kind === "posted", outcome.kind === "posted" ? `It stands there as ${outcome.id}.` : outcome.why);
  let posted = outcome.kind === "posted" ? { id: outcome.id, url: outcome.url } : null;

  let found: boolean | null = null;
  if (network.find) {
    begins("Looking for it");
    const look = await lookFor(network, account, key, now);
    found = look.id !== null && (posted === null || look.id === posted.id);
    done("find", found, look.id === null ? look.why : found ? "Found by its link or words." : `Found another one: ${look.id}.`);
    if (posted === null && look.id !== null) posted = { id: look.id, url: look.url };
  }

  let removed: boolean | null = null;
  if (network.remove && posted !== null) {
    begins("Removing it");
    const { id, url } = posted;
    const taken = await patiently(() => network.remove!(account, id, limit()), now);
    removed = taken.kind === "posted";
    done("remove", removed, taken.kind === "posted" ? "It is removed." : `It still stands at ${url ?? id}: ${taken.why}`);
  }
  const ok = posted !== null && outcome.kind === "posted" && found !== false && removed !== false;
  return { ok, posted, found, removed, steps };
}

function limit(): AbortSignal {
  return AbortSignal.timeout(WITHIN_MS);
}

/** What was surely not done is done again, when the network likes, within a minute. */
async function patiently(act: () => Promise<Outcome>, now: () => number): Promise<Outcome> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await act().catch((error: unknown): Outcome => ({ kind: "unknown", why: sentenceOf(error) }));
    const waitMs = outcome.kind === "busy" ? Math.max((outcome.retryAt ?? now()) - now(), 1_000) : 0;
    if (outcome.kind !== "busy" || tries === TRIES || waitMs > 60_000) return outcome;
    await sleep(waitMs);
  }
}

async function lookFor(
  network: Network,
  account: Account,
  key: DeliveryKey,
  now: () => number,
): Promise<{ id: string; url: string | null } | { id: null; why: string }> {
  const until = now() + network.settleMs;
  for (;;) {
    const found = await network.find!(account, { ...key, now: now() }, new Set(), limit()).catch((error: unknown) => ({
      kind: "cannot-tell" as const,
      why: sentenceOf(error),
    }));
    if (found.kind === "posted") return { id: found.id, url: found.url };
    if (now() >= until) return { id: null, why: found.kind === "absent" ? "It is not to be found." : found.why };
    await sleep(Math.min(LOOK_EVERY_MS, Math.max(until - now(), 100)));
  }
}

function cardOf(link: string | null): Ready["card"] {
  return link === null ? null : { url: link, title: "Slugline proves this account", description: "", image: null };
}
