import { isbot } from "isbot";

/**
 * What kind of visit it was. Only `click`, a person's, is the headline number; the others are counted beside it.
 * - preview: a network or messenger fetches the card of a link
 * - prefetch: a browser guesses where its user may go; the click itself comes as a request of its own
 * - bot: everything else that is no person, also whoever says nothing of itself
 */
export const VISIT_CLASSES = ["click", "bot", "preview", "prefetch"] as const;
export type VisitClass = (typeof VISIT_CLASSES)[number];

/** User agents longer than this (characters) are judged by their beginning. */
const LONGEST_AGENT = 512;

/**
 * Who fetches cards. In-app browsers (Instagram, LinkedInApp, FBAN, MicroMessenger, ...) are people and must not match, so
 * every name here is the fetcher's own. iMessage calls itself facebookexternalhit, Signal calls itself WhatsApp.
 */
const PREVIEW = new RegExp(
  [
    "Twitterbot",
    "facebookexternalhit|Facebot|facebookcatalog|meta-externalfetcher",
    "\\bMastodon/|Pleroma|Akkoma|Misskey|SummalyBot|Firefish|Sharkey|Iceshrimp|GoToSocial|Friendica|Pixelfed|Lemmy/|\\bHollo/",
    "Cardyb|web:app\\.bsky",
    "TelegramBot|^WhatsApp/|^Viber/|Slackbot|Slack-ImgProxy|Discordbot|SkypeUriPreview|MicrosoftPreview|kakaotalk-scrap|line-poker",
    "Synapse \\(bot|Snap URL Preview|LinkedInBot|redditbot|Pinterestbot|vkShare|Tumblr/|Embedly|Iframely|opengraph\\.io",
  ].join("|"),
  "i",
);
/** Discord's second fetcher pretends to be this long gone browser (isbot does not know it). */
const DISCORD_FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:38.0) Gecko/20100101 Firefox/38.0";

/** What a user agent alone tells. No user agent: a bot (isbot takes it for a person). */
export function judgeAgent(agent: string | undefined): "click" | "bot" | "preview" {
  if (agent === undefined || agent.trim() === "") return "bot";
  const known = agent.slice(0, LONGEST_AGENT);
  if (PREVIEW.test(known) || known === DISCORD_FIREFOX) return "preview";
  return isbot(known) ? "bot" : "click";
}

export type Judge = typeof judgeAgent;

/**
 * `judgeAgent` with a memory of at most twice `most` user agents: when the young half is full it becomes the old half,
 * so what is seen often stays. Nothing of it leaves the process.
 */
export function rememberingJudge(most = 4_096, judge: Judge = judgeAgent): Judge {
  let young = new Map<string, ReturnType<Judge>>();
  let old = new Map<string, ReturnType<Judge>>();
  return (agent) => {
    if (agent === undefined || agent.length > LONGEST_AGENT) return judge(agent);
    let verdict = young.get(agent);
    if (verdict !== undefined) return verdict;
    verdict = old.get(agent) ?? judge(agent);
    if (young.size >= most) [old, young] = [young, new Map()];
    young.set(agent, verdict);
    return verdict;
  };
}

const FETCHED_AHEAD = /\bpre(?:fetch|render|view)\b/i;

/**
 * The class of a GET. A HEAD is never counted, whoever sends it (X sends three for each post).
 *
 * @param rawHeaders names and values in turn, as `node:http` has them: read here without making an object of them all
 */
export function classify(rawHeaders: readonly string[], judge: Judge): VisitClass {
  let agent: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // The lengths of user-agent, sec-purpose, purpose, x-moz and x-purpose: most headers are passed over by these alone.
    switch (name.length) {
      case 10:
        if (agent === undefined && name.toLowerCase() === "user-agent") agent = rawHeaders[at + 1];
        break;
      case 5:
      case 7:
      case 9:
      case 11:
        if (SAYS_PURPOSE.has(name.toLowerCase()) && FETCHED_AHEAD.test(rawHeaders[at + 1] as string)) return "prefetch";
    }
  }
  return judge(agent);
}

const SAYS_PURPOSE: ReadonlySet<string> = new Set(["sec-purpose", "purpose", "x-moz", "x-purpose"]);
