import type { Outbound } from "../../lib/outbound/outbound.ts";
import type { App } from "../network.ts";
import { parsed, problem, sentence } from "./told.ts";

/** What X's token endpoint answered; `told` never holds a secret of ours. */
interface TokenReply {
  readonly status: number;
  readonly json: unknown;
  readonly told: string;
}

/** Asks the token endpoint once. Throws what the outbound throws. */
export type AskToken = (
  server: string,
  app: App,
  given: Readonly<Record<string, string>>,
  signal?: AbortSignal,
) => Promise<TokenReply>;

/** The parameters that are secrets. */
const SECRET = ["refresh_token", "code", "code_verifier"];

/**
 * `POST /2/oauth2/token` with a form, as X's pages and RFC 6749 say (the library sends JSON). A confidential app shows its
 * secret in `Authorization: Basic`, a public one only names itself.
 */
export function createAskToken({ outbound, requestMs }: { readonly outbound: Outbound; readonly requestMs: number }): AskToken {
  return async (server, app, given, signal) => {
    const form = new URLSearchParams(app.secret === null ? { ...given, client_id: app.id } : given);
    const basic = Buffer.from(`${encodeURIComponent(app.id)}:${encodeURIComponent(app.secret ?? "")}`).toString("base64");
    const answer = await outbound.request(new URL("/2/oauth2/token", server), {
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
        ...(app.secret === null ? {} : { authorization: `Basic ${basic}` }),
      },
      body: form.toString(),
      timeoutMs: requestMs,
      ...(signal ? { signal } : {}),
    });
    const json = parsed(answer.body.toString("utf8"));
    const secrets = [app.secret ?? "", basic, ...SECRET.map((name) => given[name] ?? "")];
    const type = answer.headers["content-type"] ?? "of no type";
    return { status: answer.status, json, told: sentence(problem(json) ?? `the answer is ${type}`, secrets) };
  };
}
