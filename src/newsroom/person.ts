export const ROLES = ["viewer", "writer", "editor", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether text names a role, or none. */
export function isRole(text: string): text is Role | "none" {
  return Object.hasOwn(MAY, text);
}

/** What a person may want to do. What is not listed for a role is not allowed. */
export type Act = "see" | "write" | "decide" | "stop" | "manage";

const MAY: Readonly<Record<Role | "none", readonly Act[]>> = {
  none: [],
  viewer: ["see"],
  writer: ["see", "write"],
  editor: ["see", "write", "decide", "stop"],
  admin: ["see", "write", "decide", "stop", "manage"],
};

/** What a person, or a program's token, may do: a role on every account, but for those that have one of their own. */
export interface Rights {
  readonly role: Role | "none";
  /** By account id; `none`: this account does not exist for them. */
  readonly accounts: Readonly<Record<string, Role | "none">>;
}

/**
 * Whether the rights allow an act; an unknown role allows nothing.
 *
 * @param accountId the account the act is about; without it the newsroom as a whole is meant (its people, its sources)
 */
export function may(rights: Rights, act: Act, accountId?: string): boolean {
  const own = accountId !== undefined && Object.hasOwn(rights.accounts, accountId) ? rights.accounts[accountId] : undefined;
  return allows(own ?? rights.role, act);
}

/** Whether the rights allow an act on the newsroom or on at least one account: whoever may decide about one may stop all. */
export function mayAnywhere(rights: Rights, act: Act): boolean {
  return [rights.role, ...Object.values(rights.accounts)].some((role) => allows(role, act));
}

/** Which accounts the rights show: those in `only` (null: all), without those in `except`. */
export function seenAccounts(rights: Rights): { readonly only: readonly string[] | null; readonly except: readonly string[] } {
  const own = Object.entries(rights.accounts);
  const that = (see: boolean) => own.filter(([, role]) => allows(role, "see") === see).map(([id]) => id);
  return allows(rights.role, "see") ? { only: null, except: that(false) } : { only: that(true), except: [] };
}

function allows(role: Role | "none", act: Act): boolean {
  return Object.hasOwn(MAY, role) && MAY[role].includes(act);
}

/** Whether text looks like an address a person could be reached at; the proof is theirs. */
export function isEmail(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$/.test(text);
}
