import type { ParseArgsOptionsConfig } from "node:util";
import { didYouMean } from "../config/nearest.ts";
import { NETWORKS } from "../config/networks.ts";
import { plain } from "../lib/say.ts";
import { listedAccounts, putAccount, refuseFileAccount } from "../newsroom/credential-account.ts";
import type { Db } from "../store/db.ts";
import { migrate } from "../store/migrate.ts";
import { ACCOUNT_OPTIONS, askAccount, optionsOf } from "./account-fields.ts";
import { createAsker } from "./ask.ts";
import { text, unknownAccount, withStore, WrongUsage, type Call, type Command } from "./command.ts";
import { linesOf, verifier, type Told } from "./verify.ts";

const string = { type: "string" } as const;

/** What every account may be given, and what any network's row asks for. */
const OPTIONS: ParseArgsOptionsConfig = {
  ...Object.fromEntries([...ACCOUNT_OPTIONS, "takes"].map((name) => [name, string])),
  rehearsal: { type: "boolean" },
  ...Object.fromEntries(Object.values(NETWORKS).flatMap((row) => optionsOf(row).map((option) => [option, string]))),
};

export const accountAdd: Command = {
  usage: "slugline account add <name> --network NETWORK [--takes all]",
  about: "Adds an account, or gives it anew: asks for what its network needs, seals its secrets, and verifies it.",
  options: OPTIONS,
  least: 1,
  most: 1,
  run: (call) =>
    withStore(call, async (store, config, log) => {
      const name = call.inputs[0] ?? "";
      await migrate(store, log);
      await refuseFileAccount(store, name);
      await refuseUnknown(store, "voice", text(call.values["voice"]) ?? "plain", "plain");
      const takes = await sourcesTaken(store, call);
      const asker = createAsker(call);
      const { account, secrets } = await askAccount(call, name, asker).finally(() => asker.close());
      const { id, rehearsalWhy } = await putAccount(store, account, secrets, {
        keys: config.keys,
        shortUrl: config.shortUrl,
        takes,
      });
      const why = account.rehearsal ? "as asked" : rehearsalWhy && plain(rehearsalWhy);
      const verify = verifier(store, config);
      const told = secrets.size > 0 ? await verify.ask(id).finally(() => verify.close()) : (await verify.close(), undefined);
      if (call.json) {
        call.out(JSON.stringify({ account: name, network: account.network, rehearsal: why, verified: told ?? null }));
      } else {
        call.out(`Account ${name} is kept, with ${secrets.size === 1 ? "1 sealed secret" : `${secrets.size} sealed secrets`}.`);
        if (why !== null) call.out(`It is in rehearsal: ${why}`);
        if (takes === null)
          call.out("No rule of its own gives it stories; --takes all, or --takes with names of sources, makes one.");
        if (told) linesOf(told).forEach(call.out);
      }
      return told && !told.ok ? 1 : 0;
    }),
};

export const accountVerify: Command = {
  usage: "slugline account verify [name]",
  about: "Asks each account's network whether it works, whose it is, how much a post may hold and when its token ends.",
  least: 0,
  most: 1,
  run: (call) =>
    withStore(call, async (store, config) => {
      const all = await listedAccounts(store);
      const [name] = call.inputs;
      const chosen = name === undefined ? all.filter((one) => one.state !== "disabled") : all.filter((one) => one.name === name);
      if (name !== undefined && chosen.length === 0) throw unknownAccount(name, all);
      // An account in rehearsal is left in peace unless it is named: its network hears nothing of it.
      const asked = chosen.filter((one) => one.network !== "rehearsal" && (name !== undefined || !one.rehearsal));
      const skipped = chosen.filter((one) => !asked.includes(one)).map((one) => one.name);
      const verify = verifier(store, config);
      const told: Told[] = await Promise.all(asked.map(({ id }) => verify.ask(id))).finally(() => verify.close());
      const ok = told.every((one) => one.ok);
      if (call.json) call.out(JSON.stringify({ ok, accounts: told, skipped }));
      else {
        told.flatMap(linesOf).forEach(call.out);
        if (skipped.length > 0) call.out(`In rehearsal, not asked: ${skipped.join(", ")}.`);
        if (chosen.length === 0) call.out("There are no accounts.");
      }
      return ok ? 0 : 1;
    }),
};

/** The sources whose stories the account is to be given; empty for all, null when nothing is said. */
async function sourcesTaken(db: Db, call: Call): Promise<string[] | null> {
  const said = text(call.values["takes"]);
  if (said === undefined) return null;
  const sources = said.split(",").map((one) => one.trim());
  if (sources.includes("all")) return [];
  for (const source of sources) await refuseUnknown(db, "source", source);
  return sources;
}

async function refuseUnknown(db: Db, what: "voice" | "source", name: string, ...besides: string[]): Promise<void> {
  const found = await db.query<{ name: string }>(`select name from slugline.${what} order by name`);
  const names = [...new Set([...besides, ...found.rows.map((row) => row.name)])];
  if (!names.includes(name))
    throw new WrongUsage(`There is no ${what} "${name}".${didYouMean(name, names)} There is: ${names.join(", ") || "none"}.`);
}
