import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fault } from "../../src/lib/fault.ts";
import type { Account, DeliveryKey, Network, Outcome, Ready } from "../../src/networks/network.ts";
import { sayable } from "../support/sayable.ts";
import type { AnswerFault, WireFault } from "../support/wire.ts";

/** What stands on the network, as its stand-in knows it. */
interface Standing {
  readonly id: string;
  readonly text: string;
}

/** One driver on one stand-in, fresh for each test. */
export interface Bench {
  readonly network: Network;
  readonly account: Account;
  /** Everything that was ever accepted and not removed, oldest first. */
  standing(): readonly Standing[];
  /** Puts a post there by other means; undefined where nobody else can post. */
  readonly seed?: (text: string, at: number) => Standing;
  /** Makes the next calls go wrong; undefined where there is no wire that could. */
  readonly next?: (fault: WireFault, times?: number, call?: "publish" | "read" | "verify" | "edit" | "remove") => void;
  /** For how many read-backs a new post stays invisible; undefined where it is there at once. */
  readonly lag?: (reads: number) => void;
  /** The same account with a token nobody knows; undefined where there is none. */
  readonly stranger?: Account;
  /** What must never be read in a sentence. */
  readonly secret: string;
  /** Where this network's statuses mean something else than most networks': what each comes to. */
  readonly statuses?: readonly (readonly [number, Outcome["kind"]])[];
  /** What leaves open whether it was sent, where it is not the usual list. */
  readonly murky?: readonly WireFault[];
  /** How this network says until when it is busy, and in how many ms that is; usually Retry-After and X-RateLimit-Reset. */
  readonly busy?: readonly (readonly [AnswerFault, number])[];
  close(): Promise<void>;
}

const LINK = "https://go.example.org/k3m9x2ab";

const STATUSES = [
  [401, "locked-out"],
  [403, "locked-out"],
  [404, "refused"],
  [410, "refused"],
  [422, "refused"],
  [429, "busy"],
] as const;

const MURKY: (WireFault & (string | number))[] = [
  "reset-before-accept",
  "reset-after-accept",
  "reset-after-accept-key-lost",
  "truncated-json",
  "html-200",
  "empty-200",
  "json-without-id",
  408,
  500,
  501,
  502,
  503,
  504,
  300,
  302,
  304,
];

const BUSY = () =>
  [
    [{ status: 429, headers: { "retry-after": "60" } }, 60_000],
    [{ status: 429, headers: { "x-ratelimit-reset": new Date(Date.now() + 120_000).toISOString() } }, 120_000],
    [{ status: 429, headers: { "retry-after": "-5" } }, 0],
    [{ status: 429, headers: { "retry-after": "315360000" } }, 86_400_000],
  ] as const;

export const signal = (): AbortSignal => AbortSignal.timeout(20_000);

export function ready(text = `Bridge reopens\n\n${LINK}`, link: string | null = LINK): Ready {
  return { text, lang: "en", link, media: [], card: null, sensitive: false, spoiler: null };
}

export function keyOf(post: Ready, idempotency = "delivery-1", more: Partial<DeliveryKey> = {}): DeliveryKey {
  const replyTo = post.replyTo ? { replyTo: post.replyTo } : {};
  return { idempotency, link: post.link, text: post.text, ...replyTo, intentAt: Date.now(), now: Date.now(), ...more };
}

/** What every driver must do, whatever its network: run once per driver against a stand-in. */
export function networkContract(name: string, setUp: () => Promise<Bench>): void {
  describe(`${name} keeps the contract of a network`, () => {
    let bench: Bench;
    beforeEach(async () => {
      const made = await setUp();
      bench = { ...made, network: sayable(made.network) };
    });
    afterEach(() => bench.close());

    const publish = (post = ready(), key = keyOf(post)) => bench.network.publish(bench.account, post, key, signal());
    const find = (key: DeliveryKey, owned: readonly string[] = []) =>
      bench.network.find!(bench.account, key, new Set(owned), signal());
    type Given = { skip: (why: string) => void };
    const looked = (given: Given) => bench.network.find !== undefined || (given.skip("nobody can look there"), false);
    const faulty = (given: Given) => bench.next ?? (given.skip("nothing can go wrong on the way"), () => {});

    test("an approved post stands there once, and its id is told", async () => {
      const outcome = await publish();
      expect(outcome.kind).toBe("posted");
      expect(bench.standing()).toEqual([{ id: (outcome as { id: string }).id, text: ready().text }]);
    });

    test("sent again under the same key it is still one post, with the same id", async (given) => {
      if (bench.network.keyMs === 0) return given.skip("it honours no keys");
      const post = ready();
      const key = keyOf(post);
      const first = await publish(post, key);
      expect(await publish(post, key)).toEqual(first);
      expect(bench.standing()).toHaveLength(1);
    });

    test("another delivery of the same words is another post", async () => {
      await publish(ready(), keyOf(ready(), "delivery-1"));
      await publish(ready(), keyOf(ready(), "delivery-2"));
      expect(bench.standing()).toHaveLength(2);
    });

    test.for([LINK, null])("it is found again (link: %s)", async (link, given) => {
      if (!looked(given)) return;
      const post = ready(link ? `Open & “free”\n\n${link}` : "Open & “free”\n\nFor all", link);
      const key = keyOf(post);
      expect((await find(key)).kind, "before it was sent").toBe("absent");
      const outcome = await publish(post, key);
      expect(await find(key)).toEqual(outcome);
    });

    test("an answer is sent as one, and without a link it is known by its words and by what it answers", async (given) => {
      const outcome = await publish(ready("The bridge opens.", null));
      const { id, ref = null } = outcome as { id: string; ref?: string };
      const placed = { id, url: null, ref };
      const answer = { ...ready("And it is green.", null), replyTo: { parent: placed, root: placed } };
      const key = keyOf(answer, "delivery-2");
      const answered = await publish(answer, key);
      expect(answered.kind).toBe("posted");
      if (!looked(given)) return;
      expect(await find(key)).toEqual(answered);
      const elsewhere = { parent: { ...placed, id: (answered as { id: string }).id }, root: placed };
      expect((await find(keyOf(ready("And it is green.", null), "delivery-3"))).kind, "a post alone").not.toBe("posted");
      expect((await find({ ...key, idempotency: "delivery-4", replyTo: elsewhere })).kind, "another answer").not.toBe("posted");
    });

    test("it is found once the network shows it", async (given) => {
      if (!looked(given)) return;
      if (!bench.lag) return given.skip("what is written is seen");
      bench.lag(2);
      const key = keyOf(ready());
      await publish(ready(), key);
      const kinds = [await find(key), await find(key), await find(key)].map(({ kind }) => kind);
      expect(kinds).toEqual(["absent", "absent", "posted"]);
    });

    test("a post that another delivery owns is never taken for this one", async (given) => {
      if (!looked(given)) return;
      const key = keyOf(ready());
      const outcome = await publish(ready(), key);
      expect((await find(key, [(outcome as { id: string }).id])).kind).toBe("absent");
    });

    test("a post from before the intent is never taken for this one", async (given) => {
      if (!looked(given)) return;
      if (!bench.seed) return given.skip("nobody else posts there");
      bench.seed(ready().text, Date.now() - 3_600_000);
      expect((await find(keyOf(ready()))).kind).not.toBe("posted");
    });

    test("past its deadline not one post is written, and it is known that none was", async () => {
      const deadline = {
        check() {
          throw new Fault("DEADLINE_PASSED", "The lease ran out before the request was written.");
        },
      };
      expect(await publish(ready(), keyOf(ready(), "late", { deadline }))).toMatchObject({ kind: "busy" });
      expect(bench.standing()).toEqual([]);
    });

    test("called off before it began, nothing is written", async () => {
      const outcome = await bench.network.publish(bench.account, ready(), keyOf(ready()), AbortSignal.abort());
      expect(outcome.kind).toBe("busy");
      expect(bench.standing()).toEqual([]);
    });

    test("each status the network may say: what it comes to, surely not sent", async (given) => {
      const next = faulty(given);
      for (const [status, kind] of bench.statuses ?? STATUSES) {
        next(status);
        expect((await publish(ready(), keyOf(ready(), `status-${status}`))).kind, `a ${status}`).toBe(kind);
        expect(bench.standing(), `after a ${status}`).toEqual([]);
      }
    });

    test.for(MURKY)("%s may have been sent: unknown, and asked once only", async (fault, given) => {
      faulty(given)(fault, 1);
      if (bench.murky && !bench.murky.includes(fault)) return given.skip("it says more there than others do");
      expect((await publish()).kind).toBe("unknown");
      expect(bench.standing().length, "no blind second try").toBeLessThanOrEqual(1);
    });

    test.for([502, 504, 500])(
      "a %i although the post is there: unknown, then found, and the same key makes no second",
      async (status, given) => {
        faulty(given)({ status, accept: true });
        const key = keyOf(ready());
        expect((await publish(ready(), key)).kind).toBe("unknown");
        expect(bench.standing()).toHaveLength(1);
        if (bench.network.find) expect((await find(key)).kind).toBe("posted");
        if (bench.network.keyMs > 0) expect((await publish(ready(), key)).kind).toBe("posted");
        expect(bench.standing()).toHaveLength(1);
      },
    );

    test.for(["hang-before-accept", "hang-after-accept"] as const)("%s, then given up: unknown", async (fault, given) => {
      const next = faulty(given);
      // Whoever signs in first has done so: given up there, nothing would have been sent.
      await bench.network.verify(bench.account, signal());
      next(fault);
      const givenUp = new AbortController();
      const deadline = { check: () => void setTimeout(() => givenUp.abort(), 300) };
      const key = keyOf(ready(), "delivery-1", { deadline });
      const outcome = await bench.network.publish(bench.account, ready(), key, givenUp.signal);
      expect(outcome.kind).toBe("unknown");
    });

    test("busy, and says until when", async (given) => {
      const next = faulty(given);
      for (const [fault, ms] of bench.busy ?? BUSY()) {
        next(fault);
        const outcome = await publish();
        expect(outcome.kind, JSON.stringify(fault)).toBe("busy");
        expect(Math.abs((outcome as { retryAt: number }).retryAt - Date.now() - ms), JSON.stringify(fault)).toBeLessThan(4_000);
      }
    });

    test.for([429, 500, 503, "truncated-json", "html-200"] as const)(
      "a read-back that fails with %s tells nothing",
      async (fault, given) => {
        if (!looked(given)) return;
        faulty(given)(fault, 1, "read");
        expect((await find(keyOf(ready()))).kind).toBe("cannot-tell");
      },
    );

    test("an edit changes the words, a removal takes it away, and twice is no fault", async (given) => {
      if (!bench.network.remove) return given.skip("what was sent stays");
      const { id } = (await publish()) as { id: string };
      const better = ready(`Bridge reopens on Monday\n\n${LINK}`);
      if (bench.network.edit) {
        expect(await bench.network.edit(bench.account, id, better, signal())).toMatchObject({ kind: "posted", id });
        expect(bench.standing().map(({ text }) => text)).toEqual([better.text]);
      }
      for (let i = 0; i < 2; i += 1)
        expect(await bench.network.remove!(bench.account, id, signal())).toMatchObject({ kind: "posted", id });
      expect(bench.standing()).toEqual([]);
    });

    test("it says how much it takes", async () => {
      const limits = await bench.network.limits(bench.account, signal());
      expect(limits.max).toBeGreaterThan(100);
      expect(limits.unit).toBe(bench.network.usual.unit);
    });

    test("it says whose the token is, and that a wrong one does not work", async (given) => {
      expect(await bench.network.verify(bench.account, signal())).toMatchObject({ ok: true, why: null });
      if (!bench.stranger) return given.skip("there is no token");
      const verified = await bench.network.verify(bench.stranger, signal());
      expect(verified.ok).toBe(false);
      expect(verified.why).toMatch(/invalid/);
    });

    test("a look with a token that is none says that the account is let in no more, and what to do", async (given) => {
      if (!bench.stranger) return given.skip("there is no token");
      if (!looked(given)) return;
      const key = keyOf(ready());
      const found = await bench.network.find!(bench.stranger, key, new Set(), signal());
      expect(found).toMatchObject({ kind: "cannot-tell", lockedOut: true, why: expect.stringMatching(/invalid/) });
    });

    test("no sentence holds the secret", async (given) => {
      const next = faulty(given);
      for (const fault of [401, 403, 422, 429, 500, "reset-before-accept"] as const) {
        next(fault);
        expect(JSON.stringify(await publish())).not.toContain(bench.secret);
      }
    });

    test.for([401, 403, 404, 422, 429, 500, 503, 302, 200])("nor when the server repeats it in a %i", async (status, given) => {
      const next = faulty(given);
      const pieces = [bench.secret, `x${bench.secret.slice(0, 4)}`];
      const hush = (told: unknown) => expect(pieces.filter((piece) => JSON.stringify(told ?? null).includes(piece))).toEqual([]);
      const { id } = (await publish()) as { id: string };
      // At the end of what is kept of a sentence, too: no piece of it may be left.
      const cut = { status, body: JSON.stringify({ error: `${"x".repeat(295)}${bench.secret}` }) };
      for (const fault of [{ status, echo: true }, cut]) {
        for (const call of ["publish", "read", "edit", "remove", "verify"] as const) next(fault, 1, call);
        hush(await publish(ready(), keyOf(ready(), "delivery-2")));
        hush(await bench.network.find?.(bench.account, keyOf(ready()), new Set(), signal()));
        hush(await bench.network.edit?.(bench.account, id, ready(), signal()));
        hush(await bench.network.remove?.(bench.account, id, signal()));
        hush(
          await bench.network.verify(bench.account, signal()).catch((error: unknown) => {
            expect(error).toBeInstanceOf(Fault);
            return [(error as Fault).message, (error as Fault).detail];
          }),
        );
      }
    });
  });
}
