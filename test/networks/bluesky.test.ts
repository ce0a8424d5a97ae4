import { networkContract } from "./contract.ts";
import { blueskyBench, tidNamed } from "../support/bluesky-bench.ts";

networkContract("bluesky", async () => {
  const { standIn, network, account, stranger, close } = await blueskyBench();
  return {
    network,
    account,
    stranger,
    close,
    secret: standIn.password,
    standing: () => [...standIn.records.values()].map(({ uri, value }) => ({ id: uri, text: String(value["text"]) })),
    seed(text, at) {
      const rkey = tidNamed(`by hand at ${at}`);
      const record = { $type: "app.bsky.feed.post", text, createdAt: new Date(at).toISOString() };
      const { uri } = standIn.put({ repo: standIn.did, collection: "app.bsky.feed.post", rkey, record }) as { uri: string };
      return { id: uri, text };
    },
    next: (fault, times, call) => standIn.next(fault, times, call === "verify" || call === "edit" ? "refresh" : call),
    busy: [
      [{ status: 429, headers: { "retry-after": "60" } }, 60_000],
      [{ status: 429, headers: { "ratelimit-reset": String(Math.ceil(Date.now() / 1_000) + 120) } }, 120_000],
      [{ status: 429, headers: { "retry-after": "-5" } }, 0],
      [{ status: 429, headers: { "retry-after": "315360000" } }, 86_400_000],
    ],
  };
});
