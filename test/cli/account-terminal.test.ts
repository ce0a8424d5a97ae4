import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { createAsker } from "../../src/cli/ask.ts";
import type { Call } from "../../src/cli/command.ts";

const SECRET = "canary-typed-secret";
const question = { what: "token", where: "ask @BotFather", how: "--token-env VARIABLE" };

afterEach(() => vi.restoreAllMocks());

/** A terminal somebody types on: what the screen shows is kept. */
function terminal() {
  const shown: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => (shown.push(String(chunk)), true));
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  return {
    stdin: stdin as unknown as Call["stdin"],
    type: (keys: string) => stdin.write(keys),
    err: (line: string) => void shown.push(line),
    shown,
  };
}

test("on a terminal a secret is not shown while it is typed or pasted; what is none, is", async () => {
  const { stdin, type, err, shown } = terminal();
  const asker = createAsker({ stdin, err });
  const server = asker.ask({ ...question, what: "server", secret: false });
  type("https://m.example\r");
  expect(await server).toBe("https://m.example");
  const token = asker.ask({ ...question, secret: true });
  for (const key of SECRET) type(key);
  type("\u007f\r");
  expect(await token).toBe(SECRET.slice(0, -1));
  asker.close();
  const screen = shown.join("");
  expect(screen).toContain("https://m.example");
  expect(screen).toContain("token: ask @BotFather");
  for (let at = 0; at + 4 <= SECRET.length; at += 1) expect(screen).not.toContain(SECRET.slice(at, at + 4));
});

test("Ctrl-C ends it, and nothing is kept", async () => {
  const { stdin, type, err } = terminal();
  const asker = createAsker({ stdin, err });
  const token = asker.ask({ ...question, secret: true });
  type(`${SECRET}\u0003`);
  await expect(token).rejects.toMatchObject({ code: "STOPPED" });
});
