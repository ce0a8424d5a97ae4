import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { approve } from "../src/review/decide.ts";
import { quantile } from "../test/support/slugline.ts";
import { until } from "../test/support/store.ts";
import { oneRound, type Round } from "./support/delivery-round.ts";
import { writePast, writePosts } from "./support/posts.ts";
import { missing, openStand, type Kind, type Stand } from "./support/delivery-stand.ts";
import type { Taken } from "./support/network-child.ts";

const ACCOUNTS = [1, 10, 100];
const POSTS = 500;
const PAST = 20_000;
const FIRST = 200;
const ROUNDS = 5;
const APPROVALS = 200;
const EVERY_MS = 100;
const AT_LEAST = 0.5;

const ALL = ["ours", "bare", "durable"] as const;
type Who = (typeof ALL)[number];

/**
 * Posts a second to a local network over 1, 10 and 100 accounts, beside a bare BullMQ job that makes the same request on
 * the same queue, and beside one that also writes down its beginning and its end; in turns, so that all meet the same machine.
 * The store is that of a newsroom which has posted for a year. All posts are there, and Postgres has counted them, before the
 * first round, which is not measured: each session has its plans then. And from an approval to the post taken, under light load.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  for (const kind of Object.keys(missing) as Kind[]) {
    if (missing[kind]) {
      console.log(`  ${kind}: not measured, ${missing[kind]}`);
      continue;
    }
    await using stand = await openStand(kind);
    await writePast(stand.store, stand.accounts, PAST);
    for (const accounts of ACCOUNTS) {
      const posts = await writePosts(stand.store, stand.accounts.slice(0, accounts), FIRST + ROUNDS * POSTS);
      for (const who of ALL) await oneRound(stand, who, posts.slice(0, FIRST));
      const rounds: Record<Who, Round[]> = { ours: [], bare: [], durable: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        const from = FIRST + round * POSTS;
        // Who goes first changes from round to round.
        for (const turn of ALL.keys()) {
          const who = ALL[(round + turn) % ALL.length]!;
          rounds[who].push(await oneRound(stand, who, posts.slice(from, from + POSTS)));
        }
      }
      tell(kind, accounts, rounds, json);
    }
    await tellLatency(kind, stand, json);
  }
}

/** From the answer to an approval to the post taken, one approval every 100 ms over ten accounts. */
async function tellLatency(kind: Kind, stand: Stand, json: boolean): Promise<void> {
  const posts = await writePosts(stand.store, stand.accounts.slice(0, 10), APPROVALS);
  const approved = new Map<string, number>();
  for (const { id, text } of posts) {
    const decided = await approve(stand.store, { postId: id, revision: 1, by: { rule: "bench" } });
    if (!decided.ok) throw new Error(`not approved: ${decided.code}`);
    approved.set(text, performance.timeOrigin + performance.now());
    await sleep(EVERY_MS);
  }
  const taken: Taken[] = [];
  await until(async () => taken.push(...(await stand.taken())) >= APPROVALS);
  const took = taken.map(({ text, at }) => at - approved.get(text)!);
  const [p50, p99] = [quantile(took, 0.5), quantile(took, 0.99)];
  const load = loadavg()[0]!;
  if (json)
    console.log(JSON.stringify({ bench: "approve-accepted", kind, approvals: APPROVALS, everyMs: EVERY_MS, p50, p99, load }));
  else
    console.log(
      `  ${kind}: approved -> taken by the network: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (${APPROVALS} approvals, one every ${EVERY_MS} ms; load ${load.toFixed(1)})`,
    );
}

function tell(kind: Kind, accounts: number, rounds: Record<Who, Round[]>, json: boolean): void {
  const middle = (who: Who, of: keyof Round) =>
    quantile(
      rounds[who].map((round) => round[of]),
      0.5,
    );
  const summed = (who: Who) => ({
    perSecond: middle(who, "perSecond"),
    workerMs: middle(who, "workerMs"),
    storesMs: middle(who, "storesMs"),
  });
  const beside = (who: Who) => {
    const ratios = rounds.ours.map(({ perSecond }, at) => perSecond / rounds[who][at]!.perSecond);
    return { ...summed(who), ratio: quantile(ratios, 0.5), ratios: ratios.toSorted((one, other) => one - other) };
  };
  const result = {
    ours: { ...summed("ours"), confirmedPerSecond: middle("ours", "confirmedPerSecond") },
    bare: beside("bare"),
    durable: beside("durable"),
    load: loadavg()[0]!,
  };
  if (json) return console.log(JSON.stringify({ bench: "delivery", kind, accounts, posts: POSTS, ...result }));
  const of = ({ perSecond, workerMs, storesMs }: ReturnType<typeof summed>) =>
    `${perSecond.toFixed(0)}/s (CPU a post: worker ${workerMs.toFixed(2)} ms, stores ${storesMs.toFixed(2)} ms)`;
  const ratioTo = ({ ratio, ratios }: ReturnType<typeof beside>) =>
    `ours is ${ratio.toFixed(2)} of it, ${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)} in ${ROUNDS} rounds of ${POSTS}`;
  console.log(
    `  ${kind}, ${accounts} account${accounts === 1 ? "" : "s"}: ${of(result.ours)}, confirmed ${result.ours.confirmedPerSecond.toFixed(0)}/s (load ${result.load.toFixed(1)})`,
  );
  console.log(`    bare job ${of(result.bare)}; ${ratioTo(result.bare)} (at least ${AT_LEAST} on Redis)`);
  console.log(`    bare job that writes down its beginning and its end ${of(result.durable)}; ${ratioTo(result.durable)}`);
}
