import { Fault, reasonOf } from "../lib/fault.ts";
import type { Deadline, Outcome, Ready } from "../networks/network.ts";
import type { Driver } from "../newsroom/drivers.ts";
import { start, type Try } from "./begin.ts";
import { listening, scopesOf } from "./brakes.ts";
import type { DeliveryDeps } from "./deps.ts";
import { finish } from "./finish.ts";
import { keyOf, linkIn } from "./key.ts";
import type { Rounds } from "./rounds.ts";
import type { DeliveryRow } from "./store.ts";

/** The moment before the lease began, on both of this machine's clocks (ms). */
interface Leased {
  readonly monotonic: number;
  readonly wall: number;
}

/** Sends a due delivery once, if everything still allows it (DESIGN R2, R3). */
export async function send(deps: DeliveryDeps, delivery: DeliveryRow, signal: AbortSignal, rounds?: Rounds): Promise<void> {
  const driver = await deps.driver(delivery.account_id);
  const leased = { monotonic: deps.clock.monotonic(), wall: deps.clock.now() };
  deps.crashpoint("before-intent");
  const scopes = await scopesOf(driver, delivery.account_id);
  const starting = { seen: delivery, driver, scopes };
  const now = (await rounds?.start(starting)) ?? (await deps.store.transaction((db) => start(deps, db, starting)));
  if (!now || !driver) return;
  deps.crashpoint("after-intent");
  const { driver: ears, heard } = listening(driver);
  const outcome = await attempt(deps, ears, now, leased, signal);
  deps.crashpoint("after-answer");
  const ended = { accountId: delivery.account_id, begun: now.begun, outcome, heard };
  if (!(await rounds?.finish(ended))) await finish(deps, ended);
  deps.crashpoint("after-confirm");
}

async function attempt(deps: DeliveryDeps, driver: Driver, now: Try, leased: Leased, signal: AbortSignal): Promise<Outcome> {
  // The last moment to begin writing: what follows still ends, by its own time limit, before the lease does (T5).
  const most = deps.timing.leaseMs - deps.timing.requestMs;
  const deadline: Deadline = {
    check() {
      deps.crashpoint("before-write");
      // The monotonic clock stands still while the machine is suspended; the wall clock does not.
      if (deps.clock.monotonic() - leased.monotonic > most || deps.clock.now() - leased.wall > most)
        throw new Fault("DEADLINE_PASSED", "The lease ran out before the request was written.");
    },
  };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.timing.leaseMs - 1_000)]);
  try {
    return await driver.network.publish(driver.account, ready(now), { ...keyOf(now.linkCode, now.begun, now), deadline }, limit);
  } catch (error) {
    deps.log.error({ err: error, delivery: now.delivery.id }, "a driver threw; its outcome is unknown");
    return { kind: "unknown", why: reasonOf(error) };
  }
}

function ready(now: Try): Ready {
  const { text, lang, media, card, sensitive, spoiler } = now.revision;
  const link = linkIn(text, now.linkCode);
  const under = media.length > 0 ? null : card;
  return { text, lang, link, media, card: under, sensitive, spoiler, ...(now.replyTo ? { replyTo: now.replyTo } : {}) };
}
