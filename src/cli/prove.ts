import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { networksFor } from "../app/networks.ts";
import { proveAccount, type Proof } from "../app/prove.ts";
import type { Config } from "../config.ts";
import { didYouMean } from "../config/nearest.ts";
import { Fault } from "../lib/fault.ts";
import { createOutbound } from "../lib/outbound/outbound.ts";
import { redacted, transcribed, type Exchange } from "../lib/outbound/transcript.ts";
import { systemClock } from "../lib/time.ts";
import { version } from "../lib/version.ts";
import { listedAccounts } from "../newsroom/credential-account.ts";
import { driverAccount, keepIn } from "../newsroom/drivers.ts";
import { accountById, type AccountRow } from "../newsroom/store.ts";
import type { Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { createAsker } from "./ask.ts";
import { text, withStore, WrongUsage, type Call, type Command } from "./command.ts";
import { listening } from "./secrets-heard.ts";

export const accountProve: Command = {
  usage: "slugline account prove <name> [--yes] [--plain] [--out FILE]",
  about: "Posts one marked post on the real network, finds it, removes it, and saves what was said, without secrets.",
  options: { yes: { type: "boolean" }, plain: { type: "boolean" }, out: { type: "string" } },
  least: 1,
  most: 1,
  run: (call) =>
    withStore(call, async (store, config) => {
      const row = await provable(store, call.inputs[0] ?? "");
      const link = call.values["plain"] === true ? null : linkIn(config);
      const outbound = createOutbound({
        allow: [...config.outboundAllow],
        userAgent: `Slugline/${version} (+${config.publicUrl})`,
      });
      try {
        const exchanges: Exchange[] = [];
        const network = networksFor(
          transcribed(outbound, (one) => void exchanges.push(one)),
          systemClock,
        ).get(row.network);
        if (!network) throw new Fault("NETWORK_UNKNOWN", `This version does not speak with ${row.network}.`);
        await agreed(call, row, network.usual.cost, link);
        const { account, heard } = listening(driverAccount(row, config.secrets, keepIn(store, config.keys)));
        const mark = randomBytes(6).toString("hex");
        const proof = await proveAccount({
          network,
          account,
          mark,
          link: link === null ? null : `${link}${mark}`,
          begins: (step) => call.err(`${step} ...`),
          now: () => systemClock.now(),
          random: Math.random,
        });
        const file = resolve(call.folder, text(call.values["out"]) ?? `proof-${row.name}-${stamp()}.json`);
        const told = {
          slugline: version,
          account: row.name,
          network: row.network,
          server: row.server,
          at: new Date().toISOString(),
          ...proof,
          exchanges: exchanges.map((one) => redacted(one, heard)),
        };
        // For whoever ran it alone: it shows the account's posts, if nothing that opens a door.
        await writeFile(file, `${JSON.stringify(told, null, 2)}\n`, { mode: 0o600 });
        if (proof.ok) await remember(store, row.id);
        if (call.json) call.out(JSON.stringify({ account: row.name, network: row.network, ...proof, transcript: file }));
        else lines(row, proof, file).forEach(call.out);
        return proof.ok ? 0 : 1;
      } finally {
        await outbound.close();
      }
    }),
};

/** @throws Fault ACCOUNT_UNKNOWN, ACCOUNT_DISABLED or ACCOUNT_IN_REHEARSAL */
async function provable(store: Store, name: string): Promise<AccountRow> {
  const all = await listedAccounts(store);
  const found = all.find((one) => one.name === name);
  const names = all.map((one) => one.name);
  if (!found) {
    const known = names.join(", ") || "none";
    throw new Fault("ACCOUNT_UNKNOWN", `There is no account "${name}".${didYouMean(name, names)} There is: ${known}.`);
  }
  if (found.state === "disabled")
    throw new Fault("ACCOUNT_DISABLED", `Account ${name} is disabled: put it back into newsroom.yaml first.`);
  if (found.rehearsal || found.network === "rehearsal")
    throw new Fault(
      "ACCOUNT_IN_REHEARSAL",
      `Account ${name} is in rehearsal, and nothing of it may reach its network. Take it out of rehearsal first.`,
    );
  return (await accountById(store, found.id))!;
}

/** An address on the newsroom's own site that leads to its first page, and is no other post's. */
function linkIn({ newsroom }: Config): string | null {
  return newsroom ? `${newsroom.site.url.replace(/\/$/, "")}/?slugline-proof=` : null;
}

/** Nothing is posted that nobody said yes to. */
async function agreed(
  call: Call,
  row: AccountRow,
  cost: { readonly plain: number; readonly withLink: number; readonly currency: string } | undefined,
  link: string | null,
): Promise<void> {
  if (call.values["yes"] === true) return;
  if (call.stdin.isTTY !== true)
    throw new WrongUsage(`This posts on ${row.server || row.network}, where everybody sees it for a moment. Say --yes to agree.`);
  const price = cost === undefined ? "" : ` It costs about ${link === null ? cost.plain : cost.withLink} ${cost.currency}.`;
  const asker = createAsker(call);
  const where = `one post of ${row.name} stands on ${row.server || row.network} for a moment, where everybody sees it.${price} Type yes to agree`;
  const answer = await asker.ask({ what: "yes", where, secret: false, how: "--yes" }).finally(() => asker.close());
  if (answer.toLowerCase() !== "yes") throw new Fault("STOPPED", "Stopped. Nothing was posted.");
}

async function remember(store: Store, accountId: string): Promise<void> {
  await store.transaction(async (db) => {
    await db.query("update slugline.account set proved_at = slugline.now() where id = $1", [accountId]);
    await tell(db, { kind: "account-proved", account: accountId });
  });
}

function lines(row: AccountRow, { ok, steps, found, removed, posted }: Proof, file: string): string[] {
  const title = { verify: "Whose it is", post: "Posted", find: "Found again", remove: "Removed" } as const;
  return [
    ...steps.map(({ step, ok: good, said }) => `${good ? "ok   " : "FAIL "} ${title[step]}: ${said}`),
    ...(posted && found === null ? [`-     ${row.network} lets nobody look for a post; it was not looked for.`] : []),
    ...(posted && removed === null
      ? [`-     ${row.network} has no way to take it back. Where it stands: ${posted.url ?? posted.id}`]
      : []),
    ok ? `${row.name} is proved on ${row.server || row.network}.` : `${row.name} is not proved.`,
    `What was said, without secrets: ${file}`,
  ];
}

function stamp(): string {
  return new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
}
