import { z } from "zod";
import { Fault } from "../../lib/fault.ts";
import type { Answer, Outbound, RequestOptions } from "../../lib/outbound/outbound.ts";
import { retryAt } from "../../lib/retry-after.ts";
import { say } from "../../lib/say.ts";
import { cleanText } from "../../lib/text/clean.ts";
import type { Clock } from "../../lib/time.ts";
import { hearing } from "../hearing.ts";
import { wordless, type Account } from "../network.ts";

/** What the Bot API answered, read. */
export interface Reply {
  readonly status: number;
  /** Undefined when the answer is not one of success, or cannot be read. */
  readonly result: unknown;
  /** Telegram's own sentence, short, on one line and never with our token in it. */
  readonly told: string;
  /** The id a group has now that it became a supergroup. */
  readonly movedTo: number | null;
  /** When it wants to be asked again (ms since the epoch, our clock), where it said so. */
  readonly later: { readonly retryAt?: number };
}

/** Asks the Bot API once for a method, as the account's bot. Throws what the outbound or the secret throws. */
export type Ask = (account: Account, method: string, options: RequestOptions) => Promise<Reply>;

interface Deps {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly requestMs: number;
}

const parameters = z
  .object({ retry_after: z.number().optional().catch(undefined), migrate_to_chat_id: z.int().optional().catch(undefined) })
  .catch({});
const answerSchema = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), description: z.string().catch(""), parameters: parameters.default({}) }),
]);

export function createAsk({ outbound, clock, requestMs }: Deps): Ask {
  return async (account, method, options) => {
    const token = await tokenOf(account);
    // The only network whose secret stands in the address: no sentence of the outbound's names more than the host.
    const address = new URL(`/bot${token}/${method}`, account.server);
    const answer = await hearing(
      { account, url: address, now: clock.now },
      () => outbound.request(address, { timeoutMs: requestMs, method: "POST", ...options }),
      // It tells of a limit only once that is reached, in the body.
      () => [],
    );
    const read = parsed(answer);
    const failure = read?.ok === false ? read : undefined;
    const wait = failure?.parameters.retry_after;
    const headers = wait === undefined ? answer.headers : { ...answer.headers, "retry-after": String(wait) };
    const when = retryAt(headers, clock.now());
    return {
      status: answer.status,
      result: read?.ok ? read.result : undefined,
      told: failure?.description ? sentence(failure.description, token) : wordless(answer.headers["content-type"]),
      movedTo: failure?.parameters.migrate_to_chat_id ?? null,
      later: when === undefined ? {} : { retryAt: when },
    };
  };
}

/** Fields of a method as JSON. */
export function jsonOf(fields: object): RequestOptions {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(fields) };
}

/** Where the account posts: `@channel` or an id such as -1001234567890. */
export function chatOf(account: Account): string {
  const { chat } = account.settings;
  const named = typeof chat === "number" ? String(chat) : chat;
  if (typeof named === "string" && /^(?:@\w+|-?\d+)$/.test(named)) return named;
  throw new Fault(
    "ACCOUNT_SETTING",
    say`Account ${account.name} does not say where to post. Set chat to @channel, or to the channel's id, such as "-1001234567890".`,
    { account: account.name },
  );
}

/** A token of another form would be part of a wrong address; the Bot API answers that with a bare 404. */
async function tokenOf(account: Account): Promise<string> {
  const token = (await account.secret.get("token")).trim();
  if (/^\d+:[\w-]+$/.test(token)) return token;
  throw new Fault(
    "SECRET_MALFORMED",
    say`The token of ${account.name} is invalid: a bot's token is a number, a colon and letters, as @BotFather shows it.`,
    { account: account.name },
  );
}

function parsed(answer: Answer): z.output<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(answer.body.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** The token goes before the sentence is cut, so that no piece of it is left at the end. */
function sentence(said: string, token: string): string {
  const forms = [token, encodeURIComponent(token)];
  const harmless = forms.reduce((so, form) => so.replaceAll(form, "[the token]"), cleanText(said));
  return `${harmless.slice(0, 300).replace(/\.$/, "")}.`;
}
