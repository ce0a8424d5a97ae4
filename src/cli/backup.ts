import { resolve } from "node:path";
import { backUp } from "../app/backup.ts";
import { restoreFrom } from "../app/restore.ts";
import { Fault } from "../lib/fault.ts";
import { endHold, holdOf } from "../newsroom/hold.ts";
import { migrate } from "../store/migrate.ts";
import { withStore, WrongUsage, type Command } from "./command.ts";

const HERE = "the command line";

export const backup: Command = {
  usage: "slugline backup [file]",
  about: "Writes the whole newsroom into one file, while Slugline runs. No key is in it.",
  least: 0,
  most: 1,
  run: (call) =>
    withStore(call, async (store, config) => {
      const stamp = new Date().toISOString().replaceAll(":", "").replace(/\..*$/, "Z");
      const file = resolve(call.folder, call.inputs[0] ?? `slugline-${stamp}.backup`);
      const saved = await backUp(store, file, config.dataDir);
      if (call.json) call.out(JSON.stringify(saved));
      else {
        const rows = Object.values(saved.tables).reduce((sum, one) => sum + one, 0);
        call.out(`Backed up to ${file}: ${rows} rows as of ${saved.at}, ${saved.bytes} bytes.`);
        call.out("Not in it: .env, newsroom.yaml and the key that opens its secrets. Keep a copy of those, but not beside it.");
      }
      return 0;
    }),
};

export const restore: Command = {
  usage: "slugline restore <file> [--hold | --as-is]",
  about: "Brings a backup into an empty store. On hold, unless told otherwise: nothing is sent before what is out was found.",
  options: { hold: { type: "boolean" }, "as-is": { type: "boolean" } },
  least: 1,
  most: 1,
  run: (call) => {
    const asIs = call.values["as-is"] === true;
    if (asIs && call.values["hold"] === true) throw new WrongUsage("Either --hold or --as-is: it cannot be both.");
    return withStore(call, async (store, config) => {
      const file = resolve(call.folder, call.inputs[0] ?? "");
      const restored = await restoreFrom(file, store, { dataDir: config.dataDir, keys: config.keys, hold: !asIs });
      if (call.json) return (call.out(JSON.stringify(restored)), 0);
      const rows = Object.values(restored.tables).reduce((sum, one) => sum + one, 0);
      call.out(`Restored: ${rows} rows as of ${restored.at}, written by Slugline ${restored.version}.`);
      if (restored.clicks > 0) call.out(`${restored.clicks} clicks that were not counted yet are counted now.`);
      if (restored.links > 0)
        call.out(
          `${restored.links} short links that were made or changed since were read back from links.snapshot: they lead on.`,
        );
      if (restored.unreadable.length > 0)
        call.out(
          `No key here opens the secrets of: ${restored.unreadable.join(", ")}. Put the old key back into SLUGLINE_KEY, or give each anew with: slugline account add`,
        );
      call.out(
        restored.hold
          ? `On hold: ${restored.open} posts may have been sent since. Start Slugline: it looks for them, sends nothing, and says when the hold may be ended.`
          : "As it is: Slugline goes on where the backup ends. What was sent since, it would send again.",
      );
      return 0;
    });
  },
};

export const holdShow: Command = {
  usage: "slugline hold",
  about: "After a restore: how much is still looked for, what was found, what a person is asked.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store, _, log) => {
      await migrate(store, log);
      const hold = await holdOf(store);
      if (call.json) return (call.out(JSON.stringify({ hold: hold ?? null })), 0);
      if (!hold) return (call.out("There is no hold."), 0);
      call.out(`Restored ${hold.restoredAt.toISOString()} from a backup of ${hold.backupAt.toISOString()}; nothing is sent.`);
      call.out(`Being looked for: ${hold.open}. Found: ${hold.found}. A person is asked: ${hold.asked}.`);
      call.out(`Stories that wait for an answer: ${hold.stories}. Feeds not seen since: ${hold.unseen}.`);
      return 0;
    }),
};

export const holdEnd: Command = {
  usage: "slugline hold end",
  about: "Ends the hold after a restore: what is due goes out from now on.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store, _, log) => {
      await migrate(store, log);
      const ended = await endHold(store, { name: HERE, person: null });
      if (!ended.ok && ended.code === "open")
        throw new Fault(
          "HOLD_OPEN",
          `${ended.open} posts are still being looked for on their networks. Is a work process running? \`slugline hold\` says how far it is.`,
        );
      call.out(
        call.json ? JSON.stringify({ hold: null }) : ended.ok ? "The hold is over: what is due goes out." : "There is no hold.",
      );
      return 0;
    }),
};
