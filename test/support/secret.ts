import { Fault } from "../../src/lib/fault.ts";
import type { Secret } from "../../src/networks/network.ts";

/** An account's secrets in memory, one refresh at a time as the store has it; `kept` is what a driver stored for itself. */
export function secretOf(given: Readonly<Record<string, string>>): Secret & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    kept,
    async get(name) {
      const value = kept.get(name) ?? given[name];
      if (value === undefined) throw new Fault("SECRET_MISSING", `The account has no ${name}.`);
      return value;
    },
    find: async (name) => kept.get(name) ?? given[name],
    update: async (name, value) => void kept.set(name, value),
    alone(work) {
      const mine = last.then(work, work);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
