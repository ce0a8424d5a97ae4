import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { usualLimits } from "../src/app/networks.ts";
import { fits, graphemes } from "../src/lib/text/count.ts";
import { ACCOUNTS, openSixNewsroom, SHORT_URL } from "./support/six-newsroom.ts";
import { until } from "./support/store.ts";

const BRIDGE = {
  en: {
    title: "Council opens the old bridge after nine years of repairs that cost the city more than anybody had foreseen",
    summary:
      "Pedestrians may cross from Monday, the city council said on Tuesday; cars will have to wait until the eastern ramp is done in spring.",
    text: "Pedestrians may cross from Monday, the city council said on Tuesday. ".repeat(12),
  },
  ar: {
    title: "مجلس المدينة يفتتح الجسر القديم بعد تسع سنوات من أعمال الترميم التي كلفت أكثر مما كان متوقعا",
    summary: "قال مجلس المدينة يوم الثلاثاء إن المشاة يمكنهم العبور ابتداء من يوم الاثنين، أما السيارات فعليها الانتظار حتى الربيع.",
    text: "قال مجلس المدينة يوم الثلاثاء إن المشاة يمكنهم العبور ابتداء من يوم الاثنين. ".repeat(12),
  },
};

describe("one article, six accounts", () => {
  let it: Awaited<ReturnType<typeof openSixNewsroom>>;
  beforeAll(async () => {
    it = await openSixNewsroom({ languages: ["en", "ar"] });
  });
  afterAll(() => it[Symbol.asyncDispose]());

  test.each(["en", "ar"] as const)(
    "stands on each once, within its limit, in its language (%s), with a link of its own",
    async (lang) => {
      expect(
        await it.hook.send(it.editor, `bridge-${lang}`, {
          ...BRIDGE[lang],
          lang,
          image: { url: it.six.picture, alt: "The bridge" },
        }),
      ).toBe(true);
      const rows = await until(async () => {
        const { rows } = await it.store.query<{
          account: string;
          network: string;
          text: string;
          lang: string;
          dir: string;
          code: string;
        }>(
          `select a.name as account, a.network, r.text, r.lang, r.dir, l.code from slugline.delivery d
           join slugline.post p on p.id = d.post_id join slugline.account a on a.id = p.account_id
           join slugline.post_revision r on r.post_id = p.id and r.revision = d.revision
           join slugline.link l on l.id = p.link_id join slugline.article s on s.id = p.article_id
          where d.state = 'posted' and s.guid = $1 order by a.name`,
          [`bridge-${lang}`],
        );
        return rows.length === ACCOUNTS.length && rows;
      });
      expect(rows.map(({ account }) => account)).toEqual(ACCOUNTS.toSorted());
      expect(new Set(rows.map(({ code }) => code)).size).toBe(ACCOUNTS.length);
      for (const { account, network, text, code, ...row } of rows) {
        expect({ account, ...row }).toEqual({ account, lang, dir: lang === "ar" ? "rtl" : "ltr" });
        expect({ account, text, fits: fits(text, usualLimits(network)) }).toEqual({ account, text, fits: true });
        const link = `${SHORT_URL}/${code}`;
        expect(text.split(link), account).toHaveLength(2);
        if (account !== "local") expect({ account, copies: it.six.copies(account, link).length }).toEqual({ account, copies: 1 });
      }
      const { rows: local } = await it.store.query("select from slugline.timeline where lang = $1", [lang]);
      expect(local).toHaveLength(1);
    },
  );

  test("on Bluesky it has a card with the story's picture, its links counted in bytes and its languages named", () => {
    for (const { value } of it.six.bluesky.records.values()) {
      const text = String(value["text"]);
      expect(graphemes(text)).toBeLessThanOrEqual(300);
      const external = (value["embed"] as { external: Record<string, unknown> }).external;
      expect(external).toMatchObject({
        uri: expect.stringContaining(SHORT_URL),
        thumb: { $type: "blob", mimeType: "image/jpeg" },
      });
      const [facet] = value["facets"] as { index: { byteStart: number; byteEnd: number } }[];
      const marked = Buffer.from(text).subarray(facet!.index.byteStart, facet!.index.byteEnd).toString();
      expect(marked).toBe(external["uri"]);
    }
    expect([...it.six.bluesky.records.values()].map(({ value }) => value["langs"])).toEqual([["en"], ["ar"]]);
  });

  test("one login served both posts on Bluesky, and X was shown nothing its own schema would not allow", () => {
    expect(it.six.bluesky.count("login")).toBe(1);
    expect(it.six.x.violations).toEqual([]);
  });

  test("a journalist's own words stand in place of ours, another for X, and the warning where each network has room for it", async () => {
    const social = { default: "We can cross again!", x: "Cross again on Monday." };
    await it.hook.send(it.editor, "crossing", { title: "The council votes", social, spoiler: "Pictures of the flood" });
    const said = (name: string, words: string) => until(async () => it.six.copies(name, words)[0]);
    expect(await said("masto", "We can cross again!")).not.toContain("The council votes");
    expect(it.six.mastodon.accepted.at(-1)).toMatchObject({ spoiler: "Pictures of the flood" });
    expect(await said("x", "Cross again on Monday.")).toMatch(/^Pictures of the flood\n\nCross again on Monday\./);
    expect(await said("tele", "We can cross again!")).toMatch(/^Pictures of the flood\n/);
    expect(await said("bsky", "We can cross again!")).toMatch(/^Pictures of the flood\n/);
  });

  test("an account that its network refuses holds up no other", async () => {
    it.six.next("x", 402);
    await it.hook.send(it.editor, "river", { title: "The river rises again" });
    const others = ACCOUNTS.filter((name) => name !== "x" && name !== "local");
    await until(async () => others.every((name) => it.six.copies(name, "The river rises again").length === 1));
    await until(async () => {
      const { rows } = await it.store.query<{ state: string }>("select state from slugline.account where name = 'x'");
      return rows[0]!.state === "locked-out";
    });
    expect(it.six.copies("x", "The river rises again")).toEqual([]);
  });
});
