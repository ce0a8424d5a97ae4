import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createHash, timingSafeEqual } from "node:crypto";
import type { AddressInfo } from "node:net";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { Fault, codeOf, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import { factsOf } from "../delivery/facts.ts";
import { unitsOf } from "../lib/money.ts";
import type { Db } from "../store/db.ts";
import { brakesInForce } from "../delivery/brake-told.ts";
import { troubles } from "./health.ts";

export interface HealthDoorDeps {
  readonly host: string;
  readonly port: number;
  readonly store: Db;
  /** Why this process cannot do its work now, as sentences; empty when it can. Never about the networks. */
  notReady(): Promise<string[]>;
  /** Numbers of this process only (redirects, lost click records, ...), by metric name. */
  numbers(): Readonly<Record<string, number>>;
  readonly metricsToken?: string | undefined;
  readonly log: Log;
}

export interface HealthDoor {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * `/healthz` (the process), `/readyz` (store, migrations, queue; never the networks) and `/metrics` (Prometheus).
 *
 * @throws Fault `PORT_IN_USE`
 */
export async function openHealthDoor(deps: HealthDoorDeps): Promise<HealthDoor> {
  const registry = createMetrics(deps);
  const server = createServer((request, response) => {
    void answer(deps, registry, request, response).catch((error: unknown) => {
      deps.log.warn(`The health door could not answer: ${sentenceOf(error)}`);
      if (!response.headersSent) response.writeHead(503, TEXT);
      response.end("not ready\n");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(portFault(error, deps.port)));
    server.listen(deps.port, deps.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${deps.host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      registry.clear();
    },
  };
}

const TEXT = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };

async function answer(
  deps: HealthDoorDeps,
  registry: Registry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0];
  if (path === "/healthz") return void response.writeHead(200, TEXT).end("ok\n");
  if (path === "/readyz") {
    const why = await deps.notReady();
    return void response.writeHead(why.length === 0 ? 200 : 503, TEXT).end(why.length === 0 ? "ready\n" : `${why.join("\n")}\n`);
  }
  if (path === "/metrics") {
    if (!mayRead(deps.metricsToken, request.headers.authorization))
      return void response.writeHead(401, TEXT).end("a bearer token is needed\n");
    const text = await registry.metrics();
    return void response.writeHead(200, { ...TEXT, "Content-Type": registry.contentType }).end(text);
  }
  response.writeHead(404, TEXT).end("healthz, readyz and metrics are here\n");
}

function mayRead(token: string | undefined, header: string | undefined): boolean {
  if (token === undefined) return true;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(`Bearer ${token}`), digest(header ?? ""));
}

function createMetrics(deps: HealthDoorDeps): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const states = (name: string, help: string, sql: string) =>
    new Gauge({
      name,
      help,
      labelNames: ["state"],
      registers: [registry],
      async collect() {
        const { rows } = await deps.store.query<{ state: string; n: number }>(sql);
        this.reset();
        for (const { state, n } of rows) this.set({ state }, Number(n));
      },
    });
  states(
    "slugline_deliveries",
    "Deliveries of the last 30 days, by state",
    "select state, count(*) as n from slugline.delivery where created_at > slugline.now() - interval '30 days' group by state",
  );
  states(
    "slugline_posts",
    "Posts of the last 30 days, by state",
    "select state, count(*) as n from slugline.post where created_at > slugline.now() - interval '30 days' group by state",
  );
  new Gauge({
    name: "slugline_troubles",
    help: "What is silent, late or wrong, by code",
    labelNames: ["code", "severity"],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { code, severity } of await troubles(deps.store)) this.inc({ code, severity });
    },
  });
  new Gauge({
    name: "slugline_budget_left",
    help: "What an account may still spend, in its currency's units: ordinary news, and breaking news",
    labelNames: ["account", "period", "news", "currency"],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { account, budget } of await factsOf(deps.store)) {
        for (const period of ["day", "month"] as const) {
          const money = budget?.[period];
          if (!budget || !money) continue;
          const labels = { account, period, currency: budget.currency };
          this.set({ ...labels, news: "ordinary" }, unitsOf(money.left));
          this.set({ ...labels, news: "breaking" }, unitsOf(money.leftForBreaking));
        }
      }
    },
  });
  new Gauge({
    name: "slugline_brakes",
    help: "What keeps posts back, by scope: limited (told by the network), open (fails again and again), gathering-pace",
    labelNames: ["scope", "state"],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { scope, kind } of await brakesInForce(deps.store)) this.set({ scope, state: kind }, 1);
    },
  });
  new Gauge({
    name: "slugline_oldest_delivery_seconds",
    help: "Age of the oldest delivery that is due, sending or unknown",
    registers: [registry],
    async collect() {
      const { rows } = await deps.store.query<{ s: number | null }>(
        "select extract(epoch from slugline.now() - min(created_at))::float8 as s from slugline.delivery where state in ('due', 'sending', 'unknown')",
      );
      this.set(rows[0]?.s ?? 0);
    },
  });
  new Gauge({
    name: "slugline_token_ends_seconds",
    help: "Seconds until an account's access ends, where it does",
    labelNames: ["account"],
    registers: [registry],
    async collect() {
      const { rows } = await deps.store.query<{ account: string; s: number }>(
        `select name as account, extract(epoch from case when token_renews then refresh_ends_at else token_ends_at end - slugline.now())::float8 as s
           from slugline.account where state <> 'disabled' and case when token_renews then refresh_ends_at else token_ends_at end is not null`,
      );
      this.reset();
      for (const { account, s } of rows) this.set({ account }, s);
    },
  });
  for (const name of Object.keys(deps.numbers())) {
    new Gauge({
      name: `slugline_${name}`,
      help: `Of this process: ${name.replaceAll("_", " ")}`,
      registers: [registry],
      collect() {
        this.set(deps.numbers()[name] ?? 0);
      },
    });
  }
  return registry;
}

/** What a listening server's error means for a person. */
export function portFault(error: unknown, port: number): unknown {
  if (codeOf(error) === "EADDRINUSE") {
    return new Fault(
      "PORT_IN_USE",
      `Port ${port} is in use. Stop the other program, or set another port (PORT, REDIRECT_PORT, HEALTH_PORT).`,
      { port },
      error,
    );
  }
  if (codeOf(error) === "EACCES")
    return new Fault("PORT_FORBIDDEN", `Port ${port} may not be opened by this user. Choose one above 1023.`, { port }, error);
  return error;
}
