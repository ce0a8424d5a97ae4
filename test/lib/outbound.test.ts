import { once } from "node:events";
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { request as undiciRequest } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, openWorld, userAgent } from "../support/outbound.ts";
import type { Recorded } from "../support/recording.ts";

type World = Awaited<ReturnType<typeof openWorld>>;
let world: World;
let server: World["server"];
let other: World["other"];
let inner: World["inner"];
let secure: World["secure"];
let outbound: World["outbound"];
let ask: World["ask"];

beforeAll(async () => {
  world = await openWorld();
  ({ server, other, inner, secure, outbound, ask } = world);
});
afterAll(() => world.close());

describe("an answer", () => {
  test("comes with status, headers, body and where it came from; we say who we are and nothing else", async () => {
    const answer = await ask("/hello?a=1", { headers: { Cookie: "s=1", Referer: "https://x/", Host: "evil", "X-Own": "1" } });
    expect(answer).toMatchObject({
      status: 200,
      url: `${server.url}/hello?a=1`,
      redirected: [],
      headers: { "content-type": "text/plain" },
    });
    expect(answer.body.toString()).toBe("hello");
    const { headers } = server.requests.at(-1) as Recorded;
    expect(headers).toMatchObject({
      "user-agent": userAgent,
      "x-own": "1",
      host: `127.0.0.1:${server.port}`,
      "accept-encoding": "gzip, br, deflate",
    });
    expect([headers.cookie, headers.referer]).toEqual([undefined, undefined]);
  });

  test("a body is posted whole, and connections are kept", async () => {
    const before = server.connections();
    for (let i = 0; i < 5; i += 1)
      await ask("/hello", { method: "POST", body: "grüße", headers: { "content-type": "text/plain" } });
    expect(server.requests.at(-1)?.body.toString()).toBe("grüße");
    expect(server.connections() - before).toBeLessThanOrEqual(1);
  });

  test.each(["/gzip", "/br", "/deflate", "/raw-deflate"])("is decoded: %s", async (path) => {
    expect((await ask(path)).body.toString()).toBe("grüße");
  });

  test.each(["/twice", "/zstd", "/broken-gzip"])("is refused when it cannot be decoded: %s (ASVS 5.2.3)", async (path) => {
    expect(await failure(ask(path))).toMatchObject({ code: "OUTBOUND_ENCODING", sent: "maybe" });
  });

  test.each(["/big", "/endless", "/bomb", "/bomb-br", "/bomb-deflate"])(
    "is refused when it is too large: %s (ASVS 5.2.3)",
    async (path) => {
      expect(await failure(ask(path, { maxBytes: 100_000 }))).toMatchObject({ code: "OUTBOUND_TOO_LARGE", sent: "maybe" });
    },
  );

  test("early hints are not the answer", async () => {
    expect((await ask("/early-hints")).body.toString()).toBe("hello");
  });

  test("an empty answer to HEAD is one", async () => {
    expect(await ask("/gzip", { method: "HEAD" })).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  });
});

describe("redirects", () => {
  const to = (target: string, status = 302) => `/redirect?status=${status}&to=${encodeURIComponent(target)}`;

  test("are answers unless asked for", async () => {
    expect(await ask(to("/hello"))).toMatchObject({ status: 302, headers: { location: "/hello" }, redirected: [] });
  });

  test("are followed and told, up to the number given", async () => {
    const answer = await ask(to(to("/hello", 301)), { redirects: 2 });
    expect(answer).toMatchObject({ status: 200, url: `${server.url}/hello` });
    expect(answer.redirected.map(({ status }) => status)).toEqual([302, 301]);
    expect(await failure(ask(to(to("/hello")), { redirects: 1 }))).toMatchObject({ code: "OUTBOUND_REDIRECT", sent: "maybe" });
    const before = server.requests.length;
    await failure(ask("/loop", { redirects: 100 }));
    expect(server.requests.length - before, "never more than five").toBe(6);
  });

  test.each([
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://169.254.169.254/latest/",
    "http://0x7f.1/",
  ])("to %s is checked like a first request", async (target) => {
    const error = await failure(ask(to(target.replace("PORT", String(inner.port))), { redirects: 5, connectTimeoutMs: 2_000 }));
    expect(inner.requests).toEqual([]);
    expect(error).toMatchObject({ code: "OUTBOUND_BLOCKED", sent: "maybe" });
  });

  test.each(["file:///etc/passwd", "javascript:alert(1)", "http://u:p@example.org/"])("to %s is refused", async (target) => {
    expect((await failure(ask(to(target), { redirects: 5 }))).code).toBe("OUTBOUND_REDIRECT");
  });

  test("from https to http is refused", async () => {
    const asked = outbound.request(`https://localhost:${secure.port}${to(`${server.url}/hello`)}`, { redirects: 5 });
    expect((await failure(asked)).code).toBe("OUTBOUND_REDIRECT");
  });

  test("carry no secret and no body to another origin", async () => {
    const headers = { authorization: "Bearer secret", "x-api-key": "secret", "if-none-match": '"v1"' };
    await ask(to(`${other.url}/hello`), { redirects: 1, headers });
    expect(other.requests.at(-1)?.headers).toMatchObject({ "if-none-match": '"v1"' });
    expect(JSON.stringify(other.requests.at(-1)?.headers)).not.toContain("secret");
    await ask(to("/hello"), { redirects: 1, headers });
    expect(server.requests.at(-1)?.headers.authorization).toBe("Bearer secret");
    expect((await failure(ask(to(`${other.url}/hello`, 307), { redirects: 1, method: "POST", body: "secret" }))).code).toBe(
      "OUTBOUND_REDIRECT",
    );
  });

  test("turn a POST into a GET as 302 and 303 do, not 307", async () => {
    for (const [status, method] of [
      [302, "GET"],
      [303, "GET"],
      [307, "POST"],
      [308, "POST"],
    ] as const) {
      await ask(to("/hello", status), { redirects: 1, method: "POST", body: "x", headers: { "content-type": "text/plain" } });
      expect(server.requests.at(-1)?.method).toBe(method);
      expect(server.requests.at(-1)?.body.toString()).toBe(method === "GET" ? "" : "x");
    }
  });
});

test("libraries get through by dispatcher and agent what the list allows", async () => {
  const { statusCode, body } = await undiciRequest(server.url, { dispatcher: outbound.dispatcher });
  expect([statusCode, await body.text()]).toEqual([200, "hello"]);
  const [plain] = await once(httpGet(server.url, { agent: outbound.agent("http:") }), "response");
  expect(plain.resume().statusCode).toBe(200);
  const [tls] = await once(httpsGet(`https://localhost:${secure.port}/`, { agent: outbound.agent("https:") }), "response");
  expect(tls.resume().statusCode).toBe(200);
});
