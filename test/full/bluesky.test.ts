import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../../src/lib/fault.ts";
import { createOutbound, type Outbound } from "../../src/lib/outbound/outbound.ts";
import { bluesky } from "../../src/networks/bluesky.ts";
import { keptSession } from "../../src/networks/bluesky/kept.ts";
import { tidOf } from "../../src/networks/bluesky/tid.ts";
import type { Account, Network } from "../../src/networks/network.ts";
import { startBluesky, type BlueskyStandIn } from "../support/bluesky.ts";
import { accountOn } from "../support/bluesky-bench.ts";
import { accountWithAppPassword, noPds, startPds, xrpc } from "../support/bluesky-pds.ts";
import { startRecording, type Recording } from "../support/recording.ts";
import { keyOf, ready, signal } from "../networks/contract.ts";

const COLLECTION = "app.bsky.feed.post";
const newTid = () => tidOf({ now: Date.now(), random: Math.random });

if (noPds) console.log(`Skipped: ${noPds}.`);

describe.skipIf(noPds !== undefined)("on a real PDS", () => {
  let pds: Awaited<ReturnType<typeof startPds>>;
  let outbound: Outbound;
  let pictures: Recording;
  let network: Network;
  let picture: Buffer;
  let people = 0;

  beforeAll(async () => {
    picture = await sharp({ create: { width: 1_200, height: 630, channels: 3, background: "#47a" } })
      .jpeg()
      .toBuffer();
    pictures = await startRecording((_request, response) =>
      response.writeHead(200, { "content-type": "image/jpeg" }).end(picture),
    );
    pds = await startPds();
    outbound = createOutbound({
      allow: [`127.0.0.1:${pds.port}`, `127.0.0.1:${pictures.port}`],
      userAgent: "Slugline-test/0",
    });
    network = bluesky(outbound);
  });
  afterAll(async () => {
    await outbound?.close();
    await pictures?.close();
    await pds?.close();
  });

  async function member() {
    people += 1;
    const handle = `desk${people}.test`;
    const made = await accountWithAppPassword(outbound, pds.url, handle);
    return { ...made, handle, account: accountOn(pds.url, made.password, handle) };
  }
  const ask = (name: string, options: Parameters<typeof xrpc>[3]) => xrpc(outbound, pds.url, name, options);
  const standing = async (repo: string) => {
    const { json } = await ask("com.atproto.repo.listRecords", { query: { repo, collection: COLLECTION } });
    return (json["records"] as { uri: string; value: Record<string, unknown> }[]).map(({ uri, value }) => ({ uri, value }));
  };
  const publish = (account: Account, post = ready(), rkey = newTid()) =>
    network.publish(account, post, keyOf(post, rkey), signal());

  test("a post stands there once, is found again, and the same key makes no second", async () => {
    const { account, did } = await member();
    const key = keyOf(ready(), newTid());
    expect((await network.find!(account, key, new Set(), signal())).kind).toBe("absent");
    const first = await network.publish(account, ready(), key, signal());
    expect(first.kind).toBe("posted");
    expect(await network.publish(account, ready(), key, signal())).toEqual(first);
    expect(await network.find!(account, key, new Set(), signal())).toEqual(first);
    expect(await standing(did)).toMatchObject([{ uri: (first as { id: string }).id, value: { text: ready().text } }]);
  });

  test("the same key with another moment is still the same post", async () => {
    const { account, did } = await member();
    const key = keyOf(ready(), newTid());
    const first = await network.publish(account, ready(), key, signal());
    const again = { ...key, intentAt: key.intentAt + 60_000 };
    expect(await network.publish(account, ready(), again, signal())).toEqual(first);
    const other = ready("Other words", null);
    expect((await network.publish(account, other, keyOf(other, key.idempotency), signal())).kind).toBe("unknown");
    expect(await standing(did)).toHaveLength(1);
  });

  test("eight at once under one key make one record, with one login", async () => {
    const { account, did } = await member();
    const asked: string[] = [];
    const counting: Outbound = {
      ...outbound,
      request(url, options) {
        asked.push(new URL(url).pathname.replace("/xrpc/com.atproto.", ""));
        return outbound.request(url, options);
      },
    };
    const key = keyOf(ready(), newTid());
    const eight = bluesky(counting);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => eight.publish(account, ready(), key, signal())));
    expect(new Set(outcomes.map((one) => JSON.stringify(one))).size, JSON.stringify(outcomes)).toBe(1);
    expect(outcomes[0]?.kind).toBe("posted");
    expect(asked.toSorted()).toEqual([...Array.from({ length: 8 }, () => "repo.putRecord"), "server.createSession"]);
    expect(await standing(did)).toHaveLength(1);
  });

  test("a card with its picture can be read from the PDS", async () => {
    const { account, did } = await member();
    const card = {
      url: "https://go.example.org/k3m9x2ab",
      title: "Bridge reopens",
      description: "After two years",
      image: { url: `${pictures.url}/bridge.jpg`, alt: "The bridge" },
    };
    const outcome = await publish(account, { ...ready(), card });
    expect(outcome.kind).toBe("posted");
    const [post] = await standing(did);
    const embed = post?.value["embed"] as { external: { uri: string; thumb: { ref: { $link: string }; size: number } } };
    expect(embed).toMatchObject({ $type: "app.bsky.embed.external", external: { uri: card.url, title: card.title } });
    const blob = await ask("com.atproto.sync.getBlob", { query: { did, cid: embed.external.thumb.ref.$link } });
    expect(blob.bytes.equals(picture)).toBe(true);
  });

  test("pictures, a language and a label are taken as we write them", async () => {
    const { account, did } = await member();
    const media = [{ url: `${pictures.url}/bridge.jpg`, alt: "الجسر" }];
    const text = "افتتاح الجسر 👩‍👩‍👧 #أخبار، httpbin.org\n\nhttps://go.example.org/k3m9x2ab";
    expect((await publish(account, { ...ready(text), media, lang: "ckb", sensitive: true })).kind).toBe("posted");
    expect(await standing(did)).toMatchObject([
      {
        value: {
          langs: ["ckb", "ku"],
          labels: { values: [{ val: "graphic-media" }] },
          embed: { images: [{ alt: "الجسر", aspectRatio: { width: 1_200, height: 630 } }] },
        },
      },
    ]);
  });

  test("a removal takes it away, and twice is no fault", async () => {
    const { account, did } = await member();
    const { id } = (await publish(account)) as { id: string };
    for (let i = 0; i < 2; i += 1)
      expect(await network.remove!(account, id, signal())).toEqual({ kind: "posted", id, url: null });
    expect(await standing(did)).toEqual([]);
  });

  test("what is too long is refused, and what is past its deadline is not sent", async () => {
    const { account, did } = await member();
    expect(await publish(account, ready("x".repeat(301), null))).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("grapheme too big (maximum 300, got 301)"),
    });
    const deadline = {
      check() {
        throw new Fault("DEADLINE_PASSED", "Too late to send.");
      },
    };
    const late = keyOf(ready(), newTid(), { deadline });
    expect((await network.publish(account, ready(), late, signal())).kind).toBe("busy");
    expect(await standing(did)).toEqual([]);
  });

  test("whose it is, and that a revoked app password works no more", async () => {
    const { account, did, handle, token } = await member();
    expect(await network.verify(account, signal())).toEqual({ ok: true, id: did, handle, endsAt: null, why: null });
    await ask("com.atproto.server.revokeAppPassword", { token, body: { name: "slugline" } });
    expect((await publish(account)).kind, "its session still posts until it ends").toBe("posted");
    expect(await network.verify(account, signal())).toMatchObject({ ok: false, why: expect.stringContaining("revoked") });
    const stranger = accountOn(pds.url, "nobody's", handle);
    expect((await network.verify(stranger, signal())).ok).toBe(false);
  });

  test("a deactivated account is locked out", async () => {
    const { account, token } = await member();
    expect((await publish(account)).kind).toBe("posted");
    await ask("com.atproto.server.deactivateAccount", { token, body: {} });
    expect((await publish(account)).kind).toBe("locked-out");
    expect(await network.verify(account, signal())).toMatchObject({ ok: false, why: expect.stringContaining("deactivated") });
  });

  test("the stand-in says what the PDS says", async () => {
    const { account, did } = await member();
    await using standIn: BlueskyStandIn = await startBluesky();
    await using both = createOutbound({
      allow: [`127.0.0.1:${pds.port}`, `127.0.0.1:${standIn.port}`],
      userAgent: "Slugline-test/0",
    });
    const theirs = accountOn(standIn.url);
    const driver = bluesky(both);
    for (const one of [account, theirs]) expect((await driver.verify(one, signal())).ok).toBe(true);
    const sessionOf = async (one: Account) => keptSession(one, await one.secret.find("session"))!;
    const rkey = newTid();
    const record = { $type: COLLECTION, text: "Bridge reopens", createdAt: "2026-11-23T12:00:00.000Z" };
    const write = (repo: string, more: object = {}) => ({
      repo,
      collection: COLLECTION,
      rkey,
      record,
      swapRecord: null,
      ...more,
    });
    const put = "com.atproto.repo.putRecord";
    const FACET = "app.bsky.richtext.facet";
    const facet = (feature: object) => [{ index: { byteStart: 0, byteEnd: 6 }, features: [feature] }];
    const image = {
      $type: "blob",
      ref: { $link: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku" },
      mimeType: "image/jpeg",
      size: 9,
    };
    const asked: [string, (repo: string) => { body?: object; query?: Record<string, string>; token?: string }][] = [
      [put, (repo) => ({ body: write(repo) })],
      [put, (repo) => ({ body: write(repo) })],
      [put, (repo) => ({ body: write(repo, { record: { ...record, text: "Another" } }) })],
      [put, (repo) => ({ body: write(repo, { rkey: "news-item-42" }) })],
      [put, (repo) => ({ body: write(repo, { rkey: newTid(), record: { ...record, text: "x".repeat(301) } }) })],
      [put, (repo) => ({ body: write(repo, { rkey: newTid(), record: { ...record, text: "é".repeat(1_501) } }) })],
      [
        put,
        (repo) => ({
          body: write(repo, {
            rkey: newTid(),
            record: { ...record, embed: { $type: "app.bsky.embed.images", images: [{ alt: "", image }] } },
          }),
        }),
      ],
      [
        put,
        (repo) => ({
          body: write(repo, {
            rkey: newTid(),
            record: { ...record, facets: facet({ $type: `${FACET}#link`, uri: "httpbin.org" }) },
          }),
        }),
      ],
      [
        put,
        (repo) => ({
          body: write(repo, {
            rkey: newTid(),
            record: { ...record, facets: facet({ $type: `${FACET}#tag`, tag: "x".repeat(641) }) },
          }),
        }),
      ],
      [put, (repo) => ({ body: write(repo), token: "nonsense" })],
      ["com.atproto.repo.createRecord", (repo) => ({ body: { ...write(repo), swapRecord: undefined } })],
      ["com.atproto.repo.getRecord", (repo) => ({ query: { repo, collection: COLLECTION, rkey: "3aaaaaaaaaaaa" } })],
      ["com.atproto.repo.deleteRecord", (repo) => ({ body: { repo, collection: COLLECTION, rkey: "3aaaaaaaaaaaa" } })],
      ["com.atproto.server.createSession", (repo) => ({ body: { identifier: repo, password: "nobody's" } })],
      ["com.atproto.server.refreshSession", () => ({})],
    ];
    const told = async (one: Account) => {
      const { access, did: repo, service } = await sessionOf(one);
      const answers = [];
      for (const [name, what] of asked) {
        const { status, json } = await xrpc(both, service, name, { token: access, ...what(repo) });
        const message = String(json["message"] ?? "")
          .replaceAll(repo, "DID")
          .replaceAll(/baf[a-z0-9]+/g, "CID");
        answers.push({ name, status, error: json["error"], message });
      }
      return answers;
    };
    expect(await told(theirs)).toEqual(await told(account));
    expect(did).toMatch(/^did:plc:/);
  });
});
