/** Which requests a fault is for; `read` is what the bot asks about its chat. */
export type TelegramCall = "publish" | "edit" | "remove" | "verify" | "read";

const SENTENCES: Readonly<Record<number, string>> = {
  400: "Bad Request: wrong type of the web page content",
  401: "Unauthorized",
  403: "Forbidden: bot is not a member of the channel chat",
  404: "Not Found",
  413: "Request Entity Too Large",
  429: "Too Many Requests: retry after 7",
  500: "Internal Server Error",
};
const NGINX: Readonly<Record<number, string>> = {
  502: "502 Bad Gateway",
  503: "503 Service Temporarily Unavailable",
  504: "504 Gateway Time-out",
};

const JSON_TYPE = "application/json";

/** The body the Bot API (or the nginx before it) sends with a status. */
export function bodyOf(status: number): { type: string; body: string } {
  const nginx = NGINX[status];
  if (nginx)
    return {
      type: "text/html",
      body: `<html>\r\n<head><title>${nginx}</title></head>\r\n<body>\r\n<center><h1>${nginx}</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n`,
    };
  const parameters = status === 429 ? { parameters: { retry_after: 7 } } : {};
  const description = SENTENCES[status] ?? `Bad Request: status ${status}`;
  return { type: JSON_TYPE, body: JSON.stringify({ ok: false, error_code: status, description, ...parameters }) };
}

/** The body of a server that tells a stranger the address it was asked at. */
export function echoOf(token: string): { type: string; body: string } {
  const description = `Bad Request: POST /bot${token}/sendMessage (${encodeURIComponent(token)}) is not possible`;
  return { type: JSON_TYPE, body: JSON.stringify({ ok: false, error_code: 400, description }) };
}
