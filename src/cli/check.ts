import { createLanguages } from "../editor/languages.ts";
import { plain } from "../lib/say.ts";
import { systemClock } from "../lib/time.ts";
import { createQueue } from "../queue/queue.ts";
import { listen } from "../store/listen.ts";
import { troubles, type Trouble } from "../health/health.ts";
import { migrationState } from "../store/migrate.ts";
import { sealedUnderOthers } from "../newsroom/seal-rotate.ts";
import { withStore, type Command } from "./command.ts";
import { missingSecrets } from "./missing-secrets.ts";

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
      const found = pending.length > 0 ? [] : (await troubles(store)).map(readable);
      const [missing, oldKeys] =
        pending.length > 0 ? [[], 0] : await Promise.all([missingSecrets(store, config), sealedUnderOthers(store, config.keys)]);
      const alarms =
        pending.length > 0 ||
        queueTrouble !== undefined ||
        missing.length > 0 ||
        found.some(({ severity }) => severity === "alarm");
      if (call.json) {
        call.out(
          JSON.stringify({
            ok: !alarms,
            newsroom: config.newsroomFile ?? null,
            migrations: { applied, expected, pending },
            queue: queueTrouble ?? null,
            secrets: { missing, underOldKeys: oldKeys },
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
      for (const { why } of missing) call.out(`ALARM          ${why}`);
      if (oldKeys > 0) call.out(`warning        ${oldKeys} sealed under an older key. Run: slugline key rotate`);
      const { t, has } = createLanguages().first("en").messages;
      for (const { code, severity, args, since } of found) {
        call.out(
          `${severity === "alarm" ? "ALARM  " : "warning"}        ${t(`trouble.${code}`, args)}${since ? ` (since ${since.toISOString()})` : ""}`,
        );
        if (has(`trouble.${code}.do`)) call.out(`               ${t(`trouble.${code}.do`, args)}`);
      }
      if (found.length === 0 && oldKeys === 0 && !alarms) call.out("Nothing is silent, late or wrong.");
      return alarms ? 1 : 0;
    }),
};

/** A trouble whose reason is read in a terminal or by a program. */
function readable({ args, ...trouble }: Trouble): Trouble {
  const { why } = args;
  return { ...trouble, args: typeof why === "string" ? { ...args, why: plain(why) } : args };
}
