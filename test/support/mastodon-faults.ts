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
  | "apps"
  | "authorize"
  | "token";

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
