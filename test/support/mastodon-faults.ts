/** What can go wrong with one request. "accept": whether the server acted on it before it went wrong. */
export type MastodonFault =
  | "reset-before-accept"
  | "reset-after-accept"
  /** It acts and dies before it stores the idempotency key, so that the same key would make a second status. */
  | "reset-after-accept-key-lost"
  | "hang-before-accept"
  | "hang-after-accept"
  | "truncated-json"
  | "html-200"
  | "empty-200"
  | "json-without-id"
  /** An answer with this status, with Mastodon's own body for it unless one is given. */
  | number
  | AnswerFault;

export interface AnswerFault {
  readonly status: number;
  readonly accept?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The answer's sentence repeats the token that the request bore. */
  readonly echo?: boolean;
  /** Waits this long before it acts (a request stuck in the server's queue). */
  readonly waitMs?: number;
  /** Waits this long after it acted, before it answers. */
  readonly answerAfterMs?: number;
}

/** Which requests a fault is for. */
export type MastodonCall =
  | "publish"
  | "read"
  | "media"
  | "media-status"
  | "edit"
  | "remove"
  | "status"
  | "verify"
  | "limits"
  | "any";

export interface Script {
  next(fault: MastodonFault, times?: number, call?: MastodonCall): void;
  /** The fault for this call, used up by one; undefined when it may go well. */
  take(call: MastodonCall): MastodonFault | undefined;
  clear(): void;
}

export function createScript(): Script {
  let planned: { fault: MastodonFault; left: number; call: MastodonCall }[] = [];
  return {
    next: (fault, times = 1, call = "publish") => void planned.push({ fault, left: times, call }),
    take(call) {
      const found = planned.find((entry) => entry.call === call || entry.call === "any");
      if (!found) return undefined;
      found.left -= 1;
      planned = planned.filter(({ left }) => left > 0);
      return found.fault;
    },
    clear: () => void (planned = []),
  };
}

const SENTENCES: Readonly<Record<number, string>> = {
  401: "The access token is invalid",
  403: "This action is outside the authorized scopes",
  404: "Record not found",
  410: "Gone",
  422: "Validation failed: Text character limit of 500 exceeded",
  429: "Too many requests",
  503: "There was a temporary problem serving your request, please try again",
};

const NGINX: Readonly<Record<number, string>> = { 502: "502 Bad Gateway", 504: "504 Gateway Time-out" };

/** The body Mastodon (or the nginx before it) sends with a status. */
export function bodyOf(status: number): { type: string; body: string } {
  const nginx = NGINX[status];
  if (nginx)
    return {
      type: "text/html",
      body: `<html>\r\n<head><title>${nginx}</title></head>\r\n<body>\r\n<center><h1>${nginx}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
    };
  if (status === 500)
    return {
      type: "text/html",
      body: "<!DOCTYPE html><html lang='en'><head><title>We're sorry, but something went wrong on our end.</title></head></html>",
    };
  return { type: "application/json; charset=utf-8", body: JSON.stringify({ error: SENTENCES[status] ?? `Status ${status}` }) };
}

/** The body of a server that tells a stranger what it was shown, at full length and in the address of a page. */
export function echoOf(token: string): { type: string; body: string } {
  const sentence = `The bearer "${token}" may not do this, see https://social.example/?token=${encodeURIComponent(token)}`;
  return { type: "application/json; charset=utf-8", body: JSON.stringify({ error: sentence }) };
}
