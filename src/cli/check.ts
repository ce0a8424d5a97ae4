import { messagesIn } from "../editor/messages.ts";
import { troubles } from "../health/health.ts";
import { migrationState } from "../store/migrate.ts";
import { withStore, type Command } from "./command.ts";

export const check: Command = {
  usage: "slugline check",
  about: "Says what is wrong, late or silent: configuration, store, accounts, sources, deliveries.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store, config) => {
      const { applied, expected, pending } = await migrationState(store);
      const found = pending.length > 0 ? [] : await troubles(store);
      const alarms = pending.length > 0 || found.some(({ severity }) => severity === "alarm");
      if (call.json) {
        call.out(JSON.stringify({ ok: !alarms, newsroom: config.newsroomFile ?? null, migrations: { applied, expected, pending }, troubles: found }));
        return alarms ? 1 : 0;
      }
      call.out(`Configuration  ${config.newsroomFile ?? "none; this is the rehearsal newsroom"}`);
      call.out(`Store          ${config.databaseUrl ? "DATABASE_URL" : config.dataDir}`);
      call.out(pending.length > 0 ? `Migrations     missing: ${pending.join(", ")}. Run: slugline migrate` : `Migrations     ${applied}, as expected`);
      const { t } = messagesIn("en");
      for (const { code, severity, args, since } of found) call.out(`${severity === "alarm" ? "ALARM  " : "warning"}        ${t(`trouble.${code}`, args)}${since ? ` (since ${since.toISOString()})` : ""}`);
      if (found.length === 0 && pending.length === 0) call.out("Nothing is silent, late or wrong.");
      return alarms ? 1 : 0;
    }),
};
