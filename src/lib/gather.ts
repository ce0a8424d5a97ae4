/**
 * Asks for many at once: whatever is asked while an earlier round is under way goes into the next. Alone, nobody waits for others.
 *
 * @param most how many a round takes
 * @param ask answers each in the order given; when it throws, each of its round is told so
 */
export function gather<Asked, Answer>(
  most: number,
  ask: (all: readonly Asked[]) => Promise<readonly Answer[]>,
): (asked: Asked) => Promise<Answer> {
  const waiting: { readonly asked: Asked; resolve(answer: Answer): void; reject(error: unknown): void }[] = [];
  let going = false;

  async function go(): Promise<void> {
    going = true;
    while (waiting.length > 0) {
      const round = waiting.splice(0, most);
      try {
        const answers = await ask(round.map(({ asked }) => asked));
        for (const [at, { resolve }] of round.entries()) resolve(answers[at]!);
      } catch (error) {
        for (const { reject } of round) reject(error);
      }
    }
    going = false;
  }

  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, resolve, reject });
      if (!going) void go();
    });
}
