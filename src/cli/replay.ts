import type { Config } from "../config.ts";
import { parseDuration } from "../lib/time.ts";
import { usualLimits } from "../app/networks.ts";
import { listedTried } from "../newsroom/store.ts";
import { replay, type Replayed, type Tried } from "../post/replay.ts";
import type { Db, Store } from "../store/db.ts";
import { text, withStore, WrongUsage, type Call, type Command } from "./command.ts";
import { STAND_IN } from "./read.ts";

export const replayPosts: Command = {
  usage: "slugline replay --since 7d [--config FILE]",
  about:
    "Shows what today's rules and voices would have posted of the last days' stories, beside what was. Nothing is stored or sent.",
  options: { since: { type: "string" }, config: { type: "string" } },
  least: 0,
  most: 0,
  run: async (call) => {
    const since = text(call.values["since"]) ?? "7d";
    const seconds = parseDuration(since);
    if (seconds === undefined) throw new WrongUsage(`"${since}" is no time. It looks like 12h or 7d.`);
    return withStore(
      call,
      (store, config) => readOnly(store, (db) => show(call, db, seconds, config)),
      text(call.values["config"]),
    );
  },
};

/** Postgres itself keeps what is done here from changing anything. */
async function readOnly(store: Store, work: (db: Db) => Promise<number>): Promise<number> {
  return store.transaction(async (db) => {
    await db.query("set transaction isolation level repeatable read, read only");
    return work(db);
  });
}

async function show(call: Call, db: Db, seconds: number, config: Config): Promise<number> {
  const stored = await listedTried(db);
  const tried = triedOf(config, stored);
  const limits = new Map(stored.accounts.map(({ name, network, limits }) => [`${name} ${network}`, limits]));
  const limitsOf = (one: Tried["accounts"][number]) => limits.get(`${one.name} ${one.network}`) ?? usualLimits(one.network);
  const count = { stories: 0, would: 0, posted: 0, unclaimed: 0, stale: 0, embargoed: 0 };
  for await (const one of replay(db, seconds, tried, { shortUrl: config.shortUrl, standIn: STAND_IN, limitsOf })) {
    count.stories += 1;
    count.would += one.would.length;
    count.posted += one.really.filter(({ state }) => state === "posted").length;
    count.unclaimed += one.unclaimed ? 1 : 0;
    count.stale += one.would.filter(({ stale }) => stale).length;
    count.embargoed += one.would.filter(({ notBefore }) => notBefore !== null).length;
    if (call.json) call.out(JSON.stringify(one));
    else linesOf(one).forEach(call.out);
  }
  if (call.json) return 0;
  call.out(
    `${count.stories} stories: ${count.would} posts would be written, ${count.posted} were posted. ` +
      `No rule takes ${count.unclaimed}; ${count.stale} would be too old, ${count.embargoed} would wait for an embargo.`,
  );
  return 0;
}

/** The configuration that is here; where there is none, what the store was last told. */
function triedOf(config: Config, stored: Awaited<ReturnType<typeof listedTried>>): Tried {
  const { newsroom } = config;
  if (!newsroom) return { ...stored, sources: {} };
  // What was added by hand stands beside the file, as it does when the file is applied.
  const declared = new Set(newsroom.accounts.map(({ name }) => name));
  return {
    rules: [...newsroom.rules, ...stored.rules.filter(({ origin }) => origin === "editor")],
    voices: { ...stored.voices, ...newsroom.voices },
    accounts: [...newsroom.accounts, ...stored.accounts.filter(({ name, origin }) => origin === "editor" && !declared.has(name))],
    sources: Object.fromEntries(newsroom.sources.map(({ name, mode }) => [name, mode])),
  };
}

function linesOf({ article, unclaimed, would, really }: Replayed): string[] {
  const lines = [`${article.seenAt.toISOString()}  ${article.title}`, `  ${article.url}`];
  if (unclaimed) lines.push("  no rule takes it");
  for (const one of would) {
    const notes = [
      `${one.mode} by ${one.modeWhy}`,
      `${one.length}/${one.limit}`,
      ...(one.stale ? ["too old: a person would be asked"] : []),
      ...(one.notBefore ? [`not before ${one.notBefore.toISOString()}`] : []),
    ];
    lines.push(`  would  ${one.account} (${notes.join(", ")})`, ...quoted(one.text));
  }
  for (const one of really)
    lines.push(`  was    ${one.account} (${one.state}${one.url === null ? "" : `, ${one.url}`})`, ...quoted(one.text));
  return [...lines, ""];
}

const quoted = (words: string) => words.split("\n").map((line) => `         ${line}`);
