import type { Sums } from "./tally.ts";

/** The remaining window's quantiles, in milliseconds; undefined where nothing was measured. */
function window({ windowMs }: Sums): { p50: number; p99: number; max: number; measured: number } | undefined {
  if (windowMs.length === 0) return undefined;
  const sorted = windowMs.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1)!, measured: sorted.length };
}

/** What the run's machine-readable report holds. */
export function report(
  sums: Sums,
  about: { readonly seed: number; readonly seconds: number; readonly command: string; readonly clean: boolean },
) {
  const { windowMs: _, ...rest } = sums;
  return { ...about, ...rest, window: window(sums) ?? null };
}

export type Report = ReturnType<typeof report>;

const number = (value: number) => value.toLocaleString("en");
const share = (part: number, of: number) => (of === 0 ? "-" : `${((100 * part) / of).toFixed(2)} %`);
const ms = (value: number) => `${value.toFixed(value < 1 ? 3 : 1)} ms`;

/** The rows of README's table. */
export function markdown(it: Report): string {
  const faults = Object.values(it.faults).reduce((sum, times) => sum + times, 0);
  const rows: (readonly [string, string])[] = [
    ["command", `\`${it.command}\``],
    [
      "runs",
      `${number(it.runs)} (${Object.entries(it.parts)
        .map(([part, runs]) => `${part} ${number(runs)}`)
        .join(", ")})`,
    ],
    ["faults injected", number(faults)],
    ["deliveries", number(it.deliveries)],
    ["posts accepted by a network", number(it.accepted)],
    ["duplicates", number(it.duplicates)],
    ["lost", number(it.lost)],
    ...Object.entries(it.networks)
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(
        ([network, { ended, asked }]) => [`asked of a person, ${network}`, `${share(asked, ended)} of ${number(ended)}`] as const,
      ),
  ];
  if (it.window) {
    const { p50, p99, max, measured } = it.window;
    rows.push([
      "zombie window (check to write)",
      `p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(max)} over ${number(measured)} writes`,
    ]);
  }
  return ["| what | measured |", "|---|---|", ...rows.map(([what, value]) => `| ${what} | ${value} |`)].join("\n");
}

/** Every kind of fault with how often it was made. */
export function kinds(it: Report): string {
  const rows = Object.entries(it.faults)
    .toSorted(([, one], [, other]) => other - one)
    .map(([kind, times]) => `| ${kind} | ${number(times)} |`);
  return ["| fault | times |", "|---|---|", ...rows].join("\n");
}
