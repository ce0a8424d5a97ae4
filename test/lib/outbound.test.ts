import { once } from "node:events";
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { connect as netConnect, createServer, type AddressInfo } from "node:net";
import { gzipSync, brotliCompressSync, deflateSync, deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request as undiciRequest } from "undici";
import { Fault } from "../../src/lib/fault.ts";
import { OutboundError } from "../../src/lib/outbound/error.ts";
import { createOutbound, type Outbound, type OutboundOptions, type RequestOptions } from "../../src/lib/outbound/outbound.ts";
import { localhostCert, localhostKey } from "../support/recording-cert.ts";
import { startRecording, type Recorded, type Recording } from "../support/recording.ts";
import type { ServerResponse } from "node:http";

const userAgent = "Slugline-test/0 (+https://example.org/about)";

function answering(request: Recorded, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url, "http://here");
  const to = searchParams.get("to") ?? "/hello";
  const encoded = (encoding: string, body: Buffer) => response.writeHead(200, { "content-encoding": encoding }).end(body);
  if (pathname === "/redirect") return void response.writeHead(Number(searchParams.get("status") ?? 302), { location: to }).end();
  if (pathname === "/loop") return void response.writeHead(302, { location: `/loop?${Math.random()}` }).end();
  if (pathname === "/gzip") return void encoded("gzip", gzipSync("grüße"));
  if (pathname === "/br") return void encoded("br", brotliCompressSync("grüße"));
  if (pathname === "/deflate") return void encoded("deflate", deflateSync("grüße"));
  if (pathname === "/raw-deflate") return void encoded("deflate", deflateRawSync("grüße"));
  if (pathname === "/twice") return void encoded("gzip, gzip", gzipSync(gzipSync("grüße")));
  if (pathname === "/zstd") return void encoded("zstd", Buffer.from("?"));
  if (pathname === "/broken-gzip") return void encoded("gzip", gzipSync("x".repeat(5000)).subarray(0, 20));
  if (pathname === "/bomb") return void encoded("gzip", gzipSync(Buffer.alloc(5_000_000)));
  if (pathname === "/big") return void response.writeHead(200).end(Buffer.alloc(200_000));
  if (pathname === "/endless") {
    const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 1);
    return void response.on("close", () => clearInterval(timer));
  }
  if (pathname === "/hang") return;
  if (pathname === "/hang-after-head") return void response.writeHead(200, { "content-length": 10 }).write("abc");
  if (pathname === "/reset") return void response.socket?.resetAndDestroy();
  if (pathname === "/cut") {
    response.writeHead(200, { "content-length": 100 }).write("half");
    return void setTimeout(() => response.socket?.destroy(), 10);
  }
  if (pathname === "/early-hints") response.writeEarlyHints({ link: "</a.css>; rel=preload" });
  response.writeHead(200, { "content-type": "text/plain" }).end("hello");
}

let server: Recording;
let other: Recording;
let secure: Recording;
/** On the same machine, but on nobody's list. */
let inner: Recording;
let outbound: Outbound;

beforeAll(async () => {
  server = await startRecording(answering);
  other = await startRecording(answering);
  inner = await startRecording(answering);
  secure = await startRecording(answering, { tls: { key: localhostKey, cert: localhostCert } });
  outbound = createOutbound({
    allow: [`127.0.0.1:${server.port}`, `127.0.0.1:${other.port}`, `localhost:${secure.port}`],
    userAgent,
    ca: localhostCert,
  });
});

afterAll(async () => {
  await outbound.close();
  await Promise.all([server.close(), other.close(), secure.close(), inner.close()]);
});

async function failure(asked: Promise<unknown>): Promise<OutboundError> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, "a request that should have failed").toBeInstanceOf(OutboundError);
  return error as OutboundError;
}

const ask = (path: string, opts?: RequestOptions) => outbound.request(server.url + path, opts);

async function withOutbound<Result>(
  options: Partial<OutboundOptions>,
  work: (outbound: Outbound) => Promise<Result>,
): Promise<Result> {
  await using made = createOutbound({ allow: [], userAgent, ...options });
  return await work(made);
}

/** A dialler that never leaves the machine: it notes where it was sent, and goes to the test's server instead. */
function astray(notes: string[] = []): NonNullable<OutboundOptions["dial"]> {
  return ((options: {
    host: string;
    lookup: (name: string, o: object, done: (e: null, all: { address: string }[]) => void) => void;
  }) => {
    options.lookup(options.host, { all: true }, (_error, all) => notes.push(...all.map(({ address }) => address)));
    return netConnect(server.port, "127.0.0.1");
  }) as unknown as NonNullable<OutboundOptions["dial"]>;
}

describe("private addresses are not reached", () => {
  const forms = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "localhost",
    "localhost.",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
  ];
  const more = [
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::127.0.0.1]",
    "169.254.169.254",
    "[fe80::1]",
    "[fe90::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "[ff02::1]",
    "[2001:db8::1]",
    "[2001::1]",
    "[4000::1]",
  ];

  test.each([...forms, ...more])("%s, on the web's own port", async (host) => {
    await withOutbound({ connectTimeoutMs: 2_000 }, async (guarded) => {
      const error = await failure(guarded.request(`http://${host}/`));
      expect(error.sent).toBe("no");
      expect(["OUTBOUND_BLOCKED", "OUTBOUND_NAME_NOT_FOUND"]).toContain(error.code);
    });
  });

  test.each(forms)("%s, on a port that another host on the list has opened", async (host) => {
    const before = server.requests.length;
    await withOutbound({ allow: [`elsewhere.example:${server.port}`], connectTimeoutMs: 2_000 }, async (guarded) => {
      expect((await failure(guarded.request(`http://${host}:${server.port}/`))).sent).toBe("no");
      for (const through of ["dispatcher", "agent"] as const) {
        const url = `http://${host}:${server.port}/`;
        const asked =
          through === "dispatcher"
            ? undiciRequest(url, { dispatcher: guarded.dispatcher })
            : once(httpGet(url, { agent: guarded.agent("http:") }), "response");
        await expect(asked, through).rejects.toMatchObject({ sent: "no" });
      }
      // A library that hands its host to the agent as it got it, unread by a URL parser.
      const asWritten = httpGet({ host: host.replace(/[[\]]/g, ""), port: server.port, agent: guarded.agent("http:") });
      await expect(once(asWritten, "response")).rejects.toMatchObject({ sent: "no" });
    });
    expect(server.requests.length).toBe(before);
  });

  test.each(["127.0.0.1", "10.0.0.1", "::ffff:7f00:1", "::1", "64:ff9b::7f00:1", "169.254.169.254", "fe80::1%lo", "nonsense"])(
    "a name that resolves to %s",
    async (address) => {
      const dialled: string[] = [];
      const lookup = async () => [{ address, family: address.includes(":") ? 6 : 4 }];
      await withOutbound({ lookup, dial: astray(dialled) }, async (guarded) => {
        expect(await failure(guarded.request("http://news.example/"))).toMatchObject({ code: "OUTBOUND_BLOCKED", sent: "no" });
      });
      expect(dialled).toEqual([]);
    },
  );

  test("of a name with public and private addresses only the public ones are dialled", async () => {
    const dialled: string[] = [];
    const lookup = async () =>
      ["127.0.0.1", "93.184.216.34", "::1", "2606:2800:220:1::1"].map((address) => ({
        address,
        family: address.includes(":") ? 6 : 4,
      }));
    await withOutbound({ lookup, dial: astray(dialled) }, (guarded) => failure(guarded.request("http://news.example/")));
    expect(dialled).toEqual(["93.184.216.34", "2606:2800:220:1::1"]);
  });

  test("a name that changes its answer after the check (rebinding) is asked once per connection", async () => {
    const dialled: string[] = [];
    let asked = 0;
    const lookup = async () => [{ address: asked++ === 0 ? "93.184.216.34" : "127.0.0.1", family: 4 }];
    await withOutbound({ lookup, dial: astray(dialled) }, async (guarded) => {
      await failure(guarded.request("http://news.example/"));
      expect(dialled).toEqual(["93.184.216.34"]);
      expect(await failure(guarded.request("http://news.example/"))).toMatchObject({ code: "OUTBOUND_BLOCKED" });
    });
    expect([asked, dialled.length]).toEqual([2, 1]);
  });

  test("a connection that ends at a private address is dropped before a byte is written", async () => {
    const before = server.requests.length;
    const lookup = async () => [{ address: "93.184.216.34", family: 4 }];
    await withOutbound({ lookup, dial: astray() }, async (guarded) => {
      const error = await failure(guarded.request("http://news.example/"));
      expect(error).toMatchObject({ code: "OUTBOUND_BLOCKED", sent: "no" });
      expect(error.message).toContain("ended at");
    });
    expect(server.requests.length).toBe(before);
  });

  test.each([
    "ftp://example.org/",
    "file:///etc/passwd",
    "data:text/plain,x",
    "http://user:pw@example.org/",
    "gopher://x",
    "nonsense",
    "",
  ])("an address of the wrong kind: %s", async (url) => {
    expect(await failure(outbound.request(url))).toMatchObject({ code: "OUTBOUND_BAD_URL", sent: "no" });
  });

  test.each([22, 25, 6379, 5432, 8080])("port %i of a public host", async (port) => {
    expect(await failure(outbound.request(`http://93.184.216.34:${port}/`))).toMatchObject({
      code: "OUTBOUND_BLOCKED",
      sent: "no",
    });
  });
});

describe("what is on the list is reached", () => {
  test.each(["127.0.0.0/8:PORT", "127.0.0.1:PORT", "localhost:PORT"])("%s", async (entry) => {
    const host = entry.startsWith("localhost") ? "localhost" : "127.0.0.1";
    await withOutbound({ allow: [entry.replace("PORT", String(server.port))] }, async (guarded) => {
      expect((await guarded.request(`http://${host}:${server.port}/`)).status).toBe(200);
    });
  });

  test("an IPv6 address with its port", async () => {
    const six = await startRecording(answering, { host: "::1" });
    await withOutbound({ allow: [`[::1]:${six.port}`] }, async (guarded) => {
      expect((await guarded.request(`${six.url}/`)).body.toString()).toBe("hello");
    }).finally(six.close);
  });

  test("a name on the list may be private, but never the cloud's metadata", async () => {
    for (const [address, dialled] of [
      ["10.1.2.3", true],
      ["169.254.169.254", false],
      ["fd00:ec2::254", false],
      ["100.100.100.200", false],
    ] as const) {
      const notes: string[] = [];
      const lookup = async () => [{ address, family: address.includes(":") ? 6 : 4 }];
      await withOutbound({ allow: ["cms.internal"], lookup, dial: astray(notes) }, (guarded) =>
        guarded.request("http://CMS.internal./").catch(() => {}),
      );
      expect(notes.length > 0, address).toBe(dialled);
    }
  });

  test.each(["", "http://x", "10.0.0.0/99", "host:0", "host:99999", "a b"])(
    "an entry that cannot be understood is refused: %j",
    (entry) => {
      expect(() => createOutbound({ allow: [entry], userAgent })).toThrow(Fault);
    },
  );
});

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

  test.each(["/twice", "/zstd", "/broken-gzip"])("is refused when it cannot be decoded: %s", async (path) => {
    expect(await failure(ask(path))).toMatchObject({ code: "OUTBOUND_ENCODING", sent: "maybe" });
  });

  test.each(["/big", "/endless", "/bomb"])("is refused when it is too large: %s", async (path) => {
    expect(await failure(ask(path, { maxBytes: 100_000 }))).toMatchObject({ code: "OUTBOUND_TOO_LARGE", sent: "maybe" });
  });

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
    ["/hang", { timeoutMs: 100 }, "OUTBOUND_TIMEOUT"],
    ["/hang", { headersTimeoutMs: 100 }, "OUTBOUND_TIMEOUT"],
    ["/hang-after-head", { timeoutMs: 100 }, "OUTBOUND_TIMEOUT"],
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
    const asked = failure(ask("/hang", { signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);
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

test("libraries get through by dispatcher and agent what the list allows", async () => {
  const { statusCode, body } = await undiciRequest(server.url, { dispatcher: outbound.dispatcher });
  expect([statusCode, await body.text()]).toEqual([200, "hello"]);
  const [plain] = await once(httpGet(server.url, { agent: outbound.agent("http:") }), "response");
  expect(plain.resume().statusCode).toBe(200);
  const [tls] = await once(httpsGet(`https://localhost:${secure.port}/`, { agent: outbound.agent("https:") }), "response");
  expect(tls.resume().statusCode).toBe(200);
});
