import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import { chromium, type Browser, type Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { seeded } from "../editor/seed.ts";
import { ARABIC, arabicKeys, latinKeys, mulberry, pause } from "../support/keyboard.ts";
import { PATIENCE_MS, testStore } from "../support/store.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
if (!there) console.warn(`skipped: no Chromium at ${CHROMIUM} (apt-get install chromium)`);

const POSTS = 60;
const ACTS = 50;

/** What an editor sees at a glance, and what the page notes of each key. */
interface Seen {
  readonly card: string | null;
  readonly revision: number;
  readonly focused: boolean;
  readonly mayDecide: boolean;
  readonly text: string | null;
  /** Why the last act did not happen. */
  readonly conflict: string | null;
  /** Why the text was not saved. */
  readonly problem: string | null;
}

const LOOK = `(() => {
  const card = document.querySelector("#desk [data-card]");
  const text = document.querySelector("#desk textarea[data-draft]");
  const active = document.activeElement;
  return {
    card: card?.dataset.card || null,
    revision: Number(document.querySelector("#desk [name=revision]")?.value ?? 0),
    focused: active === card || active === text || Boolean(active?.closest("#desk details[open]")),
    mayDecide: Boolean(document.querySelector('#desk [data-key="a"]:enabled')),
    text: text ? text.value : null,
    conflict: document.querySelector("#conflict:not([data-old])")?.textContent ?? null,
    problem: document.querySelector("#edit-problem:not([data-old])")?.textContent ?? null,
  };
})()`;

/** Notes, at each key, what stood there; and every frame in which nothing had the focus, once something had it. */
const NOTES = `
  addEventListener("DOMContentLoaded", () => {
    window.keys = [];
    window.lost = 0;
    let had = false;
    addEventListener("keydown", (event) => {
      window.keys.push({ key: event.key, ...${LOOK} });
      // What an earlier act was answered with says nothing of this one.
      for (const old of document.querySelectorAll("#conflict, #edit-problem")) old.setAttribute("data-old", "");
    }, { capture: true });
    const frame = () => {
      const on = document.activeElement;
      had ||= on !== document.body;
      if (had && (on === document.body || on === null)) window.lost += 1;
      requestAnimationFrame(frame);
    };
    frame();
  });
`;

describe.skipIf(!there).each(["en", "ar"] as const)("fifty posts by keyboard in %s", (lang) => {
  test("no act on the wrong post, no letter lost, the focus never lost, one key for each approval", async () => {
    const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`fifty posts in ${lang}: SEED=${seed}`);
    const newsroom = await open(lang, seed);
    const { page, random, keys } = newsroom;
    const tally = { approve: 0, reject: 0, hold: 0, edit: 0, refused: 0, passed: 0 };
    const stopOthers = newsroom.disturb();
    for (let acts = 0; acts < ACTS;) {
      const seen = await newsroom.settled();
      await pause(60 + random() * 190);
      const { mayDecide } = await look(page);
      const roll = random();
      if (!mayDecide || roll < 0.08) {
        await keys.press("j");
        await newsroom.another(seen.card);
        tally.passed += 1;
        continue;
      }
      const kind = roll < 0.6 ? "approve" : roll < 0.72 ? "reject" : roll < 0.82 ? "hold" : "edit";
      const said = await newsroom[kind]();
      if (said === "refused") tally.refused += 1;
      else {
        tally[kind] += 1;
        acts += 1;
      }
    }
    await stopOthers();
    console.log(JSON.stringify(tally));
    expect(await page.evaluate("window.lost"), "frames without focus").toBe(0);
    expect(newsroom.complaints).toEqual([]);
    // Nothing was decided in her name but what her keys decided.
    const { rows } = await newsroom.store.query<{ kind: string; n: number }>(
      "select kind, count(*)::int as n from slugline.decision where by_person = $1 group by kind",
      [newsroom.rosa],
    );
    expect(Object.fromEntries(rows.map(({ kind, n }) => [kind, n]))).toEqual(
      Object.fromEntries(
        Object.entries({ approve: tally.approve + tally.edit, reject: tally.reject, hold: tally.hold }).filter(([, n]) => n > 0),
      ),
    );
    const others = await newsroom.others();
    console.log(JSON.stringify(others));
    expect(Math.min(...Object.values(others)), "the others decided, edited, and posts arrived").toBeGreaterThan(0);
    // One key for each approval: as many as were approved, or refused because somebody else was first.
    expect(newsroom.approvalKeys()).toBe(tally.approve + newsroom.approvalsRefused());
  });
});

async function open(lang: "en" | "ar", seed: number) {
  const random = mulberry(seed);
  const store = await testStore();
  const { editor, person, waiting, ring, close, stories } = await seeded(store);
  const rosa = await person("Rosa", "editor");
  const sami = await person("Sami", "editor");
  await store.query("update slugline.person set lang = $2 where id = $1", [rosa.id, lang]);
  let told = 0;
  const arrive = (more: { priority?: string } = {}) => {
    const story = stories[told % stories.length]!;
    return waiting({ ...story, title: `${story.title} ${(told += 1)}`, ...more });
  };
  for (let n = 0; n < POSTS; n += 1) await arrive();
  let server!: ServerType;
  const { port } = await new Promise<AddressInfo>((listening) => {
    server = serve({ fetch: editor.fetch, port: 0, hostname: "127.0.0.1" }, listening);
  });
  const url = `http://127.0.0.1:${port}`;
  const browsers: Browser[] = [];
  const complaints: string[] = [];
  onTestFinished(async () => {
    for (const browser of browsers) await browser.close();
    close();
    server.close();
  });
  const page = await desk(rosa.cookie);
  const other = await desk(sami.cookie);
  await page.locator("#desk [data-card]").focus();
  const keys = lang === "ar" ? await arabicKeys(page) : latinKeys(page);
  let approvalsRefused = 0;
  let typed = 0;

  async function desk(cookie: string): Promise<Page> {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    browsers.push(browser);
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: url });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addCookies([{ name: "slugline", value: cookie.split("=")[1]!, url }]);
    await context.addInitScript(NOTES);
    const opened = await context.newPage();
    // A refusal that a page shows is an answer, not a fault of the page.
    opened.on("console", (message) => {
      if (message.type() === "error" && !/status of (?:409|422)/.test(message.text())) complaints.push(message.text());
    });
    opened.on("pageerror", (error) => complaints.push(error.message));
    await opened.goto("/");
    return opened;
  }

  const sees = async (what: (seen: Seen) => boolean): Promise<Seen> => {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await pause(5)) {
      const seen = await look(page);
      if (what(seen)) return seen;
    }
    throw new Error(`not seen: ${what.toString()}; but ${JSON.stringify(await look(page))}`);
  };
  /** The card that stands there with the focus, as the editor waits for it. */
  const settled = () => sees((it) => it.card !== null && it.focused && it.text === null);
  const another = (than: string | null) => sees((it) => it.focused && (it.card !== than || it.conflict !== null));
  /** What the page noted of the last key of this name: the card that was there when it went down. */
  const at = async (key: string): Promise<Seen> =>
    page.evaluate<Seen>(`window.keys.findLast((one) => one.key === ${JSON.stringify(keys.name(key))})`);
  const decisionOn = async (card: string | null) =>
    (
      await store.query<{ kind: string; revision: number; by_person: string; why: string | null }>(
        "select kind, revision, by_person, why from slugline.decision where post_id = $1 order by at desc, id desc limit 1",
        [card],
      )
    ).rows[0];

  /** After a decision: it was about the card under the key, or the page says who was first. */
  async function decided(kind: string, shown: Seen): Promise<"done" | "refused"> {
    expect(shown.focused, "the card that was decided had the focus").toBe(true);
    if (!shown.mayDecide) {
      // Somebody else was faster, and the page showed it before the key went down: it does nothing, here or elsewhere.
      await pause(500);
      expect((await look(page)).card).toBe(shown.card);
      return "refused";
    }
    const now = await another(shown.card);
    if (now.card === shown.card) {
      expect(now.conflict).toContain("Sami");
      return "refused";
    }
    expect(await decisionOn(shown.card)).toMatchObject({ kind, revision: shown.revision, by_person: rosa.id });
    return "done";
  }

  async function approve() {
    await keys.press("a");
    const answer = await decided("approve", await at("a"));
    if (answer === "refused") approvalsRefused += 1;
    return answer;
  }

  async function explained(key: "x" | "h", kind: "reject" | "hold") {
    await keys.press(key);
    const shown = await at(key);
    const why = letters();
    await keys.type(why);
    await page.keyboard.press("Enter");
    const answer = await decided(kind, shown);
    if (answer === "done") expect((await decisionOn(shown.card))?.why).toBe(why);
    return answer;
  }

  /** Types at once, without waiting for the field, and on while bells ring; then saves and approves with Tab and Enter. */
  async function edit(): Promise<"done" | "refused"> {
    await keys.press("e");
    const shown = await at("e");
    if (!shown.mayDecide) return "refused";
    const text = `${letters()} ${letters()} `;
    await keys.type(text);
    await sees((it) => it.text !== null);
    for (let tries = 0; tries < 5; tries += 1) {
      expect((await look(page)).text).toContain(text);
      do await page.keyboard.press("Tab");
      while (!(await page.evaluate('document.activeElement.matches("#desk button[value=approve]")')));
      await page.keyboard.press("Enter");
      const now = await sees((it) => it.focused && (it.text === null ? it.card !== shown.card : it.problem !== null));
      if (now.text === null) break;
    }
    const last = await decisionOn(shown.card);
    expect(last).toMatchObject({ kind: "approve", by_person: rosa.id });
    const { rows } = await store.query<{ text: string }>(
      "select text from slugline.post_revision where post_id = $1 and revision = $2",
      [shown.card, last?.revision],
    );
    expect(rows[0]?.text).toContain(text);
    return "done";
  }

  /** What happened meanwhile that was not hers. */
  async function others() {
    const { rows } = await store.query<{ decided: number; edited: number }>(
      `select (select count(*)::int from slugline.decision where by_person = $1) as decided,
              (select count(*)::int from slugline.post_revision where written_by = $1) as edited`,
      [sami.id],
    );
    return { decided: rows[0]!.decided, edited: rows[0]!.edited, arrived: told - POSTS };
  }

  /** Letters that are keys too, and no two the same. */
  const letters = () =>
    [...`axhsjke${(typed += 1)}`].map((letter) => (lang === "ar" ? (ARABIC[letter] ?? letter) : letter)).join("");

  /** Another editor at the same queue, posts that arrive, bells that ring: until it is told to stop. */
  function disturb(): () => Promise<void> {
    let on = true;
    const chance = mulberry(seed + 1);
    const bells = setInterval(ring, 150);
    const arrivals = (async () => {
      while (on) {
        await pause(400 + chance() * 600);
        await arrive(chance() < 0.1 ? { priority: "breaking" } : {});
      }
    })();
    const editing = (async () => {
      for (let n = 0; on; n += 1) {
        await pause(300 + chance() * 700);
        const hers = (await look(page)).card;
        const rows = other.locator(chance() < 0.3 ? `#waiting [data-row="${hers}"]` : "#waiting [data-row]");
        await rows
          .nth(Math.floor(chance() * Math.min(6, await rows.count())))
          .click({ timeout: 1_000 })
          .catch(() => undefined);
        await pause(150);
        await other.keyboard.press(n % 3 === 0 ? "a" : "e");
        if (n % 3 === 0) continue;
        const text = other.locator("#desk textarea[data-draft]");
        if (
          !(await text.waitFor({ timeout: 2_000 }).then(
            () => true,
            () => false,
          ))
        )
          continue;
        await other.keyboard.type(`Sami ${n} `);
        await other.locator("#desk button[value=wait]").click();
        await text.waitFor({ state: "detached", timeout: 2_000 }).catch(() => other.goto("/"));
      }
    })();
    return async () => {
      on = false;
      clearInterval(bells);
      await Promise.all([arrivals, editing]);
    };
  }

  return {
    store,
    page,
    random,
    keys,
    rosa: rosa.id,
    complaints,
    settled,
    another,
    disturb,
    approve,
    reject: () => explained("x", "reject"),
    hold: () => explained("h", "hold"),
    edit,
    others,
    approvalKeys: () => keys.pressed("a"),
    approvalsRefused: () => approvalsRefused,
  };
}

const look = (page: Page) => page.evaluate<Seen>(LOOK);
