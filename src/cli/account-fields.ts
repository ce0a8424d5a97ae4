import { checkAllowance } from "../config/allowance.ts";
import { readAccount, type NewsroomAccount } from "../config/newsroom.ts";
import { envField, NETWORK_NAMES, NETWORKS, secretsAsked, type NetworkRow } from "../config/networks.ts";
import { pathText } from "../config/yaml.ts";
import type { Asker } from "./ask.ts";
import { noSuch, text, WrongUsage, type Call } from "./command.ts";

/** As newsroom.yaml has a key, so the command line: `onUnknown` is --on-unknown. */
function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What every account may be given besides its name and network, by the keys of newsroom.yaml. */
const ACCOUNT_KEYS = ["server", "handle", "lang", "voice", "mode", "spacing", "picture", "link", "onUnknown"];

/** The options of what an account may do, with the keys of newsroom.yaml they stand for. */
const ALLOWANCE_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  "per-hour": ["perHour"],
  "per-day": ["perDay"],
  "time-zone": ["timeZone"],
  "quiet-from": ["quiet", "from"],
  "quiet-to": ["quiet", "to"],
  "quiet-breaking": ["quiet", "breaking"],
  "budget-per-day": ["budget", "perDay"],
  "budget-per-month": ["budget", "perMonth"],
  "breaking-share": ["budget", "breakingShare"],
  "cost-plain": ["cost", "plain"],
  "cost-with-link": ["cost", "withLink"],
  "cost-read": ["cost", "read"],
};

/** The options with which any account is described, whatever its network. */
export const ACCOUNT_OPTIONS: readonly string[] = ["network", ...ACCOUNT_KEYS.map(optionName), ...Object.keys(ALLOWANCE_OPTIONS)];

/** What newsroom.yaml would hold under these keys: numbers and yes or no as such, all else as text. */
function put(written: Record<string, unknown>, [key = "", inner]: readonly string[], value: string | undefined): void {
  if (value === undefined) return;
  const meant = /^\d+$/.test(value) ? Number(value) : value === "true" || value === "false" ? value === "true" : value;
  if (inner === undefined) written[key] = meant;
  else written[key] = { ...(written[key] as object | undefined), [inner]: meant };
}

/** The option that names the variable a secret is read from, once, now. */
function secretOption(secret: string): string {
  return optionName(envField(secret));
}

/**
 * What an account's network needs, by its row: from the options where they say it, else asked for.
 *
 * @throws WrongUsage with every fault of what was said, none of which shows a secret
 */
export async function askAccount(
  call: Call,
  name: string,
  asker: Asker,
): Promise<{ account: NewsroomAccount; secrets: ReadonlyMap<string, string> }> {
  const option = (key: string) => text(call.values[optionName(key)]);
  const rehearsal = call.values["rehearsal"] === true;
  const network =
    option("network") ??
    (await asker.ask({ what: "network", where: `one of ${NETWORK_NAMES.join(", ")}`, secret: false, how: "--network" }));
  const row = NETWORKS[network];
  if (!row) throw noSuch("network", network, NETWORK_NAMES);
  refuseOthers(call, network, row);
  const written: Record<string, unknown> = { name, network, rehearsal };
  for (const key of [...ACCOUNT_KEYS, ...Object.keys(row.settings)]) if (option(key) !== undefined) written[key] = option(key);
  for (const [name, path] of Object.entries(ALLOWANCE_OPTIONS)) put(written, path, text(call.values[name]));
  for (const [key, where] of rehearsal ? [] : needed(row))
    written[key] ??= await asker.ask({ what: key, where, secret: false, how: `--${optionName(key)}` });
  const faults: string[] = [];
  const account = readAccount(written, (path, problem) => void faults.push(`${pathText(path)}: ${problem}`));
  checkAllowance(written, [], (path, problem) => void faults.push(`${pathText(path)}: ${problem}`));
  if (!account || faults.length > 0) throw new WrongUsage(faults.join("\n"));
  return { account, secrets: await askSecrets(call, row, asker, rehearsal) };
}

function needed(row: NetworkRow): [string, string][] {
  return [
    ...(row.server && "like" in row.server
      ? [["server", `where the account is, such as ${row.server.like}`] as [string, string]]
      : []),
    ...(row.handle ? [["handle", row.handle.where] as [string, string]] : []),
    ...Object.entries(row.settings).flatMap(([key, one]) => (one.needed ? [[key, one.where] as [string, string]] : [])),
  ];
}

async function askSecrets(call: Call, row: NetworkRow, asker: Asker, rehearsal: boolean): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  const asked = secretsAsked(row, (secret) => call.values[secretOption(secret)] !== undefined);
  for (const [secret, { where, wrong }] of Object.entries(asked)) {
    const variable = text(call.values[secretOption(secret)]);
    if (variable === undefined && rehearsal) continue;
    const value =
      variable === undefined
        ? await asker.ask({ what: secret, where, secret: true, how: `--${secretOption(secret)} VARIABLE` })
        : call.env[variable]?.trim();
    // Not shown: people give the secret itself here.
    if (!value)
      throw new WrongUsage(`--${secretOption(secret)} takes the name of an environment variable that is set, never the secret.`);
    const problem = wrong?.(value);
    if (problem !== undefined) throw new WrongUsage(`${secret} ${problem}`);
    secrets.set(secret, value);
  }
  return secrets;
}

/** The options that an account's network brings along. */
export function optionsOf({ settings, secrets, signIn = {} }: NetworkRow): string[] {
  return [...Object.keys(settings).map(optionName), ...Object.keys({ ...secrets, ...signIn }).map(secretOption)];
}

/** An option of another network is a slip, not something to be passed over. */
function refuseOthers(call: Call, network: string, row: NetworkRow): void {
  const own = optionsOf(row);
  const all = Object.values(NETWORKS).flatMap(optionsOf);
  const strange = all.find((name) => !own.includes(name) && call.values[name] !== undefined);
  if (strange !== undefined)
    throw new WrongUsage(
      `An account on ${network} has no --${strange}.${own.length > 0 ? ` It has: ${own.map((one) => `--${one}`).join(", ")}.` : ""}`,
    );
}
