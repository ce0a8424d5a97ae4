import { createServer } from "node:http";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { write } from "../../src/post/write.ts";
import { failure, openWorld } from "../support/outbound.ts";
import { cast } from "./cast.ts";
import { rounds } from "./rounds.ts";
import { posted, SHORT_URL } from "./seed.ts";

const { store, editor, waiting, admin, rosa, get, stateOf, pages, everywhere } = await rounds();

const CORPUS = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `'><svg/onload=alert(1)>`,
  `</textarea><script>alert(1)</script>`,
  `</title><script>alert(1)</script>`,
  `<a href="javascript:alert(1)">x</a>`,
  `<iframe srcdoc="<script>alert(1)</script>">`,
  `<math><mtext><table><mglyph><style><img src onerror=alert(1)>`,
  `<form action="https://evil.example"><input name=a>`,
  `<base href="https://evil.example/">`,
  `<meta http-equiv=refresh content="0;url=https://evil.example">`,
  `&lt;script&gt;alert(1)&lt;/script&gt;`,
  `<div hx-get="https://evil.example" hx-trigger="load">`,
  `{{constructor.constructor('alert(1)')()}}`,
  "${alert(1)}",
  `\u2028<b>bold</b>\u202e`,
];

describe("what comes from outside", () => {
  test("is text on every page, whatever it says (ASVS 1.3.1)", async () => {
    const hostile = await everywhere("masto-en", CORPUS.join(" "));
    await store.query(
      "update slugline.article set authors = $2, tags = $2, error = $3, image_alt = $3, image_url = 'https://pictures.example/x.png' where id = $1",
      [hostile.article, CORPUS, CORPUS.join(" ")],
    );
    await store.query("update slugline.source set error = $1, failures = 3, moved_to = $1, state_why = $1", [CORPUS.join(" ")]);
    await store.query("update slugline.account set remote_handle = $1, state_why = $1, rehearsal_why = $1", [CORPUS.join(" ")]);
    const eve = await cast(store, { role: "viewer", accounts: {} });
    await store.query("update slugline.person set name = $2 where id = $1", [eve.id, CORPUS.join(" ")]);
    await store.query("update slugline.session set label = $2 where person_id = $1", [admin.id, CORPUS.join(" ")]);
    await editor.request("/pause", posted({ why: CORPUS.join(" ") }, admin.cookie));
    for (const path of pages({ ...hostile, person: eve.id })) {
      const { document } = parseHTML((await get(path)).text);
      const all = [...document.querySelectorAll("*")];
      const scripts = [...document.querySelectorAll("script")].map((one) => one.getAttribute("src") ?? one.textContent);
      expect(
        scripts.filter((src) => !src?.startsWith("/assets/")),
        path,
      ).toEqual([]);
      expect(
        all.flatMap((one) =>
          [...one.attributes]
            .filter(({ name }) => name.startsWith("on") && name !== "only")
            .map(({ name }) => `${one.tagName} ${name}`),
        ),
        path,
      ).toEqual([]);
      expect(document.querySelector("base, iframe, object, embed, math, meta[http-equiv], style, [style], svg"), path).toBeNull();
      const actions = [...document.querySelectorAll("form[action], [formaction], [hx-get], [hx-post]")].flatMap((one) =>
        ["action", "formaction", "hx-get", "hx-post"].map((name) => one.getAttribute(name) ?? "/"),
      );
      expect(
        actions.filter((to) => !/^\/(?!\/)/.test(to)),
        path,
      ).toEqual([]);
    }
    await editor.request("/resume", posted({}, admin.cookie));
  });

  const ADDRESSES = [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:https://x/1",
    "//evil.example",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
  ];
  test.each(process.env.FULL ? ADDRESSES : ADDRESSES.slice(0, 1))(
    "an address is a link only where it is http or https: %j is not (ASVS 1.2.2)",
    async (address) => {
      const it = await everywhere("masto-en", "A story with an odd address");
      await store.query("update slugline.article set url = $2 where id = $1", [it.article, address]);
      await store.query("update slugline.delivery set remote_url = $2 where id = $1", [it.delivery, address]);
      await store.query("update slugline.timeline set link = $2 where key = $1", [it.post, address]);
      for (const path of pages({ ...it, person: rosa.id })) {
        const { document } = parseHTML((await get(path)).text);
        const links = [...document.querySelectorAll("a[href]")].map((one) => one.getAttribute("href")!);
        expect(
          links.filter((href) => !/^(?:https?:\/\/[a-z0-9]|\/(?!\/)|#|\?)/.test(href)),
          path,
        ).toEqual([]);
      }
      const answer = await editor.request(
        `/deliveries/${it.delivery}/answer`,
        posted({ answer: "there", url: address }, rosa.cookie),
      );
      expect(answer.status).toBe(422);
    },
  );

  test("in an address is a value, never SQL (ASVS 1.2.4)", async () => {
    const { post } = await waiting();
    const before = await stateOf(post);
    const attacks = [
      "' or '1'='1",
      "1); drop table slugline.post; --",
      "\\'; select pg_sleep(5); --",
      "$1",
      "%00",
      "9".repeat(400),
      "{}",
      "null",
      "1_1",
      "-1_",
    ];
    for (const attack of attacks.map((one) => (one === "%00" ? one : encodeURIComponent(one)))) {
      for (const path of [
        `/?post=${attack}`,
        `/posts?state=${attack}&after=${attack}`,
        ...["timeline", "articles", "links", "history"].map((list) => `/${list}?after=${attack}`),
        ...["posts", "articles", "people"].map((list) => `/${list}/${attack}`),
        `/posts/${attack}/newer?revision=${attack}`,
        `/sign-in/${attack}`,
        `/invitations/${attack}`,
        `/history?said=${attack}`,
      ]) {
        const { status, text } = await get(path);
        expect([200, 400, 404, 410], path).toContain(status);
        expect(/syntax error|pg_catalog|at character/.test(text), path).toBe(false);
      }
      for (const [path, fields] of [
        [`/posts/${post}/approval`, { revision: decodeURIComponent(attack) }],
        [`/posts/${decodeURIComponent(attack).length}/approval`, { revision: "1" }],
        [`/people/${rosa.id}/rights`, { role: decodeURIComponent(attack) }],
        [`/people/${rosa.id}/rights`, { role: "editor", [`account-${decodeURIComponent(attack)}`]: "editor" }],
        ["/people/invitations", { email: `${decodeURIComponent(attack)}@x.example`, role: "viewer" }],
        ["/sign-in", { email: decodeURIComponent(attack), password: decodeURIComponent(attack) }],
      ] as const) {
        const { status } = await editor.request(path, posted(fields as Record<string, string>, admin.cookie));
        expect(status, `${path} ${JSON.stringify(fields)}`).toBeLessThan(500);
      }
    }
    expect(await stateOf(post)).toBe(before);
  });

  test("in a post or a voice runs nothing: braces that are no piece stay as they are (ASVS 1.3.7)", async () => {
    const hostile =
      "{{constructor.constructor('return process')()}} ${7*7} {__proto__} {constructor} <%= 7*7 %> {link.constructor}";
    const limits = { max: 5_000, unit: "grapheme", perLink: 23 } as const;
    const story = {
      headline: hostile,
      first: hostile,
      second: null,
      link: `${SHORT_URL}/abcd2345`,
      tags: [],
      lang: "en",
      dir: "ltr",
    } as const;
    const { text } = write(
      story,
      { text: "{headline} {{7*7}} {constructor} {__proto__} {toString}", giveWay: [], tags: 0 },
      limits,
    );
    expect(text).toContain(hostile);
    expect(text).not.toMatch(/49|function|native code|\[object/);
  });

  test("is not fetched by looking at it: no page makes the server ask anybody (ASVS 1.3.6)", async () => {
    let asked = 0;
    const trap = createServer((_, response) => {
      asked += 1;
      response.end();
    }).listen(0, "127.0.0.1");
    await new Promise((listening) => trap.once("listening", listening));
    const { port } = trap.address() as { port: number };
    const it = await everywhere("masto-en", "A story with a picture");
    await store.query("update slugline.article set image_url = $2, url = $2 where id = $1", [
      it.article,
      `http://127.0.0.1:${port}/x.png`,
    ]);
    for (const path of pages({ ...it, person: rosa.id })) await get(path);
    expect(asked).toBe(0);
    await new Promise((closed) => trap.close(closed));
  });
});

describe("the way out", () => {
  test("leads to no private address, however it is written, nor by a redirect; redirects are off unless asked for, five at most (ASVS 1.3.6, 15.3.2)", async () => {
    const { server, inner, ask, outbound, close } = await openWorld();
    const { port } = inner;
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
      "169.254.169.254",
      "[fd00:ec2::254]",
      "[64:ff9b::7f00:1]",
    ];
    for (const form of forms) {
      const error = await failure(outbound.request(`http://${form}:${port}/`, { connectTimeoutMs: 2_000 }));
      expect(error.sent, form).toBe("no");
      const to = `/redirect?to=${encodeURIComponent(`http://${form}:${port}/`)}`;
      expect((await ask(to)).status, "an answer like any other").toBe(302);
      expect((await failure(ask(to, { redirects: 5, connectTimeoutMs: 2_000 }))).code, form).toMatch(/^OUTBOUND_/);
    }
    expect(inner.requests).toEqual([]);
    const before = server.requests.length;
    await failure(ask("/loop", { redirects: 100 }));
    expect(server.requests.length - before).toBe(6);
    await close();
  });
});
