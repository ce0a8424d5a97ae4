import { readFileSync } from "node:fs";
import { createMessages, type MessagesFile } from "../../src/editor/messages.ts";
import { saidIn } from "../../src/editor/said.ts";
import { Fault } from "../../src/lib/fault.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { plain } from "../../src/lib/say.ts";
import type { Network } from "../../src/networks/network.ts";

const arabic = createMessages(
  "ar",
  JSON.parse(readFileSync(`${projectRoot}/src/editor/messages/ar.json`, "utf8")) as MessagesFile,
);

/** What is written in Latin letters in every language: names, and what has to be typed or looked for exactly so. */
export function withoutNames(text: string): string {
  return text.replaceAll(NAMES, "");
}

const NAMES = new RegExp(
  [
    /Slugline|«slugline [a-z ]+»|slugline account add|Cloudflare|Mastodon|Bluesky|Telegram|\bX\b|@BotFather|API Token|webhook/,
    /config\/newsroom\.yaml|newsroom\.yaml|\benv\b|Env\b|onUnknown: (?:ask|assume-posted)|SLUGLINE_KEY|SHORT_URL|site\.shortUrl|outbound\.allow/,
    /https:\/\/api\.x\.com|(?:developer\.|console\.)?\bx\.com|https:\/\/|\bhttps?\b|\burl\b|\bchat\b|@channel|\/mybots/,
    /(?:write|read):[a-z]+|openssl rand -base64|base64|UTF-16|QR|RSS|Atom|JSON Feed|JPEG|PNG|GIF|WebP|AVIF/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/**
 * @throws Error for a reason that cannot be said in Arabic, or in which Latin letters of ours are left
 */
export function assertSayable(reason: string): void {
  const parts = saidIn(arabic, reason);
  if (parts === null) throw new Error(`No language has this sentence: ${reason}`);
  const ours = parts.map((part) => ("ours" in part ? part.ours : "")).join("");
  if (/\p{Script=Latin}/u.test(withoutNames(ours))) throw new Error(`Not all of it is in Arabic: ${ours}`);
}

/** The same network; a test fails in which it gives, or throws, a reason that cannot be said. */
export function sayable(network: Network): Network {
  return new Proxy(network, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => heard(Reflect.apply(value, target, args));
    },
  });
}

function heard(result: unknown): unknown {
  if (!(result instanceof Promise)) return result;
  return result.then(
    (told: unknown) => {
      if (typeof told === "object" && told !== null && "why" in told && typeof told.why === "string") assertSayable(told.why);
      return told;
    },
    (error: unknown) => {
      if (error instanceof Fault) assertSayable(error.said);
      throw error;
    },
  );
}

/** The same, as a program or a terminal reads it. */
export function readable<Told extends object>(told: Told): Told {
  return "why" in told && typeof told.why === "string" ? { ...told, why: plain(told.why) } : told;
}
