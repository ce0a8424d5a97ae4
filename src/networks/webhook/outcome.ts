import { z } from "zod";
import { Fault, reasonOf } from "../../lib/fault.ts";
import { OutboundError } from "../../lib/outbound/error.ts";
import type { Answer } from "../../lib/outbound/outbound.ts";
import { retryAt } from "../../lib/retry-after.ts";
import { say } from "../../lib/say.ts";
import { cleanText } from "../../lib/text/clean.ts";
import { wordless, type Outcome } from "../network.ts";
import type { Endpoint } from "./endpoint.ts";

/** Where the receiver put the post, where it says so. */
const placed = z.object({ url: z.url({ protocol: /^https$/ }) });
/** What it says went wrong: RFC 9457's field, or one of the usual others. */
const problem = z.object({
  detail: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
});

/** What a message came to. Its receiver knows it by its id, so that an unknown one is simply sent again. */
export function outcomeOf(answer: Answer, { endpoint, id, now }: { endpoint: Endpoint; id: string; now: number }): Outcome {
  const { status } = answer;
  const { host } = endpoint.url;
  const body = parsed(answer);
  if (status >= 200 && status < 300) return { kind: "posted", id, url: placed.safeParse(body).data?.url ?? null };
  const told = toldBy(answer, body, endpoint);
  const when = retryAt(answer.headers, now);
  const later = when === undefined ? {} : { retryAt: when };
  if (status === 401 || status === 403)
    return {
      kind: "locked-out",
      why: say`${host} does not accept our signature (${status}): ${told} Compare the secret on both sides, and the clocks.`,
    };
  if (status === 410)
    return {
      kind: "locked-out",
      why: say`The receiver ${host} disabled this webhook (410): ${told} Enable it there, or give the account another url.`,
    };
  if (status === 429) return { kind: "busy", why: say`${host} asks to wait (429): ${told}`, ...later };
  if (status >= 400 && status < 500 && status !== 408)
    return { kind: "refused", why: say`${host} refused it (${status}): ${told}` };
  if (status >= 300 && status < 400)
    return {
      kind: "unknown",
      why: say`${host} pointed elsewhere (${status}), which a webhook does not follow. Set url to the address it moved to.`,
    };
  return { kind: "unknown", why: say`${host} failed (${status}).`, ...(status === 503 ? later : {}) };
}

const TO_BE_MENDED = new Set(["SECRET_MISSING", "SECRET_MALFORMED", "ACCOUNT_SETTING"]);

/** What a request that brought no answer came to. */
export function outcomeOfError(error: unknown): Outcome {
  const why = reasonOf(error);
  if (error instanceof OutboundError && error.sent === "maybe") return { kind: "unknown", why };
  if (error instanceof Fault && TO_BE_MENDED.has(error.code)) return { kind: "locked-out", why };
  return error instanceof Fault ? { kind: "busy", why } : { kind: "unknown", why };
}

function parsed(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The receiver's own sentence, without our secrets: they go before it is cut, so that no piece of one is left. */
function toldBy(answer: Answer, body: unknown, { secrets }: Endpoint): string {
  const { detail, message, error, title } = problem.safeParse(body).data ?? {};
  const said = cleanText(detail ?? message ?? error ?? title ?? "");
  if (said === "") return wordless(answer.headers["content-type"]);
  const bare = secrets.map((secret) => secret.replace(/^whsec_/, ""));
  const forms = [...secrets, ...bare].flatMap((form) => [form, encodeURIComponent(form)]);
  const harmless = forms.reduce((so, form) => so.replaceAll(form, "[the secret]"), said);
  return `${harmless.slice(0, 300).replace(/\.$/, "")}.`;
}
