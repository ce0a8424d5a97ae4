import { appendFileSync } from "node:fs";

/** What one run of one part of the laboratory has to tell; added up by `npm run faults`. */
export interface Told {
  /** `sim`, or the fault's name in RELIABILITY.md: `F5`. */
  readonly part: string;
  readonly runs?: number;
  /** Faults that were made, by kind. */
  readonly faults?: Readonly<Record<string, number>>;
  readonly deliveries?: number;
  readonly accepted?: number;
  readonly duplicates?: number;
  readonly lost?: number;
  /** By network: approved posts that came to their end, and those a person was asked about. */
  readonly networks?: Readonly<Record<string, { readonly ended: number; readonly asked: number }>>;
  /** Between the deadline's check and the request in the kernel's hands, each in milliseconds. */
  readonly windowMs?: readonly number[];
}

/** Hands a part's numbers to whoever runs the laboratory, one JSON line each in the file of `FAULT_TALLY`; else nowhere. */
export function tell(told: Told): void {
  const file = process.env.FAULT_TALLY;
  if (file) appendFileSync(file, `${JSON.stringify(told)}\n`);
}

export interface Sums {
  runs: number;
  deliveries: number;
  accepted: number;
  duplicates: number;
  lost: number;
  readonly parts: Record<string, number>;
  readonly faults: Record<string, number>;
  readonly networks: Record<string, { ended: number; asked: number }>;
  readonly windowMs: number[];
}

export const nothing = (): Sums => ({
  runs: 0,
  deliveries: 0,
  accepted: 0,
  duplicates: 0,
  lost: 0,
  parts: {},
  faults: {},
  networks: {},
  windowMs: [],
});

export function add(sums: Sums, told: Told): void {
  sums.runs += told.runs ?? 0;
  sums.deliveries += told.deliveries ?? 0;
  sums.accepted += told.accepted ?? 0;
  sums.duplicates += told.duplicates ?? 0;
  sums.lost += told.lost ?? 0;
  sums.parts[told.part] = (sums.parts[told.part] ?? 0) + (told.runs ?? 0);
  for (const [kind, times] of Object.entries(told.faults ?? {})) sums.faults[kind] = (sums.faults[kind] ?? 0) + times;
  for (const [network, { ended, asked }] of Object.entries(told.networks ?? {})) {
    const sum = (sums.networks[network] ??= { ended: 0, asked: 0 });
    sum.ended += ended;
    sum.asked += asked;
  }
  sums.windowMs.push(...(told.windowMs ?? []));
}
