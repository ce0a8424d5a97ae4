import { plain } from "../../src/lib/say.ts";
import { describe, expect, test } from "vitest";
import { challengeOf } from "../../src/newsroom/connect.ts";
import { accountOn, mastodonBench } from "../support/mastodon-bench.ts";
import type { MastodonOptions } from "../support/mastodon.ts";
import { keyOf, ready, signal } from "./contract.ts";

const CALLBACK = "https://slugline.example.org/connect/mastodon/callback";
const VERIFIER = "a-verifier-of-at-least-forty-three-characters-by-the-rule";

async function desk(options: MastodonOptions = {}) {
  const bench = await mastodonBench(options);
  const signIn = bench.network.signIn!;
  const where = { server: bench.standIn.url, callback: CALLBACK };
  const app = await signIn.register!(where, undefined, signal());
  const at = { ...where, authorize: bench.standIn.url, app };
  const agreed = async () => {
    const page = signIn.page(at, { state: "the-state", challenge: challengeOf(VERIFIER) });
    const { headers } = await fetch(page, { redirect: "manual" });
    return new URL(headers.get("location") ?? "http://nowhere.invalid").searchParams;
  };
  return { ...bench, signIn, where, app, at, agreed };
}

describe("signing in at a Mastodon server", () => {
  test("gives a token that posts, with the rights asked for and no others", async () => {
    await using it = await desk();
    const back = await it.agreed();
    expect(back.get("state")).toBe("the-state");
    const given = await it.signIn.finish(it.at, { code: back.get("code")!, verifier: VERIFIER }, signal());
    expect(given).toMatchObject({ kind: "connected", handle: "desk", endsAt: null });
    const asked = new URL(it.standIn.requests.find(({ path }) => path.startsWith("/oauth/authorize"))!.path, "http://x.invalid");
    expect(asked.searchParams.get("scope")).toBe("read:accounts read:statuses write:statuses write:media");
    expect(asked.searchParams.get("code_challenge_method")).toBe("S256");
    const { secrets } = given as { secrets: Record<string, string> };
    const account = accountOn(it.standIn.url, secrets["token"]);
    expect((await it.network.publish(account, ready(), keyOf(ready(), "a"), signal())).kind).toBe("posted");
  });

  test("is known to the server already: not told again; forgotten by it: told again", async () => {
    await using it = await desk();
    expect(await it.signIn.register!(it.where, it.app, signal())).toEqual(it.app);
    it.standIn.signIn.apps.clear();
    const anew = await it.signIn.register!(it.where, it.app, signal());
    expect(anew.id).not.toBe(it.app.id);
  });

  test("a server that fails when it is asked whether it knows us keeps us", async () => {
    await using it = await desk();
    it.standIn.next(503, 1, "token");
    expect(await it.signIn.register!(it.where, it.app, signal())).toEqual(it.app);
  });

  test("what is no Mastodon says so", async () => {
    await using it = await desk();
    for (const fault of [404, "html-200"] as const) {
      it.standIn.next(fault, 1, "apps");
      await expect(it.signIn.register!(it.where, undefined, signal())).rejects.toThrow(
        /did not let us register.*Is it a Mastodon\?/,
      );
    }
  });

  test.each([
    ["a code that was used", { twice: true }],
    ["another's verifier", { verifier: "another-verifier-of-forty-three-characters-or-more" }],
    ["another way back", { callback: "https://elsewhere.example" }],
    ["another app", { app: { id: "client-other", secret: "x" } }],
  ])("%s is refused in the server's words, without a secret", async (_, how: Record<string, unknown>) => {
    await using it = await desk();
    const code = (await it.agreed()).get("code")!;
    const finish = () =>
      it.signIn.finish({ ...it.at, ...how }, { code, verifier: String(how["verifier"] ?? VERIFIER) }, signal());
    if (how["twice"]) await finish();
    const refused = await finish();
    expect(refused.kind).toBe("refused");
    expect(plain("why" in refused ? refused.why : "")).toMatch(/did not take the sign-in \(40[01]\): \w/);
    for (const secret of [code, VERIFIER, it.app.secret!]) expect(JSON.stringify(refused)).not.toContain(secret);
  });

  test("a token that a server says will end is told with its end", async () => {
    await using it = await desk({ expiresIn: 86_400 });
    const given = await it.signIn.finish(it.at, { code: (await it.agreed()).get("code")!, verifier: VERIFIER }, signal());
    expect((given as { endsAt: number }).endsAt - Date.now()).toBeGreaterThan(86_000_000);
  });
});
