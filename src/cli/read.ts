import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { createParser, type Parser } from "../article/parser.ts";
import { hasBody, merged, type Item, type Story } from "../article/article.ts";
import type { Feed } from "../article/feed.ts";
import { loadConfig } from "../config.ts";
import { NETWORK_NAMES } from "../config/networks.ts";
import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";
import { createOutbound, type Outbound } from "../lib/outbound/outbound.ts";
import { lengthOf } from "../lib/text/count.ts";
import { version } from "../lib/version.ts";
import { usualLimits } from "../app/networks.ts";
import { ALPHABET, CODE_LENGTH, shortUrlOf } from "../link/link.ts";
import { claims } from "../newsroom/rules.ts";
import { threadOf } from "../post/text.ts";
import { PLAIN_VOICE, type Voice } from "../post/write.ts";
import { noSuch, text, type Call, type Command } from "./command.ts";

type Read =
  | { readonly kind: "feed"; readonly feed: Feed; readonly url: string | null }
  | { readonly kind: "article"; readonly story: Story; readonly url: string | null };

const FILES = new Set([".xml", ".rss", ".atom", ".rdf", ".json", ".html", ".htm", ".xhtml", ".txt", ".md"]);
/** As long as a real code, and never one of ours: a preview leads nowhere. */
export const STAND_IN = ALPHABET.at(0)!.repeat(CODE_LENGTH);

export const inspect: Command = {
  usage: "slugline inspect <addresses, files or folders> [--allow HOST:PORT]",
  about: "Shows what Slugline reads in a feed, a page or a text.",
  options: { allow: { type: "string", multiple: true } },
  least: 1,
  most: 1_000,
  run: (call) =>
    eachInput(call, async (read, parser) =>
      read.kind === "feed" ? feedJson(read.feed, parser) : articleJson(read.story, read.url),
    ),
};

export const preview: Command = {
  usage: "slugline preview <addresses, files or folders> [--network mastodon] [--allow HOST:PORT]",
  about: "Shows the posts that would be written; of a feed, those of its newest story. Nothing is stored or sent.",
  options: { network: { type: "string" }, allow: { type: "string", multiple: true } },
  least: 1,
  most: 1_000,
  run: async (call) => {
    const network = text(call.values["network"]);
    if (network !== undefined && !NETWORK_NAMES.includes(network)) throw noSuch("network", network, NETWORK_NAMES);
    // With a network named, no configuration is needed, not even a right one.
    const config = network === undefined ? loadConfig(call.env, { folder: call.folder }) : undefined;
    return eachInput(call, async (read, parser, outbound) => {
      const { story, url } = read.kind === "article" ? read : await newest(read.feed, parser, outbound);
      const link = shortUrlOf(config?.shortUrl ?? "https://go.example.org", STAND_IN);
      const told = { ...story, url: url ?? link, social: {}, spoiler: null };
      const posts = writersFor(network, config?.newsroom, story, url).map(async ({ account, network: on, voice }) => {
        const limits = usualLimits(on);
        const [post, ...parts] = await threadOf(told, { network: on, voice, limits }, async () => link);
        const card = { title: story.title, description: story.summary, image: story.image?.url ?? null };
        return {
          network: on,
          account,
          text: post.text,
          length: lengthOf(post.text, limits),
          limit: limits.max,
          unit: limits.unit,
          lang: post.lang,
          dir: post.dir,
          link: post.link,
          tags: post.tags,
          parts: parts.map(({ text: more, link: own }) => ({ text: more, length: lengthOf(more, limits), link: own })),
          card,
          why: post.why,
        };
      });
      return { article: articleJson(story, url), posts: await Promise.all(posts) };
    });
  },
};

function writersFor(
  network: string | undefined,
  newsroom: ReturnType<typeof loadConfig>["newsroom"],
  story: Story,
  url: string | null,
): { account: string | null; network: string; voice: Voice }[] {
  if (network !== undefined || !newsroom)
    return [{ account: null, network: network ?? "mastodon", voice: newsroom?.voices["plain"] ?? PLAIN_VOICE }];
  const host = url === null ? undefined : new URL(url).hostname;
  const source = newsroom.sources.find((one) => one.kind === "feed" && new URL(one.url).hostname === host) ??
    newsroom.sources[0] ?? { name: "", mode: null };
  return claims(story, newsroom.rules, newsroom.accounts, source).flatMap((claim) => {
    const account = newsroom.accounts.find(({ name }) => name === claim.account);
    return account
      ? [{ account: account.name, network: account.network, voice: newsroom.voices[account.voice] ?? PLAIN_VOICE }]
      : [];
  });
}

async function eachInput(call: Call, work: (read: Read, parser: Parser, outbound: Outbound) => Promise<object>): Promise<number> {
  const allow = [call.values["allow"] ?? []].flat().map(String);
  await using outbound = createOutbound({ allow: [...allowedByNewsroom(call), ...allow], userAgent: `Slugline/${version}` });
  await using parser = createParser();
  const inputs = await expand(call);
  const several = inputs.length > 1 || call.inputs.length > 1 || inputs[0] !== call.inputs[0];
  let failed = false;
  for (const input of inputs) {
    try {
      const { body, type, url } = isAddress(input)
        ? await fetched(input)
        : { body: await readFile(resolve(call.folder, input)), type: null, url: null };
      const result = await work(await readBytes(body, type, url, parser), parser, outbound);
      call.out(several ? JSON.stringify({ input, ...result }) : JSON.stringify(result, null, call.json ? 0 : 2));
    } catch (error) {
      failed = true;
      const told = {
        code: codeOf(error) ?? "FAILED",
        message: codeOf(error) === "ENOENT" ? `There is no file ${input}.` : sentenceOf(error),
      };
      if (several || call.json) call.out(JSON.stringify({ input, error: told }));
      else call.err(told.message);
    }
  }
  return failed ? 1 : 0;

  async function fetched(address: string) {
    const answer = await outbound.request(address, { redirects: 5 });
    if (answer.status !== 200) throw new Fault("STATUS", `${address} answered ${answer.status}.`);
    return { body: answer.body, type: answer.headers["content-type"] ?? null, url: answer.url };
  }
}

async function readBytes(body: Buffer, type: string | null, url: string | null, parser: Parser): Promise<Read> {
  const start = body
    .subarray(0, 4_000)
    .toString("utf8")
    .replace(/^[\s\ufeff]+/, "");
  const address = url ?? "https://example.invalid/";
  if (/^<\?xml|^<(?:rss|feed|rdf:RDF)\b/i.test(start) || /^\{[^]*jsonfeed/.test(start)) {
    const feed = await parser.feed(body, type, address);
    if (!feed.ok) throw new Fault(feed.code, feed.why);
    return { kind: "feed", feed, url };
  }
  const page = /<(?:!doctype|html|head|body|article|p|div)\b/i.test(start)
    ? await parser.page(body, type, address)
    : await parser.text(body);
  if (!page.ok) throw new Fault(page.code, page.why);
  return { kind: "article", story: page.story, url };
}

/** What newsroom.yaml allows to be reached; a broken one allows nothing, and is `check`'s to tell of. */
function allowedByNewsroom(call: Call): readonly string[] {
  try {
    return loadConfig(call.env, { folder: call.folder }).outboundAllow;
  } catch {
    return [];
  }
}

async function newest(feed: Feed, parser: Parser, outbound: Outbound): Promise<{ story: Story; url: string | null }> {
  const [item] = feed.items;
  if (!item) throw new Fault("FEED_EMPTY", "The feed has no items.");
  if (hasBody(item) || item.url === null) return { story: await storyOf(item, parser), url: item.url };
  const answer = await outbound.request(item.url, { redirects: 5 });
  const page = await parser.page(answer.body, answer.headers["content-type"] ?? null, answer.url);
  const told = await storyOf(item, parser);
  return { story: page.ok && answer.status === 200 ? merged(told, page.story, item) : told, url: item.url };
}

async function storyOf(item: Item, parser: Parser): Promise<Story> {
  const page = await parser.item(item);
  if (!page.ok) throw new Fault(page.code, page.why);
  return page.story;
}

async function feedJson(feed: Feed, parser: Parser): Promise<object> {
  const items = [];
  for (const item of feed.items) {
    const { title, summary, body, authors, tags, image, published, updated } = await storyOf(item, parser);
    items.push({ guid: item.guid, url: item.url, title, summary, body, authors, tags, image, published, updated });
  }
  return { kind: "feed", title: feed.title, link: feed.link, lang: feed.lang, hubs: feed.hubs, items };
}

function articleJson(story: Story, url: string | null): object {
  const { canonical, title, summary, body, lang, dir, image, authors, tags, published, updated, paywalled, why } = story;
  return {
    kind: "article",
    url,
    canonical,
    title,
    summary,
    body,
    lang,
    dir,
    image,
    authors,
    tags,
    published,
    updated,
    paywalled,
    why,
  };
}

async function expand(call: Call): Promise<string[]> {
  const inputs: string[] = [];
  for (const input of call.inputs) {
    const path = resolve(call.folder, input);
    const folder =
      !isAddress(input) &&
      (await stat(path).then(
        (it) => it.isDirectory(),
        () => false,
      ));
    if (!folder) inputs.push(input);
    else
      for (const name of (await readdir(path)).toSorted())
        if (FILES.has(extname(name).toLowerCase())) inputs.push(join(input, name));
  }
  return inputs;
}

function isAddress(input: string): boolean {
  return /^https?:\/\//i.test(input);
}
