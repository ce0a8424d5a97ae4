import { messagesIn } from "../editor/messages.ts";
import { systemClock } from "../lib/time.ts";
import { createQueue } from "../queue/queue.ts";
import { listen } from "../store/listen.ts";
import { troubles } from "../health/health.ts";
import { migrationState } from "../store/migrate.ts";
import { withStore, type Command } from "./command.ts";

export const check: Command = {
  usage: "slugline check",
  about: "Says what is wrong, late or silent: configuration, store, accounts, sources, deliveries.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store, config, log) => {
      const { applied, expected, pending } = await migrationState(store);
      const queue = await createQueue({
        redisUrl: config.redisUrl,
        connection: store.connection,
        store,
        listen,
        log,
        clock: systemClock,
      });
      const queueTrouble = await queue.trouble().finally(() => queue.stop());
      const found = pending.length > 0 ? [] : await troubles(store);
      const alarms = pending.length > 0 || queueTrouble !== undefined || found.some(({ severity }) => severity === "alarm");
      if (call.json) {
        call.out(
          JSON.stringify({
            ok: !alarms,
            newsroom: config.newsroomFile ?? null,
            migrations: { applied, expected, pending },
            queue: queueTrouble ?? null,
            troubles: found,
          }),
        );
        return alarms ? 1 : 0;
      }
      call.out(`Configuration  ${config.newsroomFile ?? "none; this is the rehearsal newsroom"}`);
      call.out(`Store          ${config.databaseUrl ? "DATABASE_URL" : config.dataDir}`);
      call.out(
        pending.length > 0
          ? `Migrations     missing: ${pending.join(", ")}. Run: slugline migrate`
          : `Migrations     ${applied}, as expected`,
      );
      call.out(`Queue          ${queueTrouble ?? (config.redisUrl ? "on Redis" : "on the store")}`);
      const { t } = messagesIn("en");
      for (const { code, severity, args, since } of found)
        call.out(
          `${severity === "alarm" ? "ALARM  " : "warning"}        ${t(`trouble.${code}`, args)}${since ? ` (since ${since.toISOString()})` : ""}`,
        );
      if (found.length === 0 && !alarms) call.out("Nothing is silent, late or wrong.");
      return alarms ? 1 : 0;
    }),
};
