import { deliver } from "../../src/delivery/deliver.ts";
import { createRounds } from "../../src/delivery/rounds.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { parseDuration } from "../../src/lib/time.ts";
import { bluesky } from "../../src/networks/bluesky.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import { telegram } from "../../src/networks/telegram.ts";
import { webhook } from "../../src/networks/webhook.ts";
import { x } from "../../src/networks/x.ts";
import { createDrivers } from "../../src/newsroom/drivers.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startSix } from "../support/six.ts";
import { advance, type TestStore } from "../support/store.ts";

const REQUEST_MS = 1_000;

/** The real drivers in this process, on the five stand-ins, with a clock that the test moves for the store and for them. */
export async function openSixDesk(store: TestStore) {
  const six = await startSix();
  const outbound = createOutbound({ allow: six.allow, userAgent: "Slugline/test" });
  const networks = [mastodon, x, bluesky, telegram, webhook].map((one) => one(outbound, { requestMs: REQUEST_MS }));
  const desk = await openDesk(store, { networks });
  const accounts: string[] = [];
  for (const { name, network, server, handle, mode, ...settings } of six.accounts("review")) {
    if (name === "local") continue;
    accounts.push(name);
    await desk.account({ name, network, mode, settings, ...(server ? { server } : {}), ...(handle ? { handle } : {}) });
  }
  const given: Readonly<Record<string, string>> = six.env;
  const byName = new Map(networks.map((one) => [one.name, one]));
  const driver = createDrivers({ store, networks: byName, secrets: (name) => given[name], keys: () => [Buffer.alloc(32, 7)] });
  const deps = { ...desk.deps, driver };
  const rounds = createRounds(deps);

  return {
    six,
    desk,
    accounts,
    deps,
    /** Time goes on for the store and for the networks whose answers depend on it. */
    async goOn(duration: string): Promise<void> {
      await advance(store, duration);
      const ms = (parseDuration(duration) ?? 0) * 1_000;
      six.mastodon.advance(ms);
      six.x.advance(ms);
    },
    /** An approved post for this account, and what of it stands on its network. */
    async approved(account: string): Promise<{ post: string; copies: () => number }> {
      const post = (await desk.story()).posts[account]!;
      await desk.approve(post);
      const { code } = await desk.link(post);
      return { post, copies: () => six.copies(account, `${SHORT_URL}/${code}`).length };
    },
    /** Rings until the delivery rests, time going on between. */
    async untilRest(post: string, most = 40, each = "20s"): Promise<string> {
      for (let round = 0; round < most; round += 1) {
        await deliver(deps, post, new AbortController().signal, undefined, rounds);
        const state = await desk.stateOf(post);
        if (["posted", "refused", "asked", "cancelled"].includes(state)) return state;
        await this.goOn(each);
      }
      return desk.stateOf(post);
    },
    async [Symbol.asyncDispose]() {
      await desk.close();
      await outbound.close();
      await six[Symbol.asyncDispose]();
    },
  };
}
