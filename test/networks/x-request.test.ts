import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Fault } from "../../src/lib/fault.ts";
import { createOutbound, type OutboundOptions } from "../../src/lib/outbound/outbound.ts";
import { x, type XOptions } from "../../src/networks/x.ts";
import { localhostCert, localhostKey } from "../support/recording-cert.ts";
import { startRecording, type Recording } from "../support/recording.ts";
import { until } from "../support/store.ts";
import { xAccountOn, xBench } from "../support/x-bench.ts";
import { withoutSchema } from "../support/x-schema.ts";
import { keyOf, ready, signal } from "./contract.ts";

const userAgent = "Slugline-test/0";
type Answering = Parameters<typeof startRecording>[0];
const posted: Answering = (_request, response) =>
  response.writeHead(201, { "content-type": "application/json" }).end('{"data":{"id":"7","text":"so"}}');

interface Asked {
  readonly server: string;
  readonly outbound: Partial<OutboundOptions>;
  readonly options?: XOptions;
  readonly signal?: AbortSignal;
  readonly check?: () => void;
}

async function publish({ server, outbound, options, signal: given = signal(), check = () => {} }: Asked) {
  await using out = createOutbound({ allow: [], userAgent, ...outbound });
  return await x(out, options).publish(xAccountOn(server), ready(), keyOf(ready(), "1", { deadline: { check } }), given);
}

const reaching = ({ port }: Recording): Asked["outbound"] => ({ allow: [`127.0.0.1:${port}`] });

describe("surely not sent", () => {
  test("a name that is not found", async () => {
    const lookup = () => Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }));
    const outcome = await publish({ server: "https://api.x.com", outbound: { lookup } });
    expect(outcome).toMatchObject({ kind: "busy", why: expect.stringContaining("not found") });
  });

  test("a refused connection, and then nothing can be told", async () => {
    const gone = await startRecording(posted);
    await gone.close();
    const outcome = await publish({ server: gone.url, outbound: reaching(gone) });
    expect(outcome).toMatchObject({ kind: "busy", why: expect.stringContaining("refused") });
    await using out = createOutbound({ allow: [`127.0.0.1:${gone.port}`], userAgent });
    expect((await x(out).find!(xAccountOn(gone.url), keyOf(ready()), new Set(), signal())).kind).toBe("cannot-tell");
  });

  test("an address that may not be reached", async () => {
    await using inner = await startRecording(posted);
    const outcome = await publish({ server: inner.url, outbound: {} });
    expect(outcome).toMatchObject({ kind: "busy", why: expect.stringContaining("outbound.allow") });
    expect(inner.connections()).toBe(0);
  });

  test("a certificate we do not trust; with the right one it is sent, for the same address", async () => {
    await using secure = await startRecording(posted, { tls: { key: localhostKey, cert: localhostCert } });
    const server = `https://localhost:${secure.port}`;
    const allow = [`localhost:${secure.port}`];
    expect((await publish({ server, outbound: { allow } })).kind).toBe("busy");
    expect(secure.requests).toHaveLength(0);
    expect((await publish({ server, outbound: { allow, ca: localhostCert } })).kind).toBe("posted");
    expect(secure.requests[0]!.headers.host).toBe(`localhost:${secure.port}`);
  });

  test("past the deadline, which is asked about once the connection stands", async () => {
    await using server = await startRecording(posted);
    const seen: number[] = [];
    const outcome = await publish({
      server: server.url,
      outbound: reaching(server),
      check() {
        seen.push(server.requests.length);
        throw new Fault("DEADLINE_PASSED", "Too late to send.");
      },
    });
    expect(outcome).toEqual({ kind: "busy", why: "Too late to send." });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([0]);
    expect(server.requests).toHaveLength(0);
  });

  test("called off while connecting: it is not written later", async () => {
    await using server = await startRecording(posted);
    const found = Promise.withResolvers<{ address: string; family: number }[]>();
    const controller = new AbortController();
    await using out = createOutbound({ allow: [`slow.example:${server.port}`], userAgent, lookup: () => found.promise });
    const account = xAccountOn(`http://slow.example:${server.port}`);
    const asked = x(out).publish(account, ready(), keyOf(ready()), controller.signal);
    setTimeout(() => controller.abort(), 20);
    expect((await asked).kind).toBe("busy");
    found.resolve([{ address: "127.0.0.1", family: 4 }]);
    // It is connected to all the same.
    await until(async () => server.connections() === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.requests).toHaveLength(0);
  });

  test("too slow to connect", async () => {
    await using out = createOutbound({ allow: [], userAgent, lookup: () => new Promise(() => {}) });
    const outcome = await x(out, { requestMs: 50 }).publish(xAccountOn("https://api.x.com"), ready(), keyOf(ready()), signal());
    expect(outcome.kind).toBe("busy");
  });
});

describe("may have been sent", () => {
  const cases: readonly (readonly [string, Answering])[] = [
    ["no answer in time", () => {}],
    [
      "an answer that is cut",
      (_request, response) => {
        response.writeHead(201, { "content-type": "application/json", "content-length": 100 }).write('{"data":');
        setTimeout(() => response.socket?.destroy(), 10);
      },
    ],
    [
      "a refusal that is cut",
      (_request, response) => {
        response.writeHead(403, { "content-type": "application/json", "content-length": 100 }).write('{"title":');
        setTimeout(() => response.socket?.destroy(), 10);
      },
    ],
    [
      "an answer without end",
      (_request, response) => {
        const timer = setInterval(() => response.write(Buffer.alloc(500_000)), 1);
        response.on("close", () => clearInterval(timer));
      },
    ],
    ["a connection that is reset", (_request, response) => void response.socket?.resetAndDestroy()],
  ];
  test.each(cases)("%s", async (_what, answering) => {
    await using server = await startRecording(answering);
    const outcome = await publish({ server: server.url, outbound: reaching(server), options: { requestMs: 2_000 } });
    expect(outcome.kind).toBe("unknown");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.requests, "and is not sent again").toHaveLength(1);
  });
});

test("each request has a connection of its own: a kept one may be dead by the next post", async () => {
  await using server = await startRecording(posted);
  await using out = createOutbound({ allow: [`127.0.0.1:${server.port}`], userAgent });
  const network = x(out);
  for (let i = 0; i < 3; i += 1) await network.publish(xAccountOn(server.url), ready(), keyOf(ready()), signal());
  expect(server.connections()).toBe(3);
});

test("every request and answer is what X's own schema allows", async (given) => {
  if (withoutSchema !== undefined) return given.skip(withoutSchema);
  await using at = await xBench();
  await at.network.verify(at.account, signal());
  const { id } = (await at.network.publish(at.account, ready(), keyOf(ready()), signal())) as { id: string };
  await at.network.find!(at.account, keyOf(ready()), new Set(), signal());
  await at.network.remove!(at.account, id, signal());
  expect(at.standIn.violations).toEqual([]);
  expect(at.standIn.requests).toHaveLength(5);
});

test("the stand-in runs as a process of its own and tells what it accepted", async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../support/x-process.ts", import.meta.url)), "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { url, port, keys } = JSON.parse(line.toString()) as { url: string; port: number; keys: Record<string, string> };
    await using out = createOutbound({ allow: [`127.0.0.1:${port}`], userAgent });
    await out.request(`${url}/__fault`, { method: "POST", body: JSON.stringify({ fault: { status: 504, accept: true } }) });
    expect((await x(out).publish(xAccountOn(url, keys), ready(), keyOf(ready()), signal())).kind).toBe("unknown");
    const state = JSON.parse((await out.request(`${url}/__state`)).body.toString()) as { accepted: { text: string }[] };
    expect(state.accepted.map(({ text }) => text)).toEqual([ready().text]);
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
});
