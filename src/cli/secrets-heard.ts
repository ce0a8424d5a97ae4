import type { driverAccount } from "../newsroom/drivers.ts";

type Account = ReturnType<typeof driverAccount>;

/** The same account, and every secret that its driver was told or kept, with the parts of those that are JSON. */
export function listening(account: Account): { readonly account: Account; readonly heard: ReadonlySet<string> } {
  const heard = new Set<string>();
  const hear = <Value extends string | undefined>(value: Value): Value => {
    if (value) for (const one of [value, ...partsOf(value)]) heard.add(one);
    return value;
  };
  const { secret } = account;
  return {
    account: {
      ...account,
      secret: {
        ...secret,
        get: async (name) => hear(await secret.get(name)),
        find: async (name) => hear(await secret.find(name)),
        update: (name, value) => secret.update(name, hear(value)),
      },
    },
    heard,
  };
}

const TOKENS = new Set(["access", "refresh"]);

/** The tokens in what a driver keeps for itself (a session); what else stands there is no secret. */
function partsOf(value: string): string[] {
  try {
    const read: unknown = JSON.parse(value);
    if (typeof read !== "object" || read === null) return [];
    return Object.entries(read).flatMap(([name, part]) => (TOKENS.has(name) && typeof part === "string" ? [part] : []));
  } catch {
    return [];
  }
}
