import { Webhook } from "standardwebhooks";
import { createScript, startWire, type Logged, type Reply, type WireFault } from "./wire.ts";

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** What a message tells of, as its receiver reads it. */
interface Received {
  readonly id: string;
  readonly data: { readonly id: string; readonly text: string; readonly [field: string]: unknown };
  readonly timestamp: string;
  /** The bytes of each time it was sent. */
  readonly bodies: string[];
}

export interface WebhookOptions {
  readonly port?: number;
  readonly secret?: string;
  /** What it tells of where the post stands; default nothing. */
  readonly answer?: object;
}

export interface WebhookStandIn extends AsyncDisposable {
  /** The address its messages go to. */
  readonly url: string;
  readonly port: number;
  /** What it took, each id once, oldest first. */
  readonly accepted: Received[];
  readonly requests: Logged[];
  next(fault: WireFault, times?: number, call?: string): void;
  clearFaults(): void;
  close(): Promise<void>;
}

const TITLES: Readonly<Record<number, string>> = { 401: "Unauthorized", 403: "Forbidden", 410: "Gone", 429: "Too Many Requests" };

const problem = (status: number, detail: string): Reply => ({
  status,
  body: { title: TITLES[status] ?? "Problem", status, detail },
  headers: { "content-type": "application/problem+json" },
});
const told = (status: number, detail: string) => ({
  type: "application/problem+json",
  body: JSON.stringify(problem(status, detail).body),
});

/**
 * A receiver as docs/webhook.md tells people to write one: the library checks signature and age, and an id it has had is
 * answered as before and done nothing about.
 */
export async function startWebhook({ secret = SECRET, answer = {}, port }: WebhookOptions = {}): Promise<WebhookStandIn> {
  const accepted: Received[] = [];
  const script = createScript<string>("publish");

  function act(headers: Logged["headers"], bytes: Buffer, keepKey: boolean): Reply {
    const body = bytes.toString();
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
    } catch (error) {
      return problem(401, (error as Error).message);
    }
    const id = String(headers["webhook-id"]);
    const known = accepted.find((one) => one.id === id);
    if (known) known.bodies.push(body);
    else if (keepKey) {
      const { data, timestamp } = JSON.parse(body) as Pick<Received, "data" | "timestamp">;
      accepted.push({ id, data, timestamp, bodies: [body] });
    }
    return { status: 200, body: answer };
  }

  const wire = await startWire<string>({
    script,
    now: Date.now,
    port,
    notFound: problem(404, "There is no hook of this name."),
    bodyOf: (status) => told(status, `A ${status} for a test`),
    echoOf: (shown) => told(403, `The secret "${shown}" (${encodeURIComponent(shown.replace("whsec_", ""))}) is not ours`),
    asked({ method, url, headers, body }) {
      if (method !== "POST" || url.pathname !== "/posts") return undefined;
      return { call: "publish", secret, act: (keepKey) => act(headers, body, keepKey) };
    },
  });
  return {
    url: `${wire.url}/posts`,
    port: wire.port,
    accepted,
    requests: wire.requests,
    next: script.next,
    clearFaults: script.clear,
    close: wire.close,
    [Symbol.asyncDispose]: wire.close,
  };
}
