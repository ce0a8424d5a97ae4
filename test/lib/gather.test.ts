import { expect, test } from "vitest";
import { gather } from "../../src/lib/gather.ts";

/** Rounds that a test ends one by one. */
function held(most: number) {
  const rounds: { readonly asked: readonly number[]; readonly end: PromiseWithResolvers<void> }[] = [];
  const ask = gather(most, async (asked: readonly number[]) => {
    const end = Promise.withResolvers<void>();
    rounds.push({ asked, end });
    await end.promise;
    return asked.map((one) => one * 10);
  });
  return { ask, rounds };
}

test("who comes alone is asked at once, and who comes meanwhile goes together, as many as a round takes", async () => {
  const { ask, rounds } = held(3);
  const answers = [1, 2, 3, 4, 5].map(ask);
  expect(rounds.map(({ asked }) => asked)).toEqual([[1]]);
  rounds[0]!.end.resolve();
  expect(await answers[0]).toBe(10);
  expect(rounds.map(({ asked }) => asked)).toEqual([[1], [2, 3, 4]]);
  rounds[1]!.end.resolve();
  expect(await Promise.all(answers.slice(1, 4))).toEqual([20, 30, 40]);
  rounds[2]!.end.resolve();
  expect(await answers[4]).toBe(50);
});

test("a round that fails fails for each of it, and for nobody else", async () => {
  const { ask, rounds } = held(3);
  const [one, two, three] = [ask(1), ask(2), ask(3)];
  rounds[0]!.end.reject(new Error("the store is away"));
  await expect(one).rejects.toThrow("the store is away");
  rounds[1]!.end.resolve();
  expect(await Promise.all([two, three])).toEqual([20, 30]);
});
