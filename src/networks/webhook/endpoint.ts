import { Webhook } from "standardwebhooks";
import { Fault } from "../../lib/fault.ts";
import { say } from "../../lib/say.ts";
import type { Account } from "../network.ts";

/** Where an account's posts go, and with what they are signed. */
export interface Endpoint {
  readonly url: URL;
  /** The newest secret first; the older ones hold until the receiver knows the new one. */
  readonly secrets: readonly string[];
}

/** @throws Fault `ACCOUNT_SETTING`, `SECRET_MISSING` or `SECRET_MALFORMED`, which say what to set */
export async function endpointOf(account: Account): Promise<Endpoint> {
  const { url } = account.settings;
  const parsed = typeof url === "string" ? URL.parse(url) : null;
  if (!parsed || parsed.username !== "" || parsed.password !== "" || !isSafe(parsed))
    throw new Fault(
      "ACCOUNT_SETTING",
      say`Account ${account.name} does not say where its posts go. Set url to the receiver's whole https address, without a user or password.`,
      { account: account.name },
    );
  const secrets = (await account.secret.get("secret")).split(/\s+/).filter((secret) => secret !== "");
  if (secrets.length === 0 || !secrets.every(isSecret))
    throw new Fault(
      "SECRET_MALFORMED",
      say`The secret of ${account.name} is invalid: it must be at least 16 random bytes in base64; several, while they are changed, with a space between. Make one with: openssl rand -base64 32`,
      { account: account.name },
    );
  return { url: parsed, secrets };
}

/** The three headers of Standard Webhooks: one signature per secret, so that a receiver may hold either. */
export function signed({ secrets }: Endpoint, id: string, at: Date, body: string): Readonly<Record<string, string>> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" "),
  };
}

/** Plain http only to this machine. */
function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname));
}

function isSecret(secret: string): boolean {
  const base64 = secret.replace(/^whsec_/, "");
  const padded = base64.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64);
  return padded && Buffer.from(base64, "base64").length >= 16;
}
