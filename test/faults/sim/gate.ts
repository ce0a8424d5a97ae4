import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../../../src/store/db.ts";

/** How a step goes: well, not done at all, or done while its answer is lost. */
export type How = "well" | "before" | "after";

/** Something an actor wants to do that others can see: a statement, a request, an answer. */
export interface Step {
  readonly actor: string;
  readonly label: string;
  /** The Postgres session it waits in, where it may wait for a lock. */
  readonly pid?: number;
  /** Whether it ends a transaction: whoever waits for a lock may go on then. */
  readonly frees?: boolean;
  run(how: How): Promise<unknown>;
}

interface Parked extends Step {
  readonly done: PromiseWithResolvers<unknown>;
}

/** Sooner, a statement is only slow; from then on we ask Postgres whether it waits for a lock. */
const PATIENCE_MS = 4;

/**
 * Where every step of every actor waits until it is let through, so that one seed decides what happens in which order.
 * Steps that wait for a lock inside Postgres stay under way until whoever holds it moves on.
 */
export function createGate(control: Db) {
  const parked: Parked[] = [];
  const underWay = new Map<Parked, Promise<void>>();
  /** Of those under way, whoever is known to wait for a lock. */
  const waiting = new Set<Parked>();
  const dead = new Set<string>();
  const trace: string[] = [];
  /** What is waited for beside the gate, each with its name. */
  const beside = new Map<Promise<unknown>, string>();
  let step = 0;
  let givenUp = false;

  /** Resolves with what `run` answers, once the scheduler has let it through; never, for an actor that is killed. */
  function pass<Answer>(it: Step & { run(how: How): Promise<Answer> }): Promise<Answer> {
    const done = Promise.withResolvers<unknown>();
    if (!dead.has(it.actor)) parked.push({ ...it, done });
    return done.promise as Promise<Answer>;
  }

  async function release(it: Parked, how: How): Promise<void> {
    parked.splice(parked.indexOf(it), 1);
    step += 1;
    trace.push(`${step} ${it.actor} ${it.label}${how === "well" ? "" : ` [${how === "before" ? "lost" : "answer lost"}]`}`);
    const running = it.run(how).then(
      (answer) => void (dead.has(it.actor) || it.done.resolve(answer)),
      (error: unknown) => void (dead.has(it.actor) || it.done.reject(error)),
    );
    underWay.set(
      it,
      running.finally(() => {
        underWay.delete(it);
        waiting.delete(it);
      }),
    );
    await settle(how !== "well" || it.frees === true);
  }

  /**
   * Until nothing moves any more by itself: every step is done, or waits for a lock that somebody parked holds.
   *
   * @param freed whether locks may have been let go, so that who waited for one may move
   */
  async function settle(freed = true): Promise<void> {
    if (freed) waiting.clear();
    await arrive();
    for (;;) {
      const moving = [...underWay].filter(([it]) => !waiting.has(it));
      if (moving.length === 0 || givenUp) break;
      await Promise.race([...moving.map(([, done]) => done), sleep(PATIENCE_MS)]);
      const still = moving.map(([it]) => it).filter((it) => underWay.has(it));
      const locked = still.length === 0 ? new Set() : await lockedOf(still);
      // Those that are granted a lock in this very moment are asked about again.
      if (still.every(({ pid }) => locked.has(pid))) for (const it of still) waiting.add(it);
    }
    // What is done goes on to its next step.
    await arrive();
  }

  async function lockedOf(steps: readonly Parked[]): Promise<ReadonlySet<unknown>> {
    const pids = steps.flatMap(({ pid }) => pid ?? []);
    const { rows } = await control.query<{ pid: number }>(
      "select distinct pid from pg_locks where not granted and pid = any($1)",
      [pids],
    );
    return new Set(rows.map(({ pid }) => pid));
  }

  /** Until everybody who can stands at the gate again. */
  async function arrive(): Promise<void> {
    do {
      if (givenUp) throw new Error("the run was given up");
      await turn();
      await turn();
    } while (beside.size > 0);
  }

  return {
    pass,
    release,
    settle,
    /** Locks were let go beside the gate: who waited may move. */
    freed: () => waiting.clear(),
    /** What is waited for beside the gate and comes whatever happens, such as a connection of the pool. */
    beside<Answer>(name: string, answer: Promise<Answer>): Promise<Answer> {
      beside.set(answer, name);
      return answer.finally(() => beside.delete(answer));
    },
    trace,
    get step() {
      return step;
    },
    /** Steps that may be let through, of actors that `runs`. */
    waiting: (runs: (actor: string) => boolean): Parked[] =>
      parked.filter(({ actor }) => runs(actor)).toSorted((one, other) => one.actor.localeCompare(other.actor)),
    /** Whether a statement is under way in this session of Postgres: it waits for a lock. */
    blocked: (pid: number): boolean => [...underWay.keys()].some((it) => it.pid === pid),
    /** Whether anybody waits for a lock. */
    busy: (): boolean => underWay.size > 0,
    /** What everybody waits for right now, and what was done last: for whoever finds the run standing still. */
    whereabouts: (): string =>
      [
        ...trace.slice(-10),
        ...Array.from(beside.values(), (name) => `beside the gate: ${name}`),
        ...Array.from(underWay.keys(), (it) => `under way${waiting.has(it) ? ", for a lock" : ""}: ${it.actor} ${it.label}`),
        ...parked.map((it) => `at the gate: ${it.actor} ${it.label}`),
      ].join("\n"),
    /** From here on nothing of this actor is done, as after a SIGKILL. */
    kill(actor: string): void {
      dead.add(actor);
      trace.push(`${step} ${actor} is killed`);
      for (const it of parked.filter((one) => one.actor === actor)) parked.splice(parked.indexOf(it), 1);
    },
    /** Whoever drives the run is let go with an error, wherever it waits. */
    giveUp: () => void (givenUp = true),
    isDead: (actor: string): boolean => dead.has(actor),
  };
}

export type Gate = ReturnType<typeof createGate>;
