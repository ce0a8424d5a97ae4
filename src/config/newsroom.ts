import { z } from "zod";
import { meantAllowance, type WrittenAllowance } from "./allowance.ts";
import { configInvalid, type ConfigFault } from "./faults.ts";
import { didYouMean } from "./nearest.ts";
import { envField, NETWORK_NAMES, NETWORKS, serverOf } from "./networks.ts";
import { checkMeaning } from "./references.ts";
import { accountSchema, newsroomSchema, type Written } from "./schema.ts";
import { pathText, readYaml, type Path } from "./yaml.ts";

type Mode = "review" | "auto";

interface AnySource {
  readonly name: string;
  readonly images: "own" | "all" | "none";
  /** BCP 47; null: as the source says, else as it reads. */
  readonly lang: string | null;
  /** Null: as the rule or the account says. */
  readonly mode: Mode | null;
}

/** `postNewest` of its articles are posted when it is first seen; the others are only known. */
type FeedSource = AnySource & {
  readonly kind: "feed";
  readonly url: string;
  readonly intervalS: number;
  readonly postNewest: number;
};
type HookSource = AnySource & { readonly kind: "hook"; readonly format: "standard"; readonly secretEnv: string };

export interface NewsroomAccount {
  readonly name: string;
  readonly network: string;
  /** An origin; empty for a network without one. */
  readonly server: string;
  readonly handle: string | null;
  readonly lang: string | null;
  readonly voice: string;
  readonly mode: Mode;
  readonly rehearsal: boolean;
  readonly spacingS: number;
  readonly onUnknown: "ask" | "assume-posted";
  readonly allowance: WrittenAllowance;
  /** `tokenEnv`, `visibility`, `chat`, `picture`, `link`: plain, never a secret. */
  readonly settings: Readonly<Record<string, string>>;
}

/** newsroom.yaml, checked, with every default in its place; durations in seconds. */
export interface Newsroom {
  readonly site: {
    readonly name: string;
    readonly url: string;
    readonly shortUrl: string | null;
    readonly languages: readonly string[];
    readonly timeZone: string;
  };
  readonly outbound: { readonly allow: readonly string[] };
  readonly sources: readonly (FeedSource | HookSource)[];
  readonly accounts: readonly NewsroomAccount[];
  readonly voices: Readonly<Record<string, VoiceSpec>>;
  readonly rules: readonly {
    /** Empty lists take everything. */
    readonly when: { readonly source: readonly string[]; readonly lang: readonly string[]; readonly tags: readonly string[] };
    readonly accounts: readonly string[];
    readonly mode: Mode | null;
    readonly priority: "normal" | "breaking";
    readonly staleAfterS: number | null;
    readonly reshare: { readonly afterS: number; readonly most: number } | null;
  }[];
}

interface VoiceSpec {
  readonly text: string;
  /** For accounts that post without a link; undefined: `text` without its {link}. */
  readonly textWithoutLink?: string | undefined;
  /** Further parts of a thread; none for single posts. */
  readonly parts?: readonly string[] | undefined;
  readonly reshare?: string | undefined;
  readonly correction?: string | undefined;
  readonly giveWay: readonly ("tags" | "summary.second" | "summary")[];
  readonly tags: number;
  readonly utm: Readonly<Record<string, string>>;
}

/** The voice of accounts that name none, unless the file has a `plain` of its own. */
const PLAIN: VoiceSpec = {
  text: "{headline}\n\n{summary}\n\n{link} {tags}",
  giveWay: ["tags", "summary.second", "summary"],
  tags: 2,
  utm: {},
};

/** The newsroom's own feeds are asked every minute, others' at most hourly unless the file says what was agreed. */
const [OWN_S, STRANGER_S] = [60, 3_600];

/**
 * Reads newsroom.yaml.
 *
 * @param fileName as a person would type it; stands in each fault
 * @param secrets the value of an environment variable, to tell what is not set
 * @throws Fault `CONFIG_INVALID` with every fault of the file
 */
export function parseNewsroom(text: string, fileName: string, secrets: (name: string) => string | undefined): Newsroom {
  const faults: ConfigFault[] = [];
  const newsroom = readNewsroom(text, fileName, secrets, faults);
  if (newsroom === undefined || faults.length > 0) throw configInvalid(faults);
  return newsroom;
}

/** As parseNewsroom, but adds to `faults` instead of throwing; undefined only together with a fault. */
export function readNewsroom(
  text: string,
  fileName: string,
  secrets: (name: string) => string | undefined,
  faults: ConfigFault[],
): Newsroom | undefined {
  const yaml = readYaml(text);
  faults.push(...yaml.errors.map(({ line, problem }) => ({ file: fileName, line, path: "", problem })));
  if (yaml.errors.length > 0) return undefined;
  const wrong = (path: Path, problem: string, key?: string) => {
    const whole = key === undefined ? path : [...path, key];
    faults.push({ file: fileName, line: yaml.lineOf(path, key), path: pathText(whole), problem });
  };
  const before = faults.length;
  const read = newsroomSchema().safeParse(yaml.value, { error: expected });
  for (const issue of read.error?.issues ?? []) tellIssue(issue, wrong);
  checkMeaning(yaml.value, { secrets, wrong });
  const found = faults.splice(before).toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
  faults.push(...found);
  return read.success && found.length === 0 ? meant(read.data) : undefined;
}

/** The file as written, with every default in its place. */
function meant(written: Written): Newsroom {
  return {
    site: { ...written.site, shortUrl: written.site.shortUrl ?? null },
    outbound: written.outbound,
    sources: written.sources.map((source) => {
      const any = { name: source.name, images: source.images, lang: source.lang ?? null, mode: source.mode ?? null };
      if (source.kind === "hook") return { ...any, kind: source.kind, format: source.format, secretEnv: source.secretEnv };
      const intervalS = source.interval ?? (isOwn(source.url, written.site.url) ? OWN_S : STRANGER_S);
      return { ...any, kind: source.kind, url: source.url, intervalS, postNewest: source.postNewest };
    }),
    accounts: written.accounts.map(meantAccount),
    voices: {
      plain: PLAIN,
      ...Object.fromEntries(
        Object.entries(written.voices).map(([name, { utm, ...voice }]) => [name, { ...voice, utm: given(utm ?? {}) }]),
      ),
    },
    rules: written.rules.map(({ when, accounts, mode, priority, staleAfter, reshare }) => ({
      when: { source: list(when.source), lang: list(when.lang), tags: list(when.tags) },
      accounts,
      mode: mode ?? null,
      priority,
      staleAfterS: staleAfter ?? null,
      reshare: reshare ? { afterS: reshare.after, most: reshare.most } : null,
    })),
  };
}

/** One account as it is written, in a file or on a command line; undefined together with what is wrong with it. */
export function readAccount(
  written: Readonly<Record<string, unknown>>,
  wrong: (path: Path, problem: string) => void,
): NewsroomAccount | undefined {
  const read = accountSchema.safeParse(written, { error: expected });
  for (const issue of read.error?.issues ?? [])
    tellIssue(issue, (path, problem, key) => wrong(key === undefined ? path : [...path, key], problem));
  return read.success ? meantAccount(read.data) : undefined;
}

function meantAccount(written: Written["accounts"][number]): NewsroomAccount {
  const { name, network, handle, lang, voice, mode, rehearsal, spacing, onUnknown } = written;
  const row = NETWORKS[network];
  const keys = [
    ...Object.keys({ ...row?.secrets, ...row?.signIn }).map(envField),
    ...Object.keys(row?.settings ?? {}),
    "picture",
    "link",
  ];
  const fields = written as Readonly<Record<string, unknown>>;
  const settings = Object.fromEntries(
    keys.map((key) => [key, fields[key]] as const).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
  return {
    name,
    network,
    server: serverOf(network, { server: written.server, url: settings["url"] }),
    handle: handle ?? null,
    lang: lang ?? null,
    voice,
    mode,
    rehearsal,
    spacingS: spacing,
    onUnknown,
    allowance: meantAllowance(written),
    settings,
  };
}

/** What the field's description says would be right; other issues carry their own sentence. */
function expected(issue: z.core.$ZodRawIssue): string | undefined {
  const description = issue.inst instanceof z.core.$ZodType ? z.globalRegistry.get(issue.inst)?.description : undefined;
  if (issue.code === "unrecognized_keys") return keysOf(issue.inst).join("\n");
  if (issue.code === "invalid_union" && issue["discriminator"] === "kind") return "must be feed or hook.";
  if (issue.code === "invalid_union" && issue["discriminator"] === "network") return networkExpected(issue.input);
  if (issue.code === "invalid_value")
    return `must be one of ${issue.values.join(", ")}.${typeof issue.input === "string" ? didYouMean(issue.input, issue.values.map(String)) : ""}`;
  if (description === undefined) return undefined;
  return issue.code === "invalid_type" && issue.input === undefined ? `is missing: ${description}.` : `must be ${description}.`;
}

function networkExpected(account: unknown): string {
  const known = NETWORK_NAMES.join(", ");
  const written = typeof account === "object" && account !== null && "network" in account ? account.network : undefined;
  if (written === undefined) return `is missing: one of ${known}.`;
  return `must be one of ${known}.${typeof written === "string" ? didYouMean(written, NETWORK_NAMES) : ""}`;
}

function keysOf(schema: unknown): string[] {
  return schema instanceof z.core.$ZodObject ? Object.keys(schema._zod.def.shape) : [];
}

function tellIssue(issue: z.core.$ZodIssue, wrong: (path: Path, problem: string, key?: string) => void): void {
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split("\n");
    for (const key of issue.keys)
      wrong(issue.path, `is not known here.${didYouMean(key, known) || ` Known: ${known.join(", ")}.`}`, key);
    return;
  }
  // Of the two forms of "one or several", the list's own faults say more when a list was written.
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const nearest = issue.errors.find((errors) => errors.some((error) => error.path.length > 0)) ?? issue.errors[0] ?? [];
    for (const error of nearest) tellIssue({ ...error, path: [...issue.path, ...error.path] }, wrong);
    return;
  }
  if (issue.code === "invalid_key")
    return wrong(issue.path.slice(0, -1), issue.issues[0]?.message ?? issue.message, String(issue.path.at(-1)));
  wrong(issue.path, issue.message);
}

function isOwn(url: string, site: string): boolean {
  const [host, own] = [URL.parse(url)?.hostname ?? "", (URL.parse(site)?.hostname ?? "").replace(/^www\./, "")];
  return own !== "" && (host === own || host.endsWith(`.${own}`));
}

function list<Item>(value: Item | Item[] | undefined): Item[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function given(utm: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(utm).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
