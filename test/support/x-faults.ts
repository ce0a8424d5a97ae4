/** Which requests a fault is for. */
export type XCall =
  | "publish"
  | "read"
  | "media"
  | "media-status"
  | "metadata"
  | "edit"
  | "remove"
  | "verify"
  | "authorize"
  | "token";

const PROBLEMS = "https://api.twitter.com/2/problems";
const DUPLICATE = "You are not allowed to create a Tweet with duplicate content.";
const NUMBER = "1243608864848629761";

const blank = (status: number, title: string, detail: string) => ({ title, detail, type: "about:blank", status });

/** What X says with each status, as its documents and people who met them show it. */
export const BODIES = {
  400: {
    errors: [{ parameters: { text: ["…"] }, message: "Your post is too long." }],
    title: "Invalid Request",
    detail: "One or more parameters to your request was invalid.",
    type: `${PROBLEMS}/invalid-request`,
  },
  401: { ...blank(401, "Unauthorized", "Unauthorized"), status: 401 },
  402: {
    account_id: NUMBER,
    title: "CreditsDepleted",
    detail: `Your enrolled account [${NUMBER}] does not have any credits to fulfill this request.`,
    type: `${PROBLEMS}/credits`,
  },
  403: blank(403, "Forbidden", "You are not permitted to perform this action."),
  404: { ...blank(404, "Not Found", "Not Found") },
  429: blank(429, "Too Many Requests", "Too Many Requests"),
  503: blank(503, "Service Unavailable", "Service Unavailable"),
} as const;

/** What X answers to an answer whose post is gone. */
export const UNANSWERABLE_403 = {
  detail: "You attempted to reply to a Tweet that is deleted or not visible to you.",
  type: "about:blank",
  title: "Forbidden",
  status: 403,
};

export const DUPLICATE_403 = blank(403, "Forbidden", DUPLICATE);
export const USAGE_CAPPED = {
  account_id: NUMBER,
  product_name: "standard-basic",
  title: "UsageCapExceeded",
  period: "Monthly",
  scope: "Product",
  detail: "Usage cap exceeded: Monthly product cap",
  type: `${PROBLEMS}/usage-capped`,
};
export const NOT_ENROLLED = {
  title: "Client Forbidden",
  detail:
    "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a developer App that is attached to a Project.",
  reason: "client-not-enrolled",
  registration_url: "https://developer.x.com/en/docs/projects/overview",
  required_enrollment: "Appropriate Level of API Access",
  type: `${PROBLEMS}/client-forbidden`,
};
export const LOCKED = {
  errors: [
    { code: 326, message: "To protect our users from spam and other malicious activity, this account is temporarily locked." },
  ],
};
export const SUSPENDED = {
  errors: [{ code: 64, message: "Your account is suspended and is not permitted to access this feature." }],
};

/** The body X (or Cloudflare before it) sends with a status. */
export function bodyOf(status: number): { type: string; body: string } {
  if (status === 502 || status === 504)
    return { type: "text/html", body: `<html><head><title>${status} Bad gateway</title></head></html>` };
  const known = (BODIES as Readonly<Record<number, object>>)[status] ?? blank(status, `Status ${status}`, `Status ${status}`);
  return { type: "application/json; charset=utf-8", body: JSON.stringify(known) };
}

/** The body of a server that tells a stranger what it was shown, at full length and in the address of a page. */
export function echoOf(secret: string): { type: string; body: string } {
  const detail = `The token "${secret}" may not do this, see https://social.example/?token=${encodeURIComponent(secret)}`;
  return { type: "application/problem+json", body: JSON.stringify({ title: "Forbidden", detail, type: "about:blank" }) };
}
