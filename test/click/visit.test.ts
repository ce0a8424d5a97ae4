import { describe, expect, test } from "vitest";
import { decodeRecord, encodeRecord, RECORD_BYTES } from "../../src/click/record.ts";
import { classify, judgeAgent, rememberingJudge } from "../../src/click/visit.ts";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

describe("who comes through a link", () => {
  test.each([
    [CHROME],
    [`${IPHONE} Version/18.1 Mobile/15E148 Safari/604.1`],
    [`${IPHONE} Mobile/15E148 Instagram 350.0.0.0 (iPhone15,2; iOS 18_1)`],
    [`${IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/480.0.0.0;FBDV/iPhone15,2]`],
    [`${IPHONE} Mobile/15E148 [LinkedInApp]/9.30`],
    [`${IPHONE} Mobile/15E148 Snapchat/12.80.0.40 (like Safari/8619.1)`],
    [`${IPHONE} Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI`],
    [`${IPHONE} Mobile/15E148 Twitter for iPhone/10.60`],
    [
      "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
    ],
  ])("a person: %s", (agent) => expect(judgeAgent(agent)).toBe("click"));
  test.each([
    ["Twitterbot/1.0"],
    ["facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"],
    ["Mastodon/4.4.0 (http.rb/5.2.0; +https://mastodon.example/) Bot"],
    ["http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.example/) Bot"],
    ["Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)"],
    ["TelegramBot (like TwitterBot)"],
    ["Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"],
    ["Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:38.0) Gecko/20100101 Firefox/38.0"],
    ["WhatsApp/2.24.20.0 A"],
    ["LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"],
  ])("a preview: %s", (agent) => expect(judgeAgent(agent)).toBe("preview"));
  test.each([
    [undefined],
    [""],
    [" "],
    ["curl/8.5.0"],
    ["python-requests/2.32"],
    ["Mozilla/5.0 (compatible; Googlebot/2.1)"],
    ["AhrefsBot/7.0"],
  ])("a bot: %s", (agent) => expect(judgeAgent(agent)).toBe("bot"));
  test.each([
    ["Sec-Purpose", "prefetch;prerender"],
    ["sec-purpose", "prefetch"],
    ["Purpose", "prefetch"],
    ["X-Moz", "prefetch"],
    ["X-Purpose", "preview"],
  ])("%s: %s is no click yet", (name, value) => {
    expect(classify(["Host", "x", "User-Agent", CHROME, name, value], judgeAgent)).toBe("prefetch");
  });
  test("a browser without such a header is a click, whatever the case of the header's name", () => {
    expect(classify(["host", "x", "user-agent", CHROME, "Sec-Fetch-Mode", "navigate"], judgeAgent)).toBe("click");
    expect(classify(["host", "x"], judgeAgent)).toBe("bot");
  });
  test("the memory of verdicts is bounded and changes none", () => {
    let asked = 0;
    const judge = rememberingJudge(10, (agent) => (asked++, judgeAgent(agent)));
    for (let at = 0; at < 100; at += 1) expect(judge("curl/8.5.0")).toBe("bot");
    expect(asked).toBe(1);
    for (let at = 0; at < 100; at += 1) judge(`agent ${at}`);
    judge("curl/8.5.0");
    expect(asked).toBe(102);
  });
});

describe("a click record", () => {
  test("comes back as it went in, and holds nothing else", () => {
    const bytes = Buffer.alloc(RECORD_BYTES * 2, 0xff);
    encodeRecord(bytes, RECORD_BYTES, 4_000_000_000, "preview", 1_790_000_000_123, 7);
    expect(decodeRecord(bytes, RECORD_BYTES)).toEqual({
      link: 4_000_000_000,
      visit: "preview",
      at: 1_790_000_000_123,
      sequence: 7,
    });
    expect(decodeRecord(bytes, 0)).toBeUndefined();
    expect(decodeRecord(bytes, RECORD_BYTES + 1)).toBeUndefined();
  });
  test("is not believed with any single bit turned", () => {
    const bytes = Buffer.alloc(RECORD_BYTES);
    encodeRecord(bytes, 0, 12, "click", 1_790_000_000_123, 7);
    for (let bit = 0; bit < RECORD_BYTES * 8; bit += 1) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeRecord(turned, 0)).toBeUndefined();
    }
  });
});
