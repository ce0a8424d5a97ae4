import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../../src/lib/fault.ts";
import { createOutbound, type Outbound } from "../../src/lib/outbound/outbound.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import type { Outcome } from "../../src/networks/network.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { secretOf } from "../support/secret.ts";
import type { WireFault } from "../support/wire.ts";
import { accountOn } from "../support/mastodon-bench.ts";
import { startRecording, type Recording } from "../support/recording.ts";
import { keyOf, ready, signal } from "./contract.ts";

let pictures: Recording;
beforeAll(async () => {
  pictures = await startRecording((_request, response) =>
    response
      .writeHead(200, { "content-type": "image/png" })
      .end(
        Buffer.from(
          "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAMAAAAoyzS7AAAAA1BMVEVEd6qGlL0BAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAACklEQVQImWNgAAAAAgAB9HFkpgAAAABJRU5ErkJggg==",
          "base64",
        ),
      ),
  );
});
afterAll(() => pictures.close());

interface Desk extends AsyncDisposable {
  readonly standIn: MastodonStandIn;
  readonly outbound: Outbound;
}

async function desk(mediaPolls = 0): Promise<Desk> {
  const standIn = await startMastodon({ mediaPolls });
  const outbound = createOutbound({
    allow: [`127.0.0.1:${standIn.port}`, `127.0.0.1:${pictures.port}`],
    userAgent: "Slugline-test/0",
  });
  return {
    standIn,
    outbound,
    async [Symbol.asyncDispose]() {
      await standIn.close();
      await outbound.close();
    },
  };
}

const illustrated = () => ({ ...ready(), media: [{ url: `${pictures.url}/bridge.png`, alt: "The bridge" }] });

function publish({ standIn, outbound }: Desk, account = accountOn(standIn.url)): Promise<Outcome> {
  return mastodon(outbound).publish(account, illustrated(), keyOf(ready()), signal());
}

describe("a picture that is not taken: the post was surely not sent", () => {
  const cases: [WireFault, Outcome["kind"]][] = [
    [401, "locked-out"],
    [403, "locked-out"],
    [413, "refused"],
    [422, "refused"],
    [429, "busy"],
    [500, "busy"],
    [503, "busy"],
    [302, "busy"],
    ["html-200", "busy"],
    ["reset-after-accept", "busy"],
  ];
  test.each(cases)("%s while it is uploaded: %s", async (fault, kind) => {
    await using at = await desk();
    at.standIn.next(fault, 1, "media");
    const outcome = await publish(at);
    expect(outcome.kind).toBe(kind);
    expect(at.standIn.accepted).toEqual([]);
    expect(at.standIn.requests.map(({ path }) => path)).toEqual(["/api/v2/media"]);
  });

  test.each(cases.filter(([fault]) => [401, 403, 422, 429].includes(fault as number)))(
    "%s while it is processed: %s",
    async (fault, kind) => {
      await using at = await desk(3);
      at.standIn.next(fault, 1, "media-status");
      expect((await publish(at)).kind).toBe(kind);
      expect(at.standIn.accepted).toEqual([]);
    },
  );

  test("a server that fails once while it processes one is asked again", async () => {
    await using at = await desk(1);
    at.standIn.next(503, 1, "media-status");
    expect((await publish(at)).kind).toBe("posted");
  });

  test.each(["media", "media-status"] as const)("too many (%s): it says until when", async (call) => {
    await using at = await desk(3);
    at.standIn.next({ status: 429, headers: { "retry-after": "600" } }, 1, call);
    const outcome = (await publish(at)) as { retryAt: number };
    expect(Math.abs(outcome.retryAt - Date.now() - 600_000)).toBeLessThan(4_000);
  });

  test("a token that is not set: locked out", async () => {
    await using at = await desk();
    const get = () => Promise.reject(new Fault("SECRET_MISSING", "TOKEN_EN is not set; account masto-en needs it."));
    const account = { ...accountOn(at.standIn.url), secret: { ...secretOf({}), get } };
    expect(await publish(at, account)).toEqual({ kind: "locked-out", why: "TOKEN_EN is not set; account masto-en needs it." });
  });

  test("a server that repeats the token while a picture is uploaded: it is in no sentence", async () => {
    await using at = await desk();
    at.standIn.next({ status: 403, echo: true }, 1, "media");
    const outcome = await publish(at);
    expect(outcome).toMatchObject({ kind: "locked-out", why: expect.stringContaining("[the token]") });
    expect(JSON.stringify(outcome)).not.toContain(at.standIn.token);
  });
});

describe("an edit", () => {
  async function posted(): Promise<Desk & { readonly id: string; edit(): Promise<Outcome> }> {
    const at = await desk();
    const { id } = (await publish(at)) as { id: string };
    return {
      ...at,
      id,
      edit: () => mastodon(at.outbound).edit!(accountOn(at.standIn.url), id, ready("Other words", null), signal()),
    };
  }

  test("changes the words and keeps the pictures", async () => {
    await using at = await posted();
    const before = at.standIn.accepted[0]!.mediaIds;
    expect(before).toHaveLength(1);
    expect(await at.edit()).toMatchObject({ kind: "posted", id: at.id });
    expect(at.standIn.accepted).toMatchObject([{ text: "Other words", mediaIds: before }]);
  });

  test.each([
    [401, "locked-out"],
    [404, "refused"],
    [410, "refused"],
    [429, "busy"],
    [503, "busy"],
    ["empty-200", "busy"],
    [{ status: 200, body: '{"id":"1"}' }, "busy"],
    [{ status: 200, body: '{"id":"1","media_attachments":[{}]}' }, "busy"],
    ["reset-after-accept", "busy"],
  ] as [WireFault, Outcome["kind"]][])("whose pictures are not told (%j): %s, and nothing was changed", async (fault, kind) => {
    await using at = await posted();
    at.standIn.next(fault, 1, "status");
    expect((await at.edit()).kind).toBe(kind);
    expect(at.standIn.accepted).toMatchObject([{ text: ready().text, editedAt: null }]);
  });
});

describe("a removal", () => {
  const removing = async (at: Desk, fault: WireFault) => {
    at.standIn.next(fault, 1, "remove");
    return mastodon(at.outbound).remove!(accountOn(at.standIn.url), "1", signal());
  };

  test.each([404, 410])("of what is gone already (%i) is done", async (status) => {
    await using at = await desk();
    expect(await removing(at, status)).toEqual({ kind: "posted", id: "1", url: null });
  });

  test("that is refused in a sentence that has (404) in it is refused", async () => {
    await using at = await desk();
    expect((await removing(at, { status: 422, body: '{"error":"Like the last one (404) and (410)"}' })).kind).toBe("refused");
  });
});
