import { once } from "node:events";
import { get as httpsGet } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../../src/lib/fault.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { answering, failure, openWorld, userAgent, withOutbound } from "../support/outbound.ts";
import { localhostCert } from "../support/recording-cert.ts";
import { startRecording } from "../support/recording.ts";
import { until } from "../support/store.ts";

type World = Awaited<ReturnType<typeof openWorld>>;
let world: World;
let server: World["server"];
let secure: World["secure"];
let outbound: World["outbound"];
let ask: World["ask"];

beforeAll(async () => {
  world = await openWorld();
  ({ server, secure, outbound, ask } = world);
});
afterAll(() => world.close());

describe("sent or not", () => {
  test("a name that does not exist was not sent to", async () => {
    const lookup = () => Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }));
    await withOutbound({ lookup }, async (guarded) => {
      expect(await failure(guarded.request("https://nowhere.example/"))).toMatchObject({
        code: "OUTBOUND_NAME_NOT_FOUND",
        sent: "no",
      });
    });
  });

  test("a refused connection was not sent over", async () => {
    const gone = await startRecording(answering);
    await gone.close();
    await withOutbound({ allow: [`127.0.0.1:${gone.port}`] }, async (guarded) => {
      expect(await failure(guarded.request(gone.url))).toMatchObject({ code: "OUTBOUND_REFUSED", sent: "no" });
    });
  });

  test("a certificate we do not trust, or for another name, stops us before we write", async () => {
    const before = secure.requests.length;
    await withOutbound({ allow: [`localhost:${secure.port}`] }, async (guarded) => {
      expect(await failure(guarded.request(`https://localhost:${secure.port}/`))).toMatchObject({
        code: "OUTBOUND_TLS",
        sent: "no",
      });
      await expect(
        once(
          httpsGet(`https://localhost:${secure.port}/`, { agent: guarded.agent("https:"), rejectUnauthorized: false }),
          "response",
        ),
      ).rejects.toMatchObject({ code: "OUTBOUND_TLS" });
    });
    await withOutbound({ allow: [`127.0.0.1:${secure.port}`], ca: localhostCert }, async (guarded) => {
      expect(await failure(guarded.request(`https://127.0.0.1:${secure.port}/`))).toMatchObject({
        code: "OUTBOUND_TLS",
        sent: "no",
      });
    });
    expect(secure.requests.length).toBe(before);
    expect((await outbound.request(`https://localhost:${secure.port}/`)).status).toBe(200);
  });

  test("a server that takes the connection but never speaks TLS runs into the connect time-out, not sent", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    for (const options of [{ connectTimeoutMs: 100 }, { timeoutMs: 100 }]) {
      await withOutbound({ allow: [`127.0.0.1:${port}`], connectTimeoutMs: 300 }, async (guarded) => {
        const error = await failure(guarded.request(`https://127.0.0.1:${port}/`, options));
        expect(error.sent).toBe("no");
        expect(error.code).toMatch(/TIMEOUT/);
      });
    }
    silent.close();
  });

  test("what `beforeWrite` throws keeps its code, and not one byte is written, on a fresh and on a kept connection", async () => {
    const before = server.requests.length;
    for (const warm of [false, true]) {
      await withOutbound({ allow: [`127.0.0.1:${server.port}`] }, async (guarded) => {
        if (warm) await guarded.request(server.url);
        const beforeWrite = () => {
          throw new Fault("DEADLINE_PASSED", "Too late to send.");
        };
        expect(await failure(guarded.request(server.url, { method: "POST", body: "x", beforeWrite }))).toMatchObject({
          code: "DEADLINE_PASSED",
          sent: "no",
          message: "Too late to send.",
        });
        expect((await guarded.request(server.url)).status).toBe(200);
      });
    }
    expect(server.requests.slice(before).map(({ method }) => method)).toEqual(["GET", "GET", "GET"]);
  });

  test("`beforeWrite` is called once per request, after the connection stands", async () => {
    const fresh = await startRecording(answering);
    const seen: number[] = [];
    await withOutbound({ allow: [`127.0.0.1:${fresh.port}`] }, async (guarded) => {
      await guarded.request(fresh.url, { beforeWrite: () => seen.push(fresh.requests.length) });
    }).finally(fresh.close);
    expect(seen).toEqual([0]);
  });

  test.each([
    ["/hang", { timeoutMs: 500 }, "OUTBOUND_TIMEOUT"],
    ["/hang", { headersTimeoutMs: 500 }, "OUTBOUND_TIMEOUT"],
    ["/hang-after-head", { timeoutMs: 500 }, "OUTBOUND_TIMEOUT"],
    ["/reset", {}, "OUTBOUND_BROKEN"],
    ["/cut", {}, "OUTBOUND_BROKEN"],
  ])("after writing, %s %j may have been sent", async (path, opts, code) => {
    const before = server.requests.length;
    expect(await failure(ask(path, { ...opts, method: "POST", body: "x" }))).toMatchObject({ code, sent: "maybe" });
    expect(server.requests.length - before, "and is not sent again").toBe(1);
  });

  test("called off: before it was written it was not sent, after it may have been", async () => {
    expect(await failure(ask("/hello", { signal: AbortSignal.abort() }))).toMatchObject({ code: "OUTBOUND_ABORTED", sent: "no" });
    const controller = new AbortController();
    const before = server.requests.length;
    const asked = failure(ask("/hang", { signal: controller.signal }));
    await until(async () => server.requests.length > before);
    controller.abort();
    expect(await asked).toMatchObject({ code: "OUTBOUND_ABORTED", sent: "maybe" });
  });

  test("called off while connecting: it is not written later", async () => {
    const controller = new AbortController();
    const before = server.requests.length;
    const found = Promise.withResolvers<{ address: string; family: number }[]>();
    await withOutbound({ allow: [`slow.example:${server.port}`], lookup: () => found.promise }, async (guarded) => {
      const asked = failure(
        guarded.request(`http://slow.example:${server.port}/`, { signal: controller.signal, method: "POST", body: "x" }),
      );
      controller.abort();
      expect(await asked).toMatchObject({ code: "OUTBOUND_ABORTED", sent: "no" });
      found.resolve([{ address: "127.0.0.1", family: 4 }]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    expect(server.requests.length).toBe(before);
  });

  test("sentences name the host, never path or query", async () => {
    const error = await failure(ask("/hang?token=hush", { timeoutMs: 50 }));
    expect(JSON.stringify([error.message, error.detail])).not.toContain("hush");
    expect(error.message).toContain("127.0.0.1");
  });

  test("after closing, nothing goes out", async () => {
    const closed = createOutbound({ allow: [`127.0.0.1:${server.port}`], userAgent });
    await closed.close();
    expect((await failure(closed.request(server.url))).sent).toBe("no");
  });
});
