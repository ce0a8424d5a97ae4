import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RECORD_BYTES } from "../src/click/record.ts";
import { silentLog } from "../src/lib/log.ts";
import { snapshotAt } from "../src/redirect/snapshot.ts";
import { load } from "./support/load.ts";

const ROUNDS = 9;
const SLICE_MS = 1_000;
const CONNECTIONS = 50;
const LINKS = 10_000;
const AGENT =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
const AT_LEAST = 0.9;

/** Redirects per CPU second, recording every click, beside a bare `node:http` constant 302; in turns, so that both meet the same machine. */
export async function run(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "slugline-bench-"));
  const children: ChildProcess[] = [];
  try {
    const snapshot = snapshotAt(dataDir, silentLog);
    snapshot.append(
      Array.from({ length: LINKS }, (_, at) => ({
        code: codeOf(at),
        number: at + 1,
        state: "live" as const,
        target: `https://example.org/story-${at}?utm_source=mastodon`,
      })),
    );
    snapshot.close();
    const start = async (...args: string[]) => {
      const child = fork(join(import.meta.dirname, "support/redirect-child.ts"), args);
      children.push(child);
      const [{ url }] = (await once(child, "message")) as [{ url: string }];
      const cpu = async () => {
        child.send("cpu");
        return ((await once(child, "message")) as [{ cpu: number }])[0].cpu;
      };
      const slice = async (ms: number) => {
        const before = await cpu();
        const answers = await load(url, `/${codeOf(4_321)}`, AGENT, CONNECTIONS, ms, (answer) =>
          answer.startsWith("HTTP/1.1 302 "),
        );
        return { answers, perCpuSecond: (answers / ((await cpu()) - before)) * 1_000_000 };
      };
      return { slice };
    };
    const bare = await start("bare");
    const ours = await start("slugline", dataDir);
    let recorded = (await ours.slice(SLICE_MS)).answers;
    await bare.slice(SLICE_MS);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // Who goes first changes from round to round.
      const order = round % 2 === 0 ? [bare, ours] : [ours, bare];
      const results = [];
      for (const server of order) results.push(await server.slice(SLICE_MS));
      const [of, to] = round % 2 === 0 ? results.toReversed() : results;
      if (of === undefined || to === undefined) continue;
      recorded += of.answers;
      rounds.push({ ratio: of.perCpuSecond / to.perCpuSecond, ours: of.perCpuSecond, bare: to.perCpuSecond });
    }
    const folder = join(dataDir, "clicks");
    const written = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size / RECORD_BYTES, 0);
    const [ratio, perSecond, bareSecond] = [
      median(rounds.map((it) => it.ratio)),
      median(rounds.map((it) => it.ours)),
      median(rounds.map((it) => it.bare)),
    ];
    const spread = rounds.map((it) => it.ratio.toFixed(2)).toSorted();
    console.log(
      `redirect: ${ratio.toFixed(2)} x bare node:http per CPU second (at least ${AT_LEAST}; ${spread[0]} to ${spread.at(-1)} in ${ROUNDS} rounds)`,
    );
    console.log(
      `redirect: ${Math.round(perSecond)} against ${Math.round(bareSecond)} a CPU second, ${CONNECTIONS} connections; ${written} clicks in files for ${recorded} answers`,
    );
    if (written !== recorded) throw new Error(`${recorded} answers, but ${written} clicks are written down.`);
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const codeOf = (at: number) => `bench${String(at).padStart(6, "0")}`;
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
