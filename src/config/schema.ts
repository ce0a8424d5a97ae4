import ipaddr from "ipaddr.js";
import { z } from "zod";
import { parseDuration } from "../lib/time.ts";
import { ALLOWANCE, timeZone } from "./allowance.ts";
import { originOf } from "./env.ts";
import { envField, NETWORK_NAMES, NETWORKS, type NetworkRow } from "./networks.ts";

/** What a voice's text may ask for. */
export const PLACEHOLDERS: readonly string[] = ["headline", "summary", "link", "tags"];
/** What the further parts of a thread may ask for. */
export const PART_PLACEHOLDERS: readonly string[] = ["more", "headline", "link"];
/** What a link's utm parameters may ask for. */
export const UTM_PLACEHOLDERS: readonly string[] = ["network", "account", "lang", "source"];

const DURATION = /^\d{1,6}(s|m|h|d)$/;
const ENV_NAME = /^[A-Z][A-Z0-9_]{1,63}$/;

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, {
    error: "must be a short name of letters, digits, dots and hyphens, such as masto-en.",
  })
  .describe("a short name of letters, digits, dots and hyphens, such as masto-en");

const duration = (example: string) =>
  z
    .string()
    .regex(DURATION, { error: `must be a duration: a number and s, m, h or d, such as ${example}.` })
    .describe(`a duration: a number and s, m, h or d, such as ${example}`)
    .transform((text) => parseDuration(text) ?? 0);

const webAddress = (example: string) =>
  z
    .string()
    .refine(isWebAddress, { error: `must be an http(s) address without a user or password, such as ${example}.` })
    .describe(`an http(s) address, such as ${example}`);

const origin = (example: string) =>
  z
    .string()
    .refine((text) => originOf(text) !== undefined, { error: `must be an http(s) address without a path, such as ${example}.` })
    .describe(`an http(s) address without a path, such as ${example}`)
    .transform((text) => originOf(text) ?? text);

/** Not shown when wrong: people paste the secret itself here. A long run without `_` is taken for one, whatever its case. */
const envName = (example: string, where = "") =>
  z
    .string()
    .refine((text) => ENV_NAME.test(text) && !/[^_]{20}/.test(text), {
      error: `must be the NAME of an environment variable, such as ${example}; put the secret itself into .env or the environment. (What was written is not shown: it may be a secret. If it is one, make a new one.)`,
    })
    .describe(
      `the name of the environment variable that holds the secret, such as ${example}; never the secret itself${where && `. Where to find it: ${where}`}`,
    );

const lang = z
  .string()
  .refine(isLanguage, { error: "must be a language tag (BCP 47), such as en, ar, ckb or de-AT." })
  .describe("a language tag (BCP 47), such as en, ar, ckb or de-AT");

const mode = z.enum(["review", "auto"]).describe("review (an editor decides) or auto (posted without asking)");

const images = z.enum(["own", "all", "none"]).describe("whose pictures may be posted: own (the story's own host), all or none");

const site = z
  .strictObject({
    name: z.string().min(1, { error: "must not be empty." }).describe("the newsroom's name"),
    url: webAddress("https://example.org"),
    shortUrl: origin("https://go.example.org").optional(),
    languages: z
      .array(lang)
      .min(1, { error: "must name at least one language, such as [en]." })
      .describe("a list of language tags, such as [en, ar, ckb]"),
    timeZone,
  })
  .describe("site: who we are, such as { name: Daily Example, url: https://example.org, languages: [en], timeZone: UTC }");

const outbound = z
  .strictObject({
    allow: z
      .array(
        z
          .string()
          .refine(isHost, { error: "must be a host, a CIDR or host:port, such as cms.internal, 10.1.0.0/16 or 127.0.0.1:8080." }),
      )
      .default([])
      .describe("private hosts, CIDRs or host:port that may be reached"),
  })
  .describe("outbound: { allow: [] }");

const feed = z.strictObject({
  name,
  kind: z.literal("feed"),
  url: webAddress("https://example.org/feed"),
  interval: duration("60s").optional(),
  postNewest: z
    .int()
    .min(0)
    .max(50)
    .default(0)
    .describe("how many of the newest articles to post when the source is first seen, 0 to 50"),
  images: images.default("own"),
  lang: lang.optional(),
  mode: mode.optional(),
});

const hook = z.strictObject({
  name,
  kind: z.literal("hook"),
  format: z
    .literal("standard", { error: "must be standard (Standard Webhooks); other systems' own formats are not read yet." })
    .default("standard"),
  secretEnv: envName("CMS_SECRET"),
  images: images.default("own"),
  lang: lang.optional(),
  mode: mode.optional(),
});

/** What every account says, whatever its network. */
const ANY_ACCOUNT = {
  name,
  network: z.string(),
  server: origin("https://mastodon.example").optional(),
  handle: z.string().min(1, { error: "must not be empty." }).optional(),
  lang: lang.optional(),
  voice: name.default("plain"),
  mode: mode.default("review"),
  rehearsal: z.boolean().default(false).describe("true or false"),
  spacing: duration("3m").default(0),
  ...ALLOWANCE,
  onUnknown: z.enum(["ask", "assume-posted"]).default("ask").describe("ask or assume-posted"),
  picture: z
    .enum(["card", "attach"])
    .default("card")
    .describe("card (the network makes a card of the link) or attach (the story's picture, where its rights allow)"),
  link: z.enum(["short", "none"]).default("short").describe("short (a short link of its own) or none (a post without a link)"),
};

/** The account of one network: what every account says, and what this network asks for by its row. */
const accountOn = (network: string, row: NetworkRow) => {
  const { name: own, network: _, server: __, handle, ...rest } = ANY_ACCOUNT;
  const example = row.server === null ? undefined : "usual" in row.server ? row.server.usual : row.server.like;
  const secrets = Object.entries({ ...row.secrets, ...row.signIn }).map(([secret, { env, where }]) => [
    envField(secret),
    envName(env, where).optional(),
  ]);
  const settings = Object.entries(row.settings).map(([key, { schema }]) => [key, schema.optional()]);
  const shape = {
    name: own,
    network: z.literal(network),
    ...(example === undefined ? {} : { server: origin(example).optional() }),
    ...Object.fromEntries(secrets),
    handle: row.handle?.schema.optional() ?? handle,
    ...Object.fromEntries(settings),
    ...rest,
  };
  // The compiler knows what every account has; what one network adds is read by its row.
  return z.strictObject(shape as unknown as Omit<typeof ANY_ACCOUNT, "network"> & { network: z.ZodLiteral<string> });
};

type AccountSchema = ReturnType<typeof accountOn>;

/** An account as newsroom.yaml and `account add` write it. */
export const accountSchema = z
  .discriminatedUnion(
    "network",
    NETWORK_NAMES.map((network) => accountOn(network, NETWORKS[network]!)) as [AccountSchema, ...AccountSchema[]],
  )
  .describe(`an account, whose network is one of ${NETWORK_NAMES.join(", ")}`);

const voice = z
  .strictObject({
    text: z.string().describe('a text with {headline}, {summary}, {link} and {tags}, such as "{headline}\\n\\n{link}"'),
    textWithoutLink: z
      .string()
      .optional()
      .describe('as text, without {link}, for accounts with link: none, such as "{headline}\\n\\n{summary}"'),
    parts: z
      .array(z.string())
      .max(24)
      .optional()
      .describe(
        'further parts of a thread, a text with {more} each, such as ["{more}", "{more}"]; those the story has no sentences for are left out',
      ),
    reshare: z
      .string()
      .optional()
      .describe('the text when a story is shared again, such as "Read again: {headline}\\n\\n{link}"; without it, text'),
    correction: z.string().optional().describe('the text of a correction, such as "{correction}: {headline}\\n\\n{link}"'),
    giveWay: z
      .array(z.enum(["tags", "summary.second", "summary"]))
      .default(["tags", "summary.second", "summary"])
      .describe("what goes first when the post is too long, of tags, summary.second and summary"),
    tags: z.int().min(0).max(10).default(2).describe("how many hashtags at most, 0 to 10"),
    utm: z
      .strictObject({
        source: z.string().optional(),
        medium: z.string().optional(),
        campaign: z.string().optional(),
        term: z.string().optional(),
        content: z.string().optional(),
      })
      .optional()
      .describe('parameters for the link\'s target, such as { source: "{network}", medium: social }'),
  })
  .describe('a voice, such as { text: "{headline}\\n\\n{link}" }');

const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z.union([item, z.array(item).min(1, { error: "must name at least one." })]);

const rule = z.strictObject({
  when: z
    .strictObject({
      source: oneOrMore(name).optional(),
      lang: oneOrMore(lang).optional(),
      tags: oneOrMore(z.string().min(1)).optional(),
    })
    .default({})
    .describe("what the rule takes: { source, lang, tags }; empty for every article"),
  accounts: z.array(name).min(1, { error: "must name at least one account." }).describe("a list of account names"),
  mode: mode.optional(),
  priority: z.enum(["normal", "breaking"]).default("normal").describe("normal or breaking"),
  staleAfter: duration("12h").optional(),
  reshare: z
    .strictObject({
      after: duration("8h").refine((seconds) => seconds >= 600, { error: "must be at least 10m." }),
      most: z.int().min(1).max(20).default(1).describe("how often at most, 1 to 20"),
    })
    .optional()
    .describe("when to share a posted story again: { after: 8h, most: 1 }"),
});

/** newsroom.yaml as it is written. Its JSON Schema is config/newsroom.schema.json. */
export function newsroomSchema() {
  return z.strictObject({
    site,
    outbound: outbound.default({ allow: [] }),
    sources: z
      .array(z.discriminatedUnion("kind", [feed, hook]))
      .default([])
      .describe("a list of sources"),
    accounts: z.array(accountSchema).default([]).describe("a list of accounts"),
    voices: z.record(name, voice).default({}).describe("voices by name"),
    rules: z.array(rule).default([]).describe("a list of rules"),
  });
}

export type Written = z.output<ReturnType<typeof newsroomSchema>>;

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ["http:", "https:"].includes(url.protocol) && url.username === "" && url.password === "";
}

function isLanguage(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1 && /^[a-z]{2,3}(-|$)/i.test(text);
  } catch {
    return false;
  }
}

function isHost(text: string): boolean {
  if (text.includes("/")) return ipaddr.isValidCIDR(text);
  if (ipaddr.isValid(text)) return true;
  return /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/i.test(text);
}
