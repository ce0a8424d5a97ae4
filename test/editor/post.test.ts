import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { DELIVERY_STATES } from "../../src/delivery/delivery.ts";
import { lookOf } from "../../src/editor/parts/looks.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { testStore } from "../support/store.ts";
import { NETWORKS, PICTURE, waitingOn } from "./networks.ts";
import { fileOf } from "./pseudo.ts";
import { posted, seeded } from "./seed.ts";

const store = await testStore();
const desk = await seeded(store, {
  promiseOf: (network) =>
    network === "telegram"
      ? { promise: "asked", settleMs: 0 }
      : network === "mastodon"
        ? { promise: "reconciled", settleMs: 45_000 }
        : undefined,
});
const { editor } = desk;
let rosa = { id: "", cookie: "" };

beforeAll(async () => {
  rosa = await desk.person("Rosa", "editor");
});

const page = async (path: string) => (await editor.request(path, { headers: { cookie: rosa.cookie } })).text();
const save = (post: string, fields: Record<string, string>) =>
  editor.request(`/posts/${post}/revisions`, posted({ revision: "1", next: "wait", ...fields }, rosa.cookie));
const latest = async (post: string) =>
  (
    await store.query<{ revision: number; text: string; spoiler: string | null; sensitive: boolean; media: unknown }>(
      "select revision, text, spoiler, sensitive, media from slugline.post_revision where post_id = $1 order by revision desc limit 1",
      [post],
    )
  ).rows[0]!;

describe("a post is shown as its network will show it", () => {
  test.each(NETWORKS)("on %s with the card that was written for it, not one guessed from the article", async (network) => {
    const { post, article } = await waitingOn(store, desk, network);
    await store.query("update slugline.article set title = 'Another title by now' where id = $1", [article]);
    const text = (await page(`/?post=${post}`)).split('class="story"')[0]!;
    expect(text).toContain(PICTURE);
    expect(text).toContain("Old bridge opens again after nine years of repairs</");
    expect(text).toContain(fileOf("en")[`look.note.${network}`]);
  });

  test("Bluesky names the card's own address; who reads the page names where the link leads", async () => {
    const host = async (network: (typeof NETWORKS)[number]) =>
      /class="host" dir="ltr">([^<]+)</.exec(await page(`/?post=${(await waitingOn(store, desk, network)).post}`))?.[1];
    expect([await host("bluesky"), await host("x"), await host("mastodon"), await host("telegram")]).toEqual([
      "go.example.org",
      "example.org",
      "example.org",
      "example.org",
    ]);
  });

  test("addresses in the text are as short as each network makes them", () => {
    const long = "https://www.example.org/2026/11/24/an-old-bridge-opens";
    expect(NETWORKS.map((network) => lookOf(network).address(long))).toEqual([
      "example.org/2026/11/24/an-old-…",
      "example.org/2026/11/24/an-…",
      "www.example.org/2026/11/24/a...",
      long,
      long,
    ]);
    expect(lookOf("x").address("https://go.example.org/abcdefgh")).toBe("go.example.org/abcdefgh");
  });

  test("a program is given plain fields, by their names", async () => {
    const { post, link } = await waitingOn(store, desk, "webhook", { spoiler: "Pictures of violence" });
    const text = await page(`/?post=${post}`);
    for (const name of ["text", "lang", "link", "spoiler", "sensitive", "card.title", "card.image.url"])
      expect(text).toMatch(new RegExp(`<dt><bdi[^>]*>${name}</bdi></dt>`));
    expect(text).toContain(link);
  });

  test("on Mastodon a warning folds the text, and counts with it", async () => {
    const { post } = await waitingOn(store, desk, "mastodon", { spoiler: "Violence", text: "Short." });
    const text = await page(`/?post=${post}`);
    expect(text).toMatch(/<summary><span class="spoiler"[^>]*>Violence<\/span>.*Folded until opened/);
    expect(text).toContain("14 / 500");
  });

  test("a picture without alternative text is marked; a network that takes none says so instead", async () => {
    const media = [{ url: PICTURE, alt: "" }];
    expect(await page(`/?post=${(await waitingOn(store, desk, "bluesky", { media })).post}`)).toContain("No alternative text");
    const told = await page(`/?post=${(await waitingOn(store, desk, "telegram", { media })).post}`);
    expect(told).toContain("This network takes no alternative text.");
    expect(told).not.toContain("No alternative text");
  });

  test("hidden pictures say so, also where their network cannot hide them; Telegram then shows no preview", async () => {
    const hidden = { media: [{ url: PICTURE, alt: "A bridge" }], sensitive: true };
    expect(await page(`/?post=${(await waitingOn(store, desk, "mastodon", hidden)).post}`)).toContain("Hidden until asked for");
    expect(await page(`/?post=${(await waitingOn(store, desk, "x", hidden)).post}`)).toContain("cannot hide pictures");
    expect(await page(`/?post=${(await waitingOn(store, desk, "telegram", { sensitive: true })).post}`)).not.toContain(
      "link-card",
    );
  });

  test("words too long for Telegram's caption go without their pictures, and the card says so", async () => {
    const long = { media: [{ url: PICTURE, alt: "" }], text: "word ".repeat(220) };
    expect(await page(`/?post=${(await waitingOn(store, desk, "telegram", long)).post}`)).toContain("Too long for a caption");
  });

  test("a post without a link says so, and shows no card", async () => {
    const text = await page(`/?post=${(await waitingOn(store, desk, "mastodon", { linked: false })).post}`);
    expect(text).toContain("no link: nobody can count its clicks");
    expect(text).not.toContain("link-card");
  });

  test("what a post on X costs stands beside it", async () => {
    expect(await page(`/?post=${(await waitingOn(store, desk, "x")).post}`)).toContain(
      "costs about 0.20 USD with its link (0.015 without)",
    );
    expect(await page(`/?post=${(await waitingOn(store, desk, "x", { linked: false })).post}`)).toContain(
      "costs about 0.015 USD without a link (0.20 with one)",
    );
  });
});

describe("where a post's words come from", () => {
  test("a journalist's own words are plain to see", async () => {
    const text = await page(`/?post=${(await waitingOn(store, desk, "mastodon", { why: ["social", "120 of 500"] })).post}`);
    expect(text).toMatch(/class="badge good">Journalist&#39;s own words</);
    expect(text).toContain("<li>From the CMS, in the journalist&#39;s own words</li></ul>");
  });

  test.each(["en", "ar", "ckb", "de"])("every origin, and everything that gave way, has its sentence in %s", (lang) => {
    const written = ["text.ts", "write.ts", "compose.ts", "revise.ts"].map((name) => sourceOf(`post/${name}`));
    const said = [...written, sourceOf("article/summary.ts")].flatMap((source) => [
      ...[...source.matchAll(/why: (?:\[)?"([^"]+)"/g)].map((match) => match[1]!),
      ...[...source.matchAll(/why\.push\((.+)\)/g)].flatMap((match) =>
        [...match[1]!.matchAll(/"([^"]+)"/g)].map((one) => one[1]!),
      ),
    ]);
    expect(said.length).toBeGreaterThan(10);
    const file = fileOf(lang);
    expect(said.filter((entry) => !(`why.${entry.toLowerCase().replaceAll(/[^a-z]+/g, "-")}` in file))).toEqual([]);
  });
});

describe("editing what stands beside the text", () => {
  test("warning, hidden pictures and alternative texts are saved with the text", async () => {
    const { post, link } = await waitingOn(store, desk, "mastodon", { media: [{ url: PICTURE, alt: "" }] });
    const form = await page(`/posts/${post}/edit`);
    expect(form).toContain('name="spoiler"');
    expect(form).toContain(`name="alt:${PICTURE}"`);
    expect(form).toContain("Missing: say what it shows");
    const fields = {
      text: `Mine ${link}`,
      spoiler: "Violence",
      pictures: "shown",
      sensitive: "on",
      [`alt:${PICTURE}`]: "A bridge",
    };
    expect((await save(post, fields)).status).toBe(303);
    expect(await latest(post)).toEqual({
      revision: 2,
      text: `Mine ${link}`,
      spoiler: "Violence",
      sensitive: true,
      media: [{ url: PICTURE, alt: "A bridge" }],
    });
    // An unticked box is not sent at all.
    await save(post, { revision: "2", text: `Mine ${link}`, spoiler: "", pictures: "shown", [`alt:${PICTURE}`]: "A bridge" });
    expect(await latest(post)).toMatchObject({ revision: 3, spoiler: null, sensitive: false });
  });

  test("fields that a form does not show stay as they were", async () => {
    const it = { media: [{ url: PICTURE, alt: "A bridge" }], sensitive: true, spoiler: "Violence" };
    const { post, link } = await waitingOn(store, desk, "mastodon", it);
    await save(post, { text: `Mine ${link}` });
    expect(await latest(post)).toMatchObject({ revision: 2, spoiler: "Violence", sensitive: true, media: it.media });
  });

  test("only what the network takes is asked for", async () => {
    const media = [{ url: PICTURE, alt: "" }];
    const telegram = await page(`/posts/${(await waitingOn(store, desk, "telegram", { media })).post}/edit`);
    expect(telegram).not.toContain('name="spoiler"');
    expect(telegram).not.toContain("alt:");
    expect(telegram).toContain('name="sensitive"');
    const x = await page(`/posts/${(await waitingOn(store, desk, "x", { media })).post}/edit`);
    expect(x).not.toContain('name="sensitive"');
    expect(x).toContain("cannot hide pictures");
    expect(x).toContain('maxlength="1000"');
    expect(await page(`/posts/${(await waitingOn(store, desk, "mastodon")).post}/edit`)).not.toContain('name="pictures"');
  });

  test("what is refused says why, and everything typed comes back", async () => {
    const { post, link } = await waitingOn(store, desk, "mastodon", { media: [{ url: PICTURE, alt: "" }] });
    const typed = { text: `${"a".repeat(470)} ${link}`, spoiler: "Violence", pictures: "shown", sensitive: "on" };
    const answer = await save(post, { ...typed, [`alt:${PICTURE}`]: "A bridge at dusk" });
    expect(answer.status).toBe(422);
    const text = await answer.text();
    for (const said of ["Too long by 2 characters; 500 fit.", 'value="Violence"', "A bridge at dusk", typed.text])
      expect(text).toContain(said);
    expect(text).toMatch(/name="sensitive" checked/);
    const long = await save(post, { ...typed, text: `Mine ${link}`, [`alt:${PICTURE}`]: "a".repeat(1_501) });
    expect([long.status, (await long.text()).includes("An alternative text is too long: 1,500 characters fit.")]).toEqual([
      422,
      true,
    ]);
  });

  test("somebody else's warning is shown beside their text, and everything typed comes back", async () => {
    const { post, link } = await waitingOn(store, desk, "mastodon");
    await save(post, { text: `Theirs ${link}`, spoiler: "Their warning" });
    const answer = await save(post, { text: `Mine ${link}`, spoiler: "My warning" });
    expect(answer.status).toBe(409);
    const text = await answer.text();
    for (const said of ["Theirs", "Their warning", "Mine", 'value="My warning"', 'name="revision" value="2"'])
      expect(text).toContain(said);
  });

  test("a warning where the network has no field for it is refused with a sentence", async () => {
    const { post, link } = await waitingOn(store, desk, "bluesky");
    const answer = await save(post, { text: `Mine ${link}`, spoiler: "Violence" });
    expect([answer.status, (await answer.text()).includes("This network has no field for a warning")]).toEqual([422, true]);
  });

  test("few characters that are too many bytes are not called too long by less than nothing", async () => {
    const { post, link } = await waitingOn(store, desk, "bluesky");
    const text = await (await save(post, { text: `${"👩‍👩‍👧‍👧".repeat(150)} ${link}` })).text();
    expect(text).toContain("Its letters take more room than this network gives");
  });
});

test("the second account with the same words is not approved, and the sentence names the first", async () => {
  const words = "The bridge is open.";
  const [one, other] = [await waitingOn(store, desk, "x"), await waitingOn(store, desk, "x", { story: desk.stories[3] })];
  for (const { post, link } of [one, other]) expect((await save(post, { text: `${words} ${link}` })).status).toBe(303);
  const approve = (post: string) => editor.request(`/posts/${post}/approval`, posted({ revision: "2" }, rosa.cookie));
  expect((await approve(one.post)).status).toBe(303);
  const refused = await approve(other.post);
  expect(refused.status).toBe(409);
  expect(await refused.text()).toContain("x-en already says the same words, and the network forbids that.");
  await store.query("update slugline.post set mode_why = 'same-words' where id = $1", [other.post]);
  expect(await page(`/?post=${other.post}`)).toContain("another account says the same words");
});

test("accounts say what happens when an answer gets lost", async () => {
  await waitingOn(store, desk, "telegram");
  await waitingOn(store, desk, "mastodon");
  const text = await page("/accounts");
  expect(text).toContain("a person is asked: this network lets nobody look for a post");
  expect(text).toContain("the account&#39;s own posts are read back before anything is sent again");
  expect(text).toContain("A look that finds nothing only counts 45 seconds after the try, and twice.");
  expect(text.match(/If it stays unclear, a person is asked \(onUnknown: ask\)\./g)).toHaveLength(2);
  await store.query("update slugline.account set on_unknown = 'assume-posted' where network = 'telegram'");
  expect(await page("/accounts")).toContain("it is taken for posted and never sent again (onUnknown: assume-posted)");
});

describe.each(["en", "ar", "ckb", "de"])("the history in %s", (lang) => {
  /** Kinds that are put together, each with all it can become. */
  const FAMILIES: Readonly<Record<string, readonly string[]>> = {
    "post-${kind}": ["approve", "reject", "hold", "release", "schedule", "expire"].map((kind) => `post-${kind}`),
    "delivery-${to}": DELIVERY_STATES.map((state) => `delivery-${state}`),
    "article-${state}": ["article-seen", "article-held"],
    "article-${it.kind}": ["article-edited", "article-removed", "article-restored"],
    "article-${kind}": ["article-edited", "article-removed", "article-restored"],
    "${table}-disabled": ["source-disabled", "account-disabled"],
    // An account's and a host's brake; of an app only limits are known.
    "${of}-${kind}": [
      ...["account", "host"].flatMap((of) => ["failing", "works", "limited"].map((kind) => `${of}-${kind}`)),
      "app-limited",
    ],
    "article-${asked}": ["article-seen", "article-held"],
    "source-held-${it.answer}": ["source-held-news", "source-held-known"],
  };

  test("has a sentence for every kind of event that is told", () => {
    const told = readdirSync(`${projectRoot}/src`, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) => [...sourceOf(name).matchAll(/\btell\(\s*\w+,\s*\{\s*kind:\s*([^,]+),/g)].map((match) => match[1]!));
    expect(told.length).toBeGreaterThan(40);
    const kinds = told.flatMap((said) => {
      const template = /^`(.+)`$/.exec(said.trim())?.[1];
      return template === undefined
        ? [...said.matchAll(/"([^"]+)"/g)].map((match) => match[1]!)
        : (FAMILIES[template] ?? [`unknown: ${template}`]);
    });
    const file = fileOf(lang);
    expect([...new Set(kinds)].filter((kind) => !(`history.${kind}` in file))).toEqual([]);
  });
});

function sourceOf(name: string): string {
  return readFileSync(`${projectRoot}/src/${name}`, "utf8");
}
