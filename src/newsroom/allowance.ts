/** What a newsroom allows an account, besides what its network does. Kept as one document in `account.allowance`. */
export interface Allowance {
  /** Posts begun in any hour. */
  readonly perHour?: number;
  /** Posts begun in a day of the account's zone. */
  readonly perDay?: number;
  readonly quiet?: Quiet;
  readonly budget?: Budget;
  /** What a post costs, where it is not what the network's list says. */
  readonly cost?: Prices;
  /** The zone of its hours, days and months; without it, the newsroom's. */
  readonly timeZone?: string;
}

/** Hours of the day in which nothing goes out; `from` later than `to` is over midnight. */
export interface Quiet {
  /** `23:00`, on the clocks of the account's zone. */
  readonly from: string;
  readonly to: string;
  /** Whether breaking news goes out in them all the same. */
  readonly breaking: boolean;
}

/** Money in millionths of the currency's unit. */
export interface Budget {
  readonly currency: string;
  readonly perDay?: number;
  readonly perMonth?: number;
  /** The part of it that only breaking news may spend, in percent. */
  readonly breakingShare: number;
}

/** What one post costs, and each post that a look for a lost one is shown, in millionths of the currency's unit. */
export interface Prices {
  readonly plain: number;
  readonly withLink: number;
  readonly read?: number;
  readonly currency: string;
}
