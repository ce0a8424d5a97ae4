import { execFile, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { projectRoot } from "../../src/lib/root.ts";
import { openSite, SECRET, TOKEN } from "../support/wordpress/site.ts";

const missing = spawnSync("php", ["-v"]).status !== 0;
if (missing) console.log("Skipped: php is not here. npm run test:full installs it on Debian.");

describe.skipIf(missing)("the WordPress plugin", () => {
  test.each(globSync("extras/wordpress/**/*.php", { cwd: projectRoot }))(
    "%s is PHP, and none that 7.4 cannot read",
    async (file) => {
      const { stdout } = await promisify(execFile)("php", ["-l", join(projectRoot, file)]);
      expect(stdout).toContain("No syntax errors");
      const newer = `foreach (token_get_all(file_get_contents($argv[1])) as $t) if (is_array($t)) {
      if (in_array(token_name($t[0]), ["T_MATCH", "T_NULLSAFE_OBJECT_OPERATOR", "T_ATTRIBUTE", "T_ENUM", "T_READONLY"])) echo $t[1], " ";
      if (in_array($t[1], ["str_contains", "str_starts_with", "str_ends_with", "array_is_list", "mixed"])) echo $t[1], " ";
    }`;
      expect((await promisify(execFile)("php", ["-r", newer, "--", join(projectRoot, file)])).stdout).toBe("");
    },
  );
});

describe.skipIf(missing)("a WordPress site with the plugin", async () => {
  const site = await openSite();
  const { request, cron, save, story, told, articles, received, api } = site;
  afterAll(() => site.close());
  beforeEach(() => site.fresh());

  test("a published story arrives signed and whole, with what its editor saved after it", async () => {
    const alt = { _wp_attachment_image_alt: "Seen from the river" };
    const picture = await save({ post_type: "attachment", meta: alt });
    const meta = {
      _thumbnail_id: picture,
      _wpas_mess: "In my own words 🌉",
      slugline_social_x: "Shorter",
      slugline_embargo: "2026-12-01 10:00",
    };
    const terms = { post_tag: ["R&amp;D", "Transport"], category: ["Uncategorized", "City"] };
    await save(story({ post_excerpt: "After <i>two</i> years.", meta, terms }));
    expect(received).toEqual([]);
    await cron();
    expect(told()).toEqual([
      {
        event: "published",
        article: {
          guid: `https://example.org/?p=${site.number()}00`,
          url: `https://example.org/bridge-${site.number()}/`,
          title: "The bridge’s back",
          summary: "After two years.",
          html: story().post_content,
          lang: "de-DE",
          authors: ["A. O’Writer"],
          tags: ["R&D", "Transport", "City"],
          image: { url: `https://example.org/uploads/${picture}.jpg`, alt: "Seen from the river" },
          published: "2026-03-01T09:30:00Z",
          updated: expect.stringMatching(/Z$/),
          embargo: "2026-12-01T07:00:00Z",
          social: { default: "In my own words 🌉", x: "Shorter" },
          sensitive: false,
          spoiler: null,
        },
      },
    ]);
    expect(await articles()).toEqual([{ title: "The bridge’s back", state: "seen" }]);
  });

  test("nobody waits for Slugline: the request that publishes only rings WordPress' cron", async () => {
    await save(story());
    const [state] = (await request([{ do: "state" }])) as [{ spawned: number[] }];
    expect(state.spawned).toHaveLength(1);
    expect(received).toEqual([]);
  });

  test("under PHP-FPM it is sent by the same request, once the editor has its answer", async () => {
    await request([{ do: "save", post: story() }], { fpm: true });
    const [state] = (await request([{ do: "state" }])) as [{ spawned: number[]; finished: boolean }];
    expect(state).toMatchObject({ spawned: [], finished: true });
    expect(await articles()).toHaveLength(1);
  });

  test("drafts, private ones, ones with a password, pages, imports and old ones are not told of", async () => {
    for (const more of [
      { post_status: "draft" },
      { post_status: "private" },
      { post_password: "x" },
      { post_type: "page" },
      { post_type: "revision" },
    ])
      await save(story(more));
    await request([{ do: "save", post: story() }], { constants: { ...site.constants, WP_IMPORTING: true } });
    const [state] = (await request([{ do: "state" }])) as [{ last: number }];
    await save({ ID: state.last, post_title: "An old story, touched" });
    await cron();
    expect(received).toEqual([]);
  });

  test("a scheduled story is told of when its time has come", async () => {
    const id = await save(story({ post_status: "future" }));
    await cron();
    expect(received).toEqual([]);
    await request([{ do: "publish", id }]);
    await cron();
    expect(told().map(({ event }) => event)).toEqual(["published"]);
  });

  test("an edit, a trip to the trash and back, and the end of it", async () => {
    const id = await save(story());
    await cron();
    await save({ ID: id, post_title: "Better title" });
    await cron();
    await request([{ do: "trash", id }]);
    await cron();
    expect(told().map(({ event, article }) => [event, article["title"], article["url"]])).toEqual([
      ["published", "The bridge’s back", `https://example.org/bridge-${site.number()}/`],
      ["updated", "Better title", `https://example.org/bridge-${site.number()}/`],
      ["removed", "Better title", `https://example.org/bridge-${site.number()}/`],
    ]);
    expect(await articles()).toMatchObject([{ state: "removed" }]);
    await save({ ID: id, post_status: "publish", post_name: `bridge-${site.number()}` });
    await cron();
    await request([{ do: "delete", id }]);
    await cron();
    expect(told().map(({ event }) => event)).toEqual(["published", "updated", "removed", "published", "removed"]);
  });

  test.each([{ post_status: "private" }, { post_status: "draft" }, { post_password: "x" }])(
    "a story that is no longer for everybody (%j) is withdrawn, and told of again when it is",
    async (hidden) => {
      const id = await save(story());
      await cron();
      await save({ ID: id, ...hidden });
      await cron();
      await save({ ID: id, post_status: "publish", post_password: "" });
      await cron();
      expect(told().map(({ event }) => event)).toEqual(["published", "removed", "published"]);
    },
  );

  test("an answer that is lost: sent again under the same id with the same bytes, and taken once", async () => {
    site.lose(2);
    const id = await save(story());
    for (const ahead of [0, 60, 120]) await cron(ahead);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ id }) => id)).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(await articles()).toHaveLength(1);
    const [notices, state] = (await request([{ do: "notices" }, { do: "state" }])) as [string, { options: object }];
    expect(notices).toBe("");
    expect(Object.keys(state.options).filter((name) => name.includes("outbox"))).toEqual([]);
    expect(id).toBeGreaterThan(0);
  });

  test("an edit while the first message is still open goes in its place, under an id of its own, as news", async () => {
    site.lose(1);
    const id = await save(story());
    await cron();
    await save({ ID: id, post_title: "Second thoughts" });
    await cron();
    expect(told().map(({ event, article }) => [event, article["title"]])).toEqual([
      ["published", "The bridge’s back"],
      ["published", "Second thoughts"],
    ]);
    expect(new Set(received.map(({ id }) => id)).size).toBe(2);
    expect(await articles()).toHaveLength(1);
  });

  test("a failure is shown to editors with its reason, escaped, without the secret; at a press it is sent again", async () => {
    const constants = { ...site.constants, SLUGLINE_HOOK_SECRET: `whsec_${Buffer.alloc(32, 8).toString("base64")}` };
    await save(story({ post_title: "<script>alert(1)</script>Bridge & <b>river</b>" }));
    const [, notices] = (await request([{ do: "cron" }, { do: "notices" }], { constants })) as [unknown, string];
    expect(notices).toMatch(/HTTP 401\. .*does not match/);
    expect(notices).toContain("Bridge &amp; river");
    expect(notices).not.toMatch(/<script|<b>|whsec_|CAgICAgI/);
    const [, nobody, pressed] = await request([{ do: "nobody" }, { do: "notices" }, { do: "again" }]);
    expect([nobody, pressed]).toEqual(["", "!You may not do this."]);
    expect((await request([{ do: "again", nonce: "forged" }]))[0]).toContain("expired");
    expect(await articles()).toEqual([]);
    expect((await request([{ do: "again" }]))[0]).toContain("redirect to");
    expect(await articles()).toHaveLength(1);
    expect((await request([{ do: "notices" }]))[0]).toBe("");
  });

  test("Slugline is down: of many stories one press tries one, and none is lost", async () => {
    for (const name of ["a", "b", "c"])
      await save(story({ post_name: `bridge-${site.number()}-${name}`, guid: `${site.number()}-${name}` }));
    site.lose(1);
    await request([{ do: "again" }]);
    expect(received).toHaveLength(1);
    await request([{ do: "again" }]);
    expect(received).toHaveLength(4);
    expect(await articles()).toHaveLength(3);
  });

  test("an embargo that is no time lets nothing out, and the editor is told", async () => {
    await save(story({ meta: { slugline_embargo: "after lunch" } }));
    const [, notices] = (await request([{ do: "cron" }, { do: "notices" }])) as [unknown, string];
    expect(notices).toMatch(/HTTP 422\. article\.embargo must be a time/);
    expect(await articles()).toEqual([]);
  });

  test("a request that dies before its end, and a schedule that is lost: the sweep sends", async () => {
    await request([{ do: "save", post: story() }], { dies: true });
    await request([{ do: "lose-cron" }]);
    await cron(3_600);
    expect(await articles()).toHaveLength(1);
  });

  test("the story has a short link below it and in the page's head, made once", async () => {
    const id = await save(story());
    await cron();
    expect(
      (
        await request([
          { do: "shortlink", id },
          { do: "page", id },
        ])
      ).flat(),
    ).toEqual([false, "<p>Story</p>", false]);
    await cron();
    expect(api.requests).toHaveLength(1);
    const [asked] = api.requests;
    expect([asked!.method, asked!.url, asked!.headers.authorization]).toEqual(["POST", "/api/v1/links", `Bearer ${TOKEN}`]);
    expect(JSON.parse(asked!.body.toString())).toEqual({
      url: `https://example.org/bridge-${site.number()}/`,
      placement: "story",
    });
    const link = "https://go.example.org/abc";
    const below = `<p>Story</p><p class="slugline-link">Short link: <a rel="shortlink" dir="ltr" href="${link}">go.example.org/abc</a></p>`;
    expect(
      (
        await request([
          { do: "shortlink", id },
          { do: "page", id },
        ])
      ).flat(),
    ).toEqual([link, below, link]);
    await save({ ID: id, post_title: "Touched" });
    await cron();
    await request([{ do: "option", name: "slugline", value: { show_link: "0" } }]);
    expect((await request([{ do: "page", id }])).flat()).toEqual(["<p>Story</p>", link]);
    await cron();
    expect(api.requests).toHaveLength(1);
  });

  test("a draft has no short link, and without a token nobody is asked", async () => {
    const id = await save(story({ post_status: "draft" }));
    expect(await request([{ do: "shortlink", id }])).toEqual([false]);
    await request([{ do: "save", post: { ID: id, post_status: "publish" } }], { constants: {} });
    await request([{ do: "shortlink", id }, { do: "cron" }, { do: "cron" }], { constants: {} });
    expect(api.requests).toEqual([]);
  });

  test("its page never prints a secret, hides what wp-config.php sets, and keeps a secret that is not entered anew", async () => {
    const entered = {
      hook_url: `${site.origin}/hooks/cms`,
      hook_secret: SECRET,
      api_url: "javascript:alert(1)",
      api_token: TOKEN,
      show_link: "1",
    };
    const [, open] = (await request([{ do: "enter", value: entered }, { do: "settings" }], { constants: {} })) as [
      unknown,
      string,
    ];
    expect(open).toContain(`value="${site.origin}/hooks/cms"`);
    expect(open).toContain("It is set.");
    expect(open).not.toMatch(/canary|BwcHBwcH|javascript:/);
    const again = { ...entered, hook_secret: "", api_token: "" };
    await request([{ do: "enter", value: again }], { constants: {} });
    await request([{ do: "enter", value: { ...again, hook_secret: "no base64!" } }], { constants: {} });
    await request([{ do: "save", post: story() }, { do: "cron" }], { constants: {} });
    await request([{ do: "cron" }], { constants: {} });
    expect(await articles()).toHaveLength(1);
    const [fixed] = (await request([{ do: "settings" }])) as [string];
    expect(fixed).toContain("Set by SLUGLINE_HOOK_SECRET in wp-config.php.");
    expect(fixed).not.toMatch(/type="password"|canary|BwcHBwcH/);
  });
});
