import { request, type Agent, type IncomingHttpHeaders } from "node:http";

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Asks as a browser would, but follows nothing. The path goes out as it is. */
export function ask(
  base: string,
  path: string,
  { method = "GET", agent, headers = {} }: { method?: string; agent?: Agent; headers?: Record<string, string> } = {},
): Promise<Answered> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const asking = request(
      { hostname, port, path, method, agent, headers: { "User-Agent": BROWSER, ...headers } },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    asking.on("error", reject);
    asking.end();
  });
}
