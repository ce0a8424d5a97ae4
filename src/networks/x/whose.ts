import { Fault } from "../../lib/fault.ts";
import { at, text } from "../../lib/json.ts";
import { say } from "../../lib/say.ts";
import type { Account, Verified } from "../network.ts";
import { fingerprintOf, type Ask, type Reply } from "./ask.ts";
import { notAllowed, stopped } from "./outcome.ts";
import type { Sessions } from "./session.ts";

/** Whose an account's keys are. Asked once per keys in a process: the account behind them does not change. */
export function createWhose(ask: Ask, sessions: Sessions) {
  /** By a hash of server and keys, so that keys that were replaced by another account's are asked about anew. */
  const ids = new Map<string, string>();

  async function me(account: Account, signal: AbortSignal): Promise<Verified & { readonly turnedAway?: boolean }> {
    const key = (await sessions.of(account)) ? undefined : await fingerprintOf(account);
    const reply = await ask(account, { method: "GET", path: "users/me", signal });
    const why = locked(account, reply);
    // A 403 may be about reading alone.
    if (why !== null) return { ...mute(why), turnedAway: reply.status !== 403 };
    const data = at(reply.json, "data");
    const id = text(data, "id");
    if (reply.status !== 200 || id === null)
      throw new Fault("X_ANSWER", say`${account.server} did not say whose keys these are (${reply.status}): ${reply.told}`);
    if (key !== undefined) ids.set(key, id);
    const ends = key === undefined ? await endsOf(account) : { endsAt: null };
    return { ok: true, id, handle: text(data, "username"), ...ends, why: null };
  }

  async function endsOf(account: Account): Promise<Pick<Verified, "endsAt" | "renewal">> {
    const session = await sessions.of(account);
    return { endsAt: session?.endsAt ?? null, renewal: { endsAt: null } };
  }

  /**
   * Asks whose the keys are, which is free, and then for a few posts of the account: without credits only that fails, and
   * an account that has none must not look mended. It also tells whether a post can be looked for afterwards.
   */
  async function verify(account: Account, signal: AbortSignal): Promise<Verified> {
    let verified: Verified;
    let path: string;
    try {
      verified = await me(account, signal);
      if (!verified.ok || verified.id === null) return verified;
      path = `users/${encodeURIComponent(verified.id)}/tweets`;
    } catch (error) {
      if (error instanceof Fault && error.code === "X_SIGNED_OUT") return mute(error.message);
      throw error;
    }
    const why = locked(account, await ask(account, { method: "GET", path, query: { max_results: "5" }, signal }));
    return why === null ? verified : mute(why);
  }

  /** @throws Fault `X_TURNED_AWAY` when X takes the keys no more, `X_ANSWER` when it does not say */
  async function idOf(account: Account, signal: AbortSignal): Promise<string> {
    const session = await sessions.of(account);
    if (session) return session.id;
    const known = ids.get(await fingerprintOf(account));
    if (known !== undefined) return known;
    const { id, why, turnedAway } = await me(account, signal);
    if (id === null)
      throw new Fault(turnedAway ? "X_TURNED_AWAY" : "X_ANSWER", why ?? say`${account.server} did not say whose keys these are.`);
    return id;
  }

  return { verify, idOf };
}

function locked(account: Account, reply: Reply): string | null {
  return stopped(account, reply) ?? (reply.status === 403 ? notAllowed(account, reply.json, reply.told) : null);
}

function mute(why: string): Verified {
  return { ok: false, id: null, handle: null, endsAt: null, why };
}
