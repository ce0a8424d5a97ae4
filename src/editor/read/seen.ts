import type { seenAccounts } from "../../newsroom/person.ts";

/** The accounts a person sees; what belongs to another does not exist for them. */
export type Seen = ReturnType<typeof seenAccounts>;

/** SQL that keeps the rows of seen accounts, given as parameters `$n` (only these; null: all) and `$n+1` (without these). */
export const ofSeen = (column: string, n: number): string =>
  `(($${n}::uuid[] is null or ${column} = any($${n})) and ${column} <> all($${n + 1}::uuid[]))`;

/** The same for rows that may belong to no account: those are everybody's. */
export const ofSeenOrNone = (column: string, n: number): string => `(${column} is null or ${ofSeen(column, n)})`;
