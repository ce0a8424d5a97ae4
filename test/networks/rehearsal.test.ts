import { rehearsal, type Timeline, type TimelineEntry } from "../../src/networks/rehearsal.ts";
import type { Account } from "../../src/networks/network.ts";
import { secretOf } from "../support/secret.ts";
import { networkContract } from "./contract.ts";

/** The local timeline in memory, with its promise: once per account and key. */
function memory(): Timeline & { readonly entries: (TimelineEntry & { readonly id: string })[] } {
  const entries: (TimelineEntry & { readonly id: string })[] = [];
  const under = (accountId: string, key: string) => entries.find((entry) => entry.accountId === accountId && entry.key === key);
  const at = (accountId: string, id: string) => entries.findIndex((entry) => entry.accountId === accountId && entry.id === id);
  return {
    entries,
    async put(entry) {
      const there = under(entry.accountId, entry.key);
      if (there) return { id: there.id, url: null, fresh: false };
      const id = `entry-${entries.length + 1}`;
      entries.push({ ...entry, id });
      return { id, url: null, fresh: true };
    },
    async find(accountId, key) {
      const entry = under(accountId, key);
      return entry && { id: entry.id, url: null };
    },
    async edit(accountId, id, said) {
      const entry = entries[at(accountId, id)];
      if (!entry) return undefined;
      entries.splice(at(accountId, id), 1, { ...entry, ...said });
      return { id, url: null };
    },
    async remove(accountId, id) {
      return at(accountId, id) >= 0 && entries.splice(at(accountId, id), 1).length === 1;
    },
  };
}

networkContract("rehearsal", async () => {
  const timeline = memory();
  const secret = secretOf({ token: "unused" });
  const account: Account = { id: "account-1", name: "trial", server: "", handle: "trial", settings: {}, secret };
  return {
    network: rehearsal(timeline),
    account,
    secret: "unused",
    standing: () => timeline.entries.map(({ id, text }) => ({ id, text })),
    close: async () => {},
  };
});
