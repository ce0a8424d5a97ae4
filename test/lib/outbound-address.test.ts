import { once } from "node:events";
import { get as httpGet } from "node:http";
import { request as undiciRequest } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../../src/lib/fault.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { answering, astray, failure, openWorld, userAgent, withOutbound } from "../support/outbound.ts";
import { startRecording } from "../support/recording.ts";

type World = Awaited<ReturnType<typeof openWorld>>;
let world: World;
let server: World["server"];
let outbound: World["outbound"];

beforeAll(async () => {
  world = await openWorld();
  ({ server, outbound } = world);
});
afterAll(() => world.close());

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
      await withOutbound({ lookup, dial: astray(server.port, dialled) }, async (guarded) => {
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
    await withOutbound({ lookup, dial: astray(server.port, dialled) }, (guarded) =>
      failure(guarded.request("http://news.example/")),
    );
    expect(dialled).toEqual(["93.184.216.34", "2606:2800:220:1::1"]);
  });

  test("a name that changes its answer after the check (rebinding) is asked once per connection", async () => {
    const dialled: string[] = [];
    let asked = 0;
    const lookup = async () => [{ address: asked++ === 0 ? "93.184.216.34" : "127.0.0.1", family: 4 }];
    await withOutbound({ lookup, dial: astray(server.port, dialled) }, async (guarded) => {
      await failure(guarded.request("http://news.example/"));
      expect(dialled).toEqual(["93.184.216.34"]);
      expect(await failure(guarded.request("http://news.example/"))).toMatchObject({ code: "OUTBOUND_BLOCKED" });
    });
    expect([asked, dialled.length]).toEqual([2, 1]);
  });

  test("a connection that ends at a private address is dropped before a byte is written", async () => {
    const before = server.requests.length;
    const lookup = async () => [{ address: "93.184.216.34", family: 4 }];
    await withOutbound({ lookup, dial: astray(server.port) }, async (guarded) => {
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
      await withOutbound({ allow: ["cms.internal"], lookup, dial: astray(server.port, notes) }, (guarded) =>
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
