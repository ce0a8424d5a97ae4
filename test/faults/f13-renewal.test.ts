import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { keepCredential } from "../../src/newsroom/credential.ts";
import { accountById } from "../../src/newsroom/store.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { testStore, until } from "../support/store.ts";
import { startX } from "../support/x.ts";
import { X_APP } from "../support/x-sign-in.ts";

/** F13: a 401 in the middle; renewals that race; a worker killed around one. */
const store = await testStore();
const server = await startX({ limits: { quarter: 10_000 } });
const desk = await openDesk(store, { networks: [] });
const keys = () => [Buffer.alloc(32, 7)];
const HOURS = 3_600_000;
let shift = 0;
const children = new Set<ChildProcess>();
const account = await desk.account({ name: "x-en", network: "x", server: server.url, settings: {} });

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await server.close();
  await desk.close();
});

/** A sign-in that went well, as the editor's last press leaves it. */
async function signIn(): Promise<void> {
  const given = server.signIn.grant({ id: "1001", username: "example" });
  const since = Date.now() + shift;
  const { access_token: access, refresh_token: refresh, expires_in } = given;
  const session = { id: "1001", access, refresh, since, endsAt: since + expires_in * 1_000 };
  const row = (await accountById(store, account))!;
  for (const [name, value] of [
    ["clientId", X_APP.id],
    ["clientSecret", X_APP.secret!],
    ["session", JSON.stringify(session)],
  ] as const)
    await keepCredential(store, keys, row, name, value);
  await store.query(
    "update slugline.account set state = 'active', state_why = null, state_at = slugline.now(), next_at = '-infinity'",
  );
}

beforeEach(async () => {
  await signIn();
  server.requests.length = 0;
});

function worker(crashAt = ""): ChildProcess {
  const env = {
    ...process.env,
    DATABASE_URL: store.databaseUrl,
    ALLOW: new URL(server.url).host,
    CRASH_AT: crashAt,
    SHIFT_MS: String(shift),
  };
  const child = spawn(process.execPath, ["test/support/renewal-process.ts"], { env, stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  void once(child, "exit").then(() => children.delete(child));
  return child;
}

async function approved(count: number): Promise<{ post: string; link: string }[]> {
  const made = [];
  for (let n = 0; n < count; n += 1) {
    const post = (await desk.story()).posts["x-en"]!;
    await desk.approve(post);
    made.push({ post, link: `${SHORT_URL}/${(await desk.link(post)).code}` });
  }
  return made;
}

const states = async () =>
  (
    await store.query<{ state: string; n: number }>(
      "select coalesce(d.state, 'none') as state, count(*)::int as n from slugline.post p left join slugline.delivery d on d.post_id = p.id and d.state <> 'cancelled' where p.state = 'approved' group by 1",
    )
  ).rows;
const allPosted = async () => (await states()).every(({ state }) => state === "posted");
/** Nobody is at it any more: whoever began with the old access has said what came of it. */
const allWait = async () => (await states()).every(({ state }) => !["sending", "none"].includes(state));
const renewals = () => server.requests.filter(({ path }) => path === "/2/oauth2/token").length;
const state = async () =>
  (
    await store.query<{ state: string; state_why: string }>("select state, state_why from slugline.account where id = $1", [
      account,
    ])
  ).rows[0]!;

/** Two hours on, for everybody. */
function tokenEnds(): void {
  shift += 2.5 * HOURS;
  server.advance(2.5 * HOURS);
}

describe("F13: access that ends while posts are on their way", () => {
  test("two workers whose token has ended: one renewal, every post once", async () => {
    tokenEnds();
    const posts = await approved(8);
    const pair = [worker(), worker()];
    await until(allPosted).catch(async () => expect(await states()).toEqual([]));
    for (const child of pair) child.kill("SIGKILL");
    expect(posts.map(({ link }) => server.byLink(link).length)).toEqual(posts.map(() => 1));
    expect(renewals()).toBe(1);
  });

  test("a 401 in the middle, for both at once: one renewal, every post once", async () => {
    shift += HOURS;
    server.advance(HOURS);
    const pair = [worker(), worker()];
    const first = await approved(2);
    await until(allPosted);
    server.signIn.endAccess();
    const posts = [...first, ...(await approved(6))];
    await until(allPosted).catch(async () => expect(await states()).toEqual([]));
    for (const child of pair) child.kill("SIGKILL");
    expect(posts.map(({ link }) => server.byLink(link).length)).toEqual(posts.map(() => 1));
    expect(renewals()).toBe(1);
  });

  // The full run kills it at each moment.
  const KILLS = [
    ["after-answer", true],
    ["before-request", false],
    ["after-store", false],
  ] as const;
  test.each(KILLS)(
    "a worker killed (SIGKILL) %s of a renewal: the access is not lost, or a person is asked to sign in; then each post once",
    async (label, lost) => {
      tokenEnds();
      const posts = await approved(3);
      const child = worker(label);
      const [, signal] = (await once(child, "exit")) as [number | null, string | null];
      expect(signal).toBe("SIGKILL");
      // Those that it had begun are looked for; whoever begins one finds that the access is lost.
      posts.push(...(await approved(1)));
      const next = worker();
      if (lost) {
        await until(async () => (await state()).state === "locked-out" && (await allWait()));
        expect((await state()).state_why).toMatch(/answer to a renewal was lost.*connect the account anew in the editor/);
        const asked = renewals();
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(renewals(), "nobody asks on").toBe(asked);
        expect(
          posts.map(({ link }) => server.byLink(link).length),
          "waiting, not sent",
        ).toEqual([0, 0, 0, 0]);
        await signIn();
      }
      await until(allPosted).catch(async () => expect(await states()).toEqual([]));
      next.kill("SIGKILL");
      expect(posts.map(({ link }) => server.byLink(link).length)).toEqual([1, 1, 1, 1]);
      expect(server.signIn.spent.size, "no refresh token is shown twice but the lost one").toBeGreaterThan(0);
    },
  );

  test("access that was taken away: posts wait for the sign-in, and then go out once", async () => {
    shift += HOURS;
    server.advance(HOURS);
    server.signIn.revoke();
    const posts = await approved(3);
    const child = worker();
    await until(async () => (await state()).state === "locked-out" && (await allWait()));
    expect(posts.map(({ link }) => server.byLink(link).length)).toEqual([0, 0, 0]);
    await signIn();
    await until(allPosted).catch(async () => expect(await states()).toEqual([]));
    child.kill("SIGKILL");
    expect(posts.map(({ link }) => server.byLink(link).length)).toEqual([1, 1, 1]);
  });
});
