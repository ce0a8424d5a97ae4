import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import type { MastodonOptions } from "../support/mastodon.ts";
import { accountOn, mastodonBench, TOKEN } from "../support/mastodon-bench.ts";
import { startRecording } from "../support/recording.ts";
import { keyOf, networkContract, ready, signal } from "./contract.ts";

networkContract("mastodon", async () => {
  const { standIn, network, account, stranger, close } = await mastodonBench();
  return {
    network,
    account,
    stranger,
    close,
    secret: TOKEN,
    standing: () => standIn.accepted.filter(({ deleted }) => !deleted).map(({ id, text }) => ({ id, text })),
    seed: (text, createdAt) => standIn.seed(text, { createdAt }),
    next: standIn.next,
    lag: (reads) => void (standIn.lagReads = reads),
  };
});

async function withBench(
  options: MastodonOptions,
  work: (at: Awaited<ReturnType<typeof mastodonBench>>) => Promise<void>,
): Promise<void> {
  const made = await mastodonBench(options);
  await work(made).finally(made.close);
}

test("the status carries key, language, visibility and warning, and the limit counts a link as 23", () =>
  withBench({ maxCharacters: 60 }, async ({ standIn, network, account }) => {
    const link = `https://go.example.org/${"x".repeat(80)}`;
    const fits = { ...ready(`${"é".repeat(30)}\n\n${link}`, link), lang: "ckb", spoiler: "News" };
    const quiet = { ...account, settings: { visibility: "unlisted" } };
    expect((await network.publish(quiet, fits, keyOf(fits), signal())).kind).toBe("posted");
    expect(standIn.accepted[0]).toMatchObject({
      idempotencyKey: "delivery-1",
      language: "ckb",
      visibility: "unlisted",
      spoiler: "News",
    });
    const long = ready("x".repeat(61), null);
    const refused = await network.publish(account, long, keyOf(long, "2"), signal());
    expect(refused).toMatchObject({ kind: "refused" });
    expect((refused as { why: string }).why).toContain("character limit of 60 exceeded");
    expect((await network.limits(account, signal())).max).toBe(60);
  }));

test("a picture is there with its alternative text before the post is", () =>
  withBench({ mediaPolls: 1 }, async ({ standIn, account }) => {
    await using pictures = await startRecording((_request, response) =>
      response
        .writeHead(200, { "content-type": "image/png" })
        .end(
          Buffer.from(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAMAAAAoyzS7AAAAA1BMVEVEd6qGlL0BAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAACklEQVQImWNgAAAAAgAB9HFkpgAAAABJRU5ErkJggg==",
            "base64",
          ),
        ),
    );
    await using outbound = createOutbound({
      allow: [`127.0.0.1:${standIn.port}`, `127.0.0.1:${pictures.port}`],
      userAgent: "Slugline-test/0",
    });
    const post = { ...ready(), media: [{ url: `${pictures.url}/bridge.png`, alt: "The bridge, “open” again" }] };
    expect((await mastodon(outbound).publish(account, post, keyOf(post), signal())).kind).toBe("posted");
    expect(standIn.pictures).toMatchObject([{ description: "The bridge, “open” again", bytes: 103 }]);
    expect(standIn.accepted[0]?.mediaIds).toEqual([standIn.pictures[0]?.id]);
    const kinds = standIn.requests.map(({ method, path }) => `${method} ${path.replace(/\d{5,}/, "ID")}`);
    expect(kinds).toEqual(["POST /api/v2/media", "GET /api/v1/media/ID", "POST /api/v1/statuses"]);
  }));

test("a picture that cannot be had leaves no post behind, and it is known that there is none", () =>
  withBench({}, async ({ standIn, network, account }) => {
    const post = { ...ready(), media: [{ url: "http://127.0.0.1:1/gone.png", alt: "" }] };
    expect(["busy", "refused"]).toContain((await network.publish(account, post, keyOf(post), signal())).kind);
    expect(standIn.accepted).toEqual([]);
  }));

test("it is found behind fifty newer posts", () =>
  withBench({}, async ({ standIn, network, account }) => {
    const key = keyOf(ready());
    const outcome = await network.publish(account, ready(), key, signal());
    for (let i = 0; i < 50; i += 1) standIn.seed(`Other news ${i}`);
    expect(await network.find?.(account, key, new Set(), signal())).toEqual(outcome);
  }));

test("a server that is not there: busy, and nothing can be told", () =>
  withBench({}, async ({ standIn, network, account }) => {
    await standIn.close();
    expect((await network.publish(account, ready(), keyOf(ready()), signal())).kind).toBe("busy");
    expect((await network.find?.(account, keyOf(ready()), new Set(), signal()))?.kind).toBe("cannot-tell");
  }));

test("the stand-in runs as a process of its own and tells what it accepted", async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../support/mastodon-process.ts", import.meta.url)), "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { url, port } = JSON.parse(line.toString()) as { url: string; port: number };
    await using outbound = createOutbound({ allow: [`127.0.0.1:${port}`], userAgent: "Slugline-test/0" });
    await outbound.request(`${url}/__fault`, { method: "POST", body: JSON.stringify({ fault: { status: 504, accept: true } }) });
    expect((await mastodon(outbound).publish(accountOn(url), ready(), keyOf(ready()), signal())).kind).toBe("unknown");
    const state = JSON.parse((await outbound.request(`${url}/__state`)).body.toString()) as { accepted: { text: string }[] };
    expect(state.accepted.map(({ text }) => text)).toEqual([ready().text]);
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
});
