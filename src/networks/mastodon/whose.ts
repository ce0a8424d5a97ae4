import { createHash } from "node:crypto";
import { Fault } from "../../lib/fault.ts";
import { text } from "../../lib/json.ts";
import { say } from "../../lib/say.ts";
import type { Account, Verified } from "../network.ts";
import type { Ask } from "./ask.ts";

/** Whose a token is. Asked once per token in a process: the account behind one does not change. */
export function createWhose(ask: Ask) {
  /** By a hash of server and token, so that a token that was replaced by another account's is asked about anew. */
  const ids = new Map<string, string>();

  async function keyOf(account: Account): Promise<string> {
    return createHash("sha256")
      .update(`${account.server}\n${await account.secret.get("token")}`)
      .digest("base64url");
  }

  async function me(account: Account, signal: AbortSignal): Promise<Verified & { readonly status: number }> {
    const key = await keyOf(account);
    const { status, json, told } = await ask(account, "/api/v1/accounts/verify_credentials", { signal });
    if (status === 401 || status === 403)
      return { ok: false, id: null, handle: null, endsAt: null, why: lockedOut(account, status, told), status };
    const id = text(json, "id");
    if (status !== 200 || id === null)
      throw new Fault("MASTODON_ANSWER", say`${account.server} did not say whose token this is (${status}): ${told}`);
    ids.set(key, id);
    return { ok: true, id, handle: text(json, "acct"), endsAt: null, why: null, status };
  }

  async function verify(account: Account, signal: AbortSignal): Promise<Verified> {
    const { status: _, ...verified } = await me(account, signal);
    return verified;
  }

  /** @throws Fault `MASTODON_TURNED_AWAY` when the token is none any more, `MASTODON_ANSWER` when the server does not say */
  async function idOf(account: Account, signal: AbortSignal): Promise<string> {
    const known = ids.get(await keyOf(account));
    if (known !== undefined) return known;
    const { id, why, status } = await me(account, signal);
    const code = status === 401 ? "MASTODON_TURNED_AWAY" : "MASTODON_ANSWER";
    if (id === null) throw new Fault(code, why ?? say`${account.server} did not say whose token this is.`);
    return id;
  }

  return { verify, idOf };
}

export function lockedOut(account: Account, status: number, told: string): string {
  return say`${account.server} does not accept the token of ${account.name} (${status}): ${told} Make a new one under Preferences > Development, with write:statuses, write:media, read:accounts and read:statuses.`;
}
