import ipaddr from "ipaddr.js";
import { z } from "zod";
import { parseDuration } from "../lib/time.ts";
import { originOf } from "./env.ts";

/** The networks a newsroom's accounts may be on, for as long as nobody says otherwise. */
export const NETWORKS: readonly string[] = ["mastodon", "rehearsal"];

/** What a voice's text may ask for. */
export const PLACEHOLDERS: readonly string[] = ["headline", "summary", "link", "tags"];
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
const envName = (example: string) =>
  z
    .string()
    .refine((text) => ENV_NAME.test(text) && !/[^_]{20}/.test(text), {
      error: `must be the NAME of an environment variable, such as ${example}; put the secret itself into .env or the environment. (What was written is not shown: it may be a secret. If it is one, make a new one.)`,
    })
    .describe(`the name of the environment variable that holds the secret, such as ${example}; never the secret itself`);

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
    timeZone: z
      .string()
      .refine(isTimeZone, { error: "must be a time zone's name, such as Europe/Berlin or UTC." })
      .describe("a time zone's name, such as Europe/Berlin"),
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

const account = (networks: readonly string[]) =>
  z.strictObject({
    name,
    network: z.enum(networks as [string, ...string[]]).describe(`a network: ${networks.join(", ")}`),
    server: origin("https://mastodon.example").optional(),
    tokenEnv: envName("MASTO_TOKEN").optional(),
    handle: z.string().min(1, { error: "must not be empty." }).optional(),
    lang: lang.optional(),
    voice: name.default("plain"),
    mode: mode.default("review"),
    rehearsal: z.boolean().default(false).describe("true or false"),
    spacing: duration("3m").default(0),
    onUnknown: z.enum(["ask", "assume-posted"]).default("ask").describe("ask or assume-posted"),
    visibility: z.enum(["public", "unlisted", "private"]).optional().describe("public, unlisted or private"),
    picture: z
      .enum(["card", "attach"])
      .default("card")
      .describe("card (the network makes a card of the link) or attach (the story's picture, where its rights allow)"),
  });

const voice = z
  .strictObject({
    text: z.string().describe('a text with {headline}, {summary}, {link} and {tags}, such as "{headline}\\n\\n{link}"'),
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
});

/** newsroom.yaml as it is written. Its JSON Schema is config/newsroom.schema.json. */
export function newsroomSchema(networks: readonly string[]) {
  return z.strictObject({
    site,
    outbound: outbound.default({ allow: [] }),
    sources: z
      .array(z.discriminatedUnion("kind", [feed, hook]))
      .default([])
      .describe("a list of sources"),
    accounts: z.array(account(networks)).default([]).describe("a list of accounts"),
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

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function isHost(text: string): boolean {
  if (text.includes("/")) return ipaddr.isValidCIDR(text);
  if (ipaddr.isValid(text)) return true;
  return /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/i.test(text);
}
