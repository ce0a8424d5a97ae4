import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { parseDuration } from "../../src/lib/time.ts";
import { x } from "../../src/networks/x.ts";
import { openDesk, SHORT_URL } from "./desk.ts";
import { advance as advanceStore, type TestStore } from "./store.ts";
import { startX, type XOptions } from "./x.ts";

/** What the desk answers for every variable: all four keys are the same there. */
const KEY = "standin-token";
const KEYS = { appKey: KEY, appSecret: KEY, accessToken: KEY, accessSecret: KEY };
const NAMES = JSON.stringify(Object.fromEntries(Object.keys(KEYS).map((name) => [`${name}Env`, "TOKEN"])));

/** A newsroom's desk whose account `x-en` is on a stand-in of X; the store's clock and X's go on together. */
export async function openXDesk(store: TestStore, options: XOptions = {}) {
  const standIn = await startX({ accounts: [{ id: "1001", username: "example", keys: KEYS }], ...options });
  const outbound = createOutbound({ allow: [new URL(standIn.url).host], userAgent: "Slugline/test" });
  const desk = await openDesk(store, {
    server: standIn.url,
    networks: [x(outbound, { requestMs: 2_000 })],
    advance: async (db, duration) => {
      await advanceStore(db, duration);
      standIn.advance((parseDuration(duration) ?? 0) * 1000);
    },
  });
  const account = await desk.account({ name: "x-en", network: "x" });
  await store.query("update slugline.account set settings = $2, handle = 'example' where id = $1", [account, NAMES]);
  return {
    standIn,
    desk,
    account,
    /** A story whose post is approved, and the link in it. */
    async approved(): Promise<{ post: string; link: string }> {
      const post = (await desk.story()).posts["x-en"]!;
      await desk.approve(post);
      return { post, link: `${SHORT_URL}/${(await desk.link(post)).code}` };
    },
    async [Symbol.asyncDispose]() {
      await desk.close();
      await outbound.close();
      await standIn.close();
    },
  };
}
