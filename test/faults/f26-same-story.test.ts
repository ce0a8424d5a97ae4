import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shareAgain, writeCorrection } from "../../src/post/occasions.ts";
import { revise } from "../../src/post/revise.ts";
import { openThreadDesk, type ThreadDesk } from "../support/thread-desk.ts";

const NETWORKS = ["mastodon", "x", "bluesky"] as const;

describe.each(NETWORKS.slice(0, process.env.FULL ? undefined : 1))(
  "F26 on %s: another post about the same story while an older one is in doubt",
  (name) => {
    let at: ThreadDesk;
    beforeAll(async () => void (at = await openThreadDesk(name)));
    afterAll(() => at[Symbol.asyncDispose]());

    const idOf = async (post: string) => String((await at.desk.row(post))["remote_id"]);
    const linkless = (on: boolean) =>
      at.store.query("update slugline.account set settings = $2 where id = $1", [at.accountId, on ? { link: "none" } : {}]);

    /** A post that is out. */
    async function out(): Promise<string> {
      const { posts } = await at.desk.story();
      await at.desk.approve(posts["on"]!);
      expect(await at.desk.deliver(posts["on"]!)).toBe("posted");
      return posts["on"]!;
    }

    async function written(write: typeof shareAgain, of: string): Promise<string> {
      const made = await write(at.deps, { postId: of, person: at.person });
      if (!made.ok) throw new Error(made.code);
      return made.id;
    }

    test("a reshare does not begin while it is unknown what became of the first", async () => {
      const first = (await at.desk.story()).posts["on"]!;
      await at.desk.approve(first);
      at.next("reset-before-accept");
      await at.desk.ring(first);
      expect(await at.desk.stateOf(first)).toBe("unknown");
      const reshare = await written(shareAgain, first);
      await at.desk.approve(reshare);
      await at.desk.ring(reshare);
      expect(await at.desk.row(reshare)).toMatchObject({ state: "due", why: "story-in-doubt", attempts: 0 });
      expect(await at.run([first, reshare])).toEqual(["posted", "posted"]);
      expect(await idOf(first)).not.toBe(await idOf(reshare));
    });

    test("the same words without a link, twice: the second, whose answer is lost, is never taken for the first", async () => {
      await linkless(true);
      const first = await out();
      const before = at.standing().length;
      const reshare = await written(shareAgain, first);
      const { rows } = await at.store.query<{ text: string }>("select text from slugline.post_revision where post_id = $1", [
        first,
      ]);
      const text = name === "x" ? `${rows[0]!.text} Still.` : rows[0]!.text;
      await revise(at.store, at.deps, { postId: reshare, revision: 1, text, person: at.person });
      expect(await at.desk.approve(reshare)).toMatchObject({ ok: true });
      at.next("reset-before-accept");
      expect(await at.desk.deliver(reshare, 20)).toBe("posted");
      expect(at.standing().length, "it is sent, not found in the older one").toBe(before + 1);
      expect(await idOf(reshare)).toBe(at.standing().at(-1)!.id);
      await linkless(false);
    });

    test("parts with equal words are told apart by what they answer", async () => {
      const ids = await at.thread(name === "x" ? ["More soon.", "More soon!"] : ["More soon.", "More soon."]);
      await at.desk.approve(ids[0]!);
      expect(await at.desk.deliver(ids[0]!)).toBe("posted");
      expect(await at.desk.deliver(ids[1]!)).toBe("posted");
      const before = at.standing().length;
      at.next("reset-before-accept");
      expect(await at.run(ids)).toEqual(["posted", "posted", "posted"]);
      const there = at.standing().slice(before - 2);
      expect(there.map(({ parent }) => parent)).toEqual([null, there[0]!.id, there[1]!.id]);
      expect(await Promise.all(ids.map(idOf))).toEqual(there.map(({ id }) => id));
    });

    test("a correction that quotes the first text and its link is found by its own, as an answer to the first", async () => {
      const first = await out();
      const correction = await written(writeCorrection, first);
      const own = `https://go.example.org/${(await at.desk.link(correction)).code}`;
      const { rows } = await at.store.query<{ text: string }>("select text from slugline.post_revision where post_id = $1", [
        first,
      ]);
      const quoted = rows[0]!.text.replaceAll("\n\n", " ").slice(-200);
      const revised = await revise(at.store, at.deps, {
        postId: correction,
        revision: 1,
        text: `Not so: “${quoted}” ${own}`,
        person: at.person,
      });
      expect(revised).toMatchObject({ ok: true });
      await at.desk.approve(correction);
      at.next("reset-after-accept");
      expect(await at.desk.deliver(correction)).toBe("posted");
      const there = at.standing().filter(({ text }) => text.includes(own));
      expect(there).toMatchObject([{ id: await idOf(correction), parent: await idOf(first) }]);
    });

    test("the first is not found in a correction that quotes its link", async () => {
      const first = await out();
      const link = `https://go.example.org/${(await at.desk.link(first)).code}`;
      const correction = await written(writeCorrection, first);
      const own = `https://go.example.org/${(await at.desk.link(correction)).code}`;
      const text = `Not so: ${link} but ${own}`;
      await revise(at.store, at.deps, { postId: correction, revision: 1, text, person: at.person });
      await at.desk.approve(correction);
      expect(await at.desk.deliver(correction)).toBe("posted");
      const owned = new Set([await idOf(correction)]);
      const row = await at.desk.row(first);
      const key = {
        idempotency: "3k2aaaaaaaa22",
        link,
        text: "Something",
        intentAt: (row["intent_at"] as Date).getTime() + 20_000,
        now: Date.now(),
      };
      const found = await at.network.find!(at.account, key, owned, AbortSignal.timeout(5_000));
      expect(found).not.toMatchObject({ id: await idOf(correction) });
    });
  },
);
