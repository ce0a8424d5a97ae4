import { networkContract } from "./contract.ts";
import { xBench } from "../support/x-bench.ts";
import { X_KEYS } from "../support/x.ts";
import type { AnswerFault } from "../support/wire.ts";

const seconds = (ms: number) => String(Math.floor((Date.now() + ms) / 1000));
const bucket = (name: string, remaining: number, ms: number) => ({
  [`${name}-limit`]: "100",
  [`${name}-remaining`]: String(remaining),
  [`${name}-reset`]: seconds(ms),
});

/** Made anew for each test: what is told in seconds is soon past. */
const busyNow = (): readonly (readonly [AnswerFault, number])[] => [
  [{ status: 429, headers: bucket("x-rate-limit", 0, 600_000) }, 600_000],
  [
    { status: 429, headers: { ...bucket("x-rate-limit", 97, 600_000), ...bucket("x-app-limit-24hour", 0, 7_200_000) } },
    7_200_000,
  ],
  [
    { status: 429, headers: { ...bucket("x-rate-limit", 0, 600_000), ...bucket("x-user-limit-24hour", 0, 3_600_000) } },
    3_600_000,
  ],
  [{ status: 429, headers: { ...bucket("x-rate-limit", 0, 600_000), ...bucket("x-user-limit-24hour", 5, 3_600_000) } }, 600_000],
  [{ status: 429, headers: bucket("x-user-limit-24hour", 0, 3_600_000) }, 3_600_000],
  [{ status: 429, headers: bucket("x-rate-limit", 3, 600_000) }, 600_000],
  [{ status: 429, headers: bucket("x-rate-limit", 0, -600_000) }, 0],
  [{ status: 429, headers: bucket("x-rate-limit", 0, 315_360_000_000) }, 86_400_000],
  [{ status: 429, headers: { "retry-after": "60" } }, 60_000],
];

networkContract("x", async () => {
  const { standIn, network, account, stranger, close } = await xBench({ duplicateMs: 0 });
  return {
    network,
    account,
    stranger,
    close,
    secret: X_KEYS.accessToken,
    standing: () => standIn.accepted.filter(({ deleted }) => !deleted).map(({ id, text }) => ({ id, text })),
    seed: (text, createdAt) => standIn.seed(text, { createdAt }),
    next: standIn.next,
    lag: (reads) => void (standIn.lagReads = reads),
    statuses: [
      [400, "refused"],
      [401, "locked-out"],
      [402, "locked-out"],
      [403, "locked-out"],
      [404, "refused"],
      [410, "refused"],
      [413, "refused"],
      [422, "refused"],
      [429, "busy"],
    ],
    busy: busyNow(),
  };
});
