import { dueDeliveries } from "../../src/delivery/due.ts";
import { advance as advanceStore, type TestStore } from "./store.ts";

/**
 * Lets a newsroom's time go by as a worker would see it: in each step whatever is due is rung for, and then the clocks of
 * the store and of the stand-ins move on.
 *
 * @param steps how many, of `stepS` seconds each
 * @param each called after each step with the seconds gone by; true ends it
 */
export async function goBy(
  store: TestStore,
  desk: { ring(post: string): Promise<void> },
  { steps, stepS, clocks }: { steps: number; stepS: number; clocks: readonly { advance(ms: number): void }[] },
  each: (seconds: number, rung: number) => boolean | Promise<boolean | void> | void = () => undefined,
): Promise<void> {
  for (let step = 1; step <= steps; step += 1) {
    const due = await dueDeliveries(store, 500);
    for (const post of due) await desk.ring(post);
    await advanceStore(store, `${stepS}s`);
    for (const clock of clocks) clock.advance(stepS * 1_000);
    if ((await each(step * stepS, due.length)) === true) return;
  }
}
