import { checkAllowance } from "./allowance.ts";
import { didYouMean } from "./nearest.ts";
import { parseDuration } from "../lib/time.ts";
import { envField, isWebhookSecret, NETWORKS, secretsAsked, WEBHOOK_SECRET } from "./networks.ts";
import { PART_PLACEHOLDERS, PLACEHOLDERS, UTM_PLACEHOLDERS } from "./schema.ts";
import type { Path } from "./yaml.ts";

/** Tells of a fault at a path. */
type Wrong = (path: Path, problem: string) => void;

/** What the file asks of the environment. */
export interface Asked {
  readonly secrets: (name: string) => string | undefined;
  readonly wrong: Wrong;
}

/**
 * What one part of newsroom.yaml says about another: names that stand twice, names that nobody has, secrets that are not
 * set, texts that ask for what there is not. Reads the file as it was written, so that a fault of form hides none of these.
 */
export function checkMeaning(written: unknown, { secrets, wrong }: Asked): void {
  const file = fieldsOf(written);
  const [sources, accounts, rules] = [listOf(file["sources"]), listOf(file["accounts"]), listOf(file["rules"])];
  const voices = fieldsOf(file["voices"]);
  twice("sources", sources, wrong);
  twice("accounts", accounts, wrong);
  accounts.forEach((account, at) => checkAccount(account, ["accounts", at], { secrets, wrong }));
  accounts.forEach((account, at) => checkAllowance(account, ["accounts", at], wrong));
  const knownVoices = ["plain", ...Object.keys(voices)];
  accounts.forEach((account, at) => known("voice", account["voice"], knownVoices, ["accounts", at, "voice"], wrong));
  sources.forEach((source, at) => {
    checkInterval(source, ["sources", at, "interval"], wrong);
    checkHook(source, ["sources", at], { secrets, wrong });
  });
  for (const [name, voice] of Object.entries(voices)) checkVoice(fieldsOf(voice), ["voices", name], wrong);
  const [sourceNames, accountNames] = [sources.map(nameOf), accounts.map(nameOf)];
  rules.forEach((rule, at) => {
    several(fieldsOf(rule["when"])["source"]).forEach(([name, step]) =>
      known("source", name, sourceNames, ["rules", at, "when", "source", ...step], wrong),
    );
    several(rule["accounts"]).forEach(([name, step]) =>
      known("account", name, accountNames, ["rules", at, "accounts", ...step], wrong),
    );
  });
}

/** Nobody is asked more often than this, but for what runs on this machine. */
const SHORTEST_S = 30;
const LONGEST_S = 7 * 86_400;

type Fields = Readonly<Record<string, unknown>>;

const UNLESS = " (or say rehearsal: true)";

/** An account that is to post must say all that its network's row asks for. */
function checkAccount(account: Fields, path: Path, { secrets, wrong }: Asked): void {
  if (account["rehearsal"] === true) return;
  const row = NETWORKS[String(account["network"])];
  if (row === undefined) {
    // A slip in the network's name hides nothing else.
    const named = Object.keys(account).filter((key) => key.endsWith("Env"));
    return named.forEach((key) => void checkSet(account[key], [...path, key], { secrets, wrong }, UNLESS));
  }
  const missing = (key: string, what: string) => {
    if (account[key] === undefined) wrong([...path, key], `is missing: ${what}${UNLESS}.`);
  };
  if (row.server && "like" in row.server)
    missing("server", `where the account's ${String(account["network"])} is, such as ${row.server.like}`);
  if (row.handle) missing("handle", row.handle.where);
  for (const [key, { where, needed }] of Object.entries(row.settings)) if (needed) missing(key, where);
  const asked = secretsAsked(row, (secret) => account[envField(secret)] !== undefined);
  for (const secret of Object.keys(row.secrets))
    if (!(secret in asked) && account[envField(secret)] !== undefined)
      wrong(
        [...path, envField(secret)],
        "is of the other way in: an account has keys of its own, or is signed in through an app.",
      );
  for (const [secret, { env, where, wrong: problemOf }] of Object.entries(asked)) {
    const key = envField(secret);
    missing(key, `the name of the environment variable that holds it, such as ${env}. Where to find it: ${where}`);
    const value = checkSet(account[key], [...path, key], { secrets, wrong }, `. Where to find it: ${where}${UNLESS}`);
    const problem = value === undefined ? undefined : problemOf?.(value);
    if (problem !== undefined) wrong([...path, key], `names a variable whose value ${problem}`);
  }
}

function checkInterval({ url, interval }: Fields, path: Path, wrong: Wrong): void {
  const seconds = typeof interval === "string" ? parseDuration(interval) : undefined;
  if (seconds === undefined) return;
  const shortest = isOnLoopback(url) ? 1 : SHORTEST_S;
  if (seconds < shortest || seconds > LONGEST_S) wrong(path, `must be between ${shortest}s and 7d.`);
}

function checkHook(source: Fields, path: Path, { secrets, wrong }: Asked): void {
  if (source["kind"] !== "hook") return;
  const secret = checkSet(source["secretEnv"], [...path, "secretEnv"], { secrets, wrong });
  if (secret === undefined) return;
  if (isWebhookSecret(secret)) return;
  wrong([...path, "secretEnv"], `names a variable whose value is no webhook secret: ${WEBHOOK_SECRET}`);
}

/** The value of the variable that is named, or undefined with a fault when it is not set; nothing when the name is none. */
function checkSet(name: unknown, path: Path, { secrets, wrong }: Asked, unless = ""): string | undefined {
  if (typeof name !== "string" || !/^[A-Z][A-Z0-9_]{1,63}$/.test(name) || /[^_]{20}/.test(name)) return undefined;
  const value = secrets(name);
  if (value === undefined)
    wrong(path, `the environment variable ${name} is not set. Set it in .env or in the environment${unless}.`);
  return value;
}

function checkVoice(voice: Fields, path: Path, wrong: Wrong): void {
  const text = voice["text"];
  const parts = Array.isArray(voice["parts"]) ? (voice["parts"] as unknown[]) : [];
  const linkedLater = parts.some((part) => typeof part === "string" && part.includes("{link}"));
  if (typeof text === "string") {
    const used = placeholders(text, PLACEHOLDERS, [...path, "text"], wrong);
    const links = used.filter((name) => name === "link").length;
    if (links > 1 || (links === 0 && !linkedLater))
      wrong([...path, "text"], "must hold {link} exactly once: it is how a post is found again.");
    if (!used.includes("headline") && !used.includes("summary")) wrong([...path, "text"], "must hold {headline} or {summary}.");
  }
  const bare = voice["textWithoutLink"];
  if (typeof bare === "string") {
    const there = PLACEHOLDERS.filter((name) => name !== "link");
    const used = placeholders(bare, there, [...path, "textWithoutLink"], wrong);
    if (!used.includes("headline") && !used.includes("summary"))
      wrong([...path, "textWithoutLink"], "must hold {headline} or {summary}.");
  }
  parts.forEach((part, at) => {
    if (typeof part !== "string") return;
    const used = placeholders(part, PART_PLACEHOLDERS, [...path, "parts", at], wrong);
    if (used.filter((name) => name === "more").length !== 1)
      wrong([...path, "parts", at], "must hold {more} exactly once: the story's next sentences.");
    if (used.filter((name) => name === "link").length > 1) wrong([...path, "parts", at], "may hold {link} only once.");
  });
  for (const key of ["reshare", "correction"] as const) {
    const own = voice[key];
    if (typeof own !== "string") continue;
    const there = key === "correction" ? [...PLACEHOLDERS, "correction"] : PLACEHOLDERS;
    const used = placeholders(own, there, [...path, key], wrong);
    if (used.filter((name) => name === "link").length !== 1)
      wrong([...path, key], "must hold {link} exactly once: it is how a post is found again.");
  }
  for (const [key, value] of Object.entries(fieldsOf(voice["utm"]))) {
    if (typeof value === "string") placeholders(value, UTM_PLACEHOLDERS, [...path, "utm", key], wrong);
  }
}

/** The names in braces; those there are not are faults. */
function placeholders(text: string, there: readonly string[], path: Path, wrong: Wrong): string[] {
  const used = [...text.matchAll(/\{([^{}\n]*)\}/g)].map((match) => match[1] ?? "");
  for (const name of used.filter((name) => !there.includes(name))) {
    wrong(path, `there is no {${name}}; there are ${there.map((it) => `{${it}}`).join(", ")}.${didYouMean(name, there)}`);
  }
  if (/[{}]/.test(text.replace(/\{[^{}\n]*\}/g, ""))) wrong(path, "has a brace without its partner.");
  return used;
}

function known(what: string, name: unknown, names: readonly string[], path: Path, wrong: Wrong): void {
  if (typeof name !== "string" || names.includes(name)) return;
  const there = names.filter((other) => other !== "");
  wrong(
    path,
    `there is no ${what} "${name}"${there.length > 0 ? `; there is ${there.join(", ")}` : ""}.${didYouMean(name, there)}`,
  );
}

function twice(list: string, items: readonly Fields[], wrong: Wrong): void {
  const names = items.map((item) => nameOf(item).toLowerCase());
  names.forEach((name, at) => {
    if (name !== "" && names.indexOf(name) < at)
      wrong([list, at, "name"], `"${name}" is already the name of ${list}[${names.indexOf(name)}]; each needs its own.`);
  });
}

function isOnLoopback(url: unknown): boolean {
  const host = URL.parse(String(url))?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

function nameOf(item: Fields): string {
  return typeof item["name"] === "string" ? item["name"] : "";
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** One or a list of names, each with what its path ends in. */
function several(value: unknown): [unknown, Path][] {
  return Array.isArray(value) ? value.map((item: unknown, at) => [item, [at]]) : [[value, []]];
}
