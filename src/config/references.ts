import { didYouMean } from "./nearest.ts";
import { parseDuration } from "../lib/time.ts";
import { PLACEHOLDERS, UTM_PLACEHOLDERS } from "./schema.ts";
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

function checkAccount(account: Fields, path: Path, { secrets, wrong }: Asked): void {
  if (account["network"] === "rehearsal" || account["rehearsal"] === true) return;
  const network = String(account["network"]);
  if (account["server"] === undefined)
    wrong([...path, "server"], `is missing: where ${network} is, such as https://mastodon.example (or say rehearsal: true).`);
  if (account["tokenEnv"] === undefined) {
    wrong(
      [...path, "tokenEnv"],
      "is missing: the name of the environment variable that holds the account's token (or say rehearsal: true).",
    );
  }
  checkSet(account["tokenEnv"], [...path, "tokenEnv"], { secrets, wrong }, " (or say rehearsal: true)");
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
  // Standard Webhooks: base64, perhaps after `whsec_`. Under 128 bits a signature could be guessed.
  const base64 = secret.replace(/^whsec_/, "");
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(base64) && Buffer.from(base64, "base64").length >= 16) return;
  wrong(
    [...path, "secretEnv"],
    "names a variable whose value is no webhook secret: it must be at least 16 random bytes in base64. Make one with: openssl rand -base64 32",
  );
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
  if (typeof text === "string") {
    const used = placeholders(text, PLACEHOLDERS, [...path, "text"], wrong);
    if (used.filter((name) => name === "link").length !== 1)
      wrong([...path, "text"], "must hold {link} exactly once: it is how a post is found again.");
    if (!used.includes("headline") && !used.includes("summary")) wrong([...path, "text"], "must hold {headline} or {summary}.");
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
