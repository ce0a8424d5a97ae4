import { expect, test } from "vitest";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import type { Account, Outcome } from "../../src/networks/network.ts";
import { telegram } from "../../src/networks/telegram.ts";
import { startRecording } from "../support/recording.ts";
import { readable } from "../support/sayable.ts";
import { CHANNEL, TOKEN, type TelegramOptions } from "../support/telegram.ts";
import type { Chat } from "../support/telegram-api.ts";
import { telegramAccountOn, telegramBench } from "../support/telegram-bench.ts";
import type { AnswerFault } from "../support/wire.ts";
import { keyOf, networkContract, ready, signal } from "./contract.ts";

const told = (status: number, description: string, parameters?: object): AnswerFault => ({
  status,
  body: JSON.stringify({ ok: false, error_code: status, description, parameters }),
});

networkContract("telegram", async () => {
  const { standIn, network, account, stranger, close } = await telegramBench();
  return {
    network,
    account,
    stranger,
    close,
    secret: TOKEN,
    standing: () =>
      standIn.accepted
        .filter(({ deleted }) => !deleted)
        .map(({ chat, messages, text }) => ({ id: `${chat}/${messages.join(",")}`, text })),
    next: standIn.next,
    statuses: [
      [400, "refused"],
      [401, "locked-out"],
      [403, "locked-out"],
      [404, "locked-out"],
      [413, "refused"],
      [429, "busy"],
    ],
    busy: [
      [told(429, "Too Many Requests: retry after 60", { retry_after: 60 }), 60_000],
      [told(429, "Too Many Requests: retry after -5", { retry_after: -5 }), 0],
      [told(429, "Too Many Requests: retry after 315360000", { retry_after: 315_360_000 }), 86_400_000],
      [{ status: 429, headers: { "retry-after": "30" } }, 7_000],
      [{ status: 429, headers: { "retry-after": "30" }, body: "<html>" }, 30_000],
    ],
  };
});

async function desk(options: TelegramOptions = {}) {
  const bench = await telegramBench(options);
  const pictures = await startRecording((request, response) =>
    response
      .writeHead(request.url === "/gone.png" ? 404 : 200, {
        "content-type": request.url.endsWith(".gif") ? "image/gif" : "image/png",
      })
      .end(Buffer.from("89504e470d0a1a0a", "hex")),
  );
  const allow = [bench.standIn.port, pictures.port].map((port) => `127.0.0.1:${port}`);
  const outbound = createOutbound({ allow, userAgent: "Slugline-test/0" });
  const network = telegram(outbound);
  const close = async () => {
    await bench.close();
    await outbound.close();
    await pictures.close();
  };
  return {
    ...bench,
    network,
    picture: (name = "bridge.png") => ({ url: `${pictures.url}/${name}`, alt: "The bridge" }),
    publish: (post = ready(), account: Account = bench.account, key = keyOf(post)): Promise<Outcome> =>
      network.publish(account, post, key, signal()),
    methods: () => bench.standIn.requests.map(({ path }) => path.split("/").at(-1)),
    [Symbol.asyncDispose]: close,
  };
}

const LINK = ready().link as string;
const card = { url: LINK, title: "Bridge reopens", description: "On Monday", image: null };

test("the words go as they are, without a parse mode, and Telegram shows the link's card", async () => {
  await using at = await desk();
  const text = `<b>5 < 6</b> & _so_ *on* [x](y) #bridge\n\n${LINK}`;
  const outcome = await at.publish({ ...ready(text), card });
  expect(outcome).toEqual({ kind: "posted", id: `${CHANNEL.id}/101`, url: "https://t.me/dailyexample/101" });
  expect(at.standIn.accepted).toMatchObject([{ text, preview: LINK }]);
  const body = JSON.parse(at.standIn.requests[0]!.body.toString()) as Record<string, unknown>;
  expect(body).toEqual({ chat_id: "@dailyexample", text, link_preview_options: { url: LINK, prefer_large_media: true } });
});

test("a post without a link has no card, whatever address stands in its words", async () => {
  await using at = await desk();
  await at.publish(ready("More on https://example.org/bridge", null));
  expect(at.standIn.accepted).toMatchObject([{ preview: null }]);
});

test("a channel without a name is addressed by its number, and has no public address", async () => {
  await using at = await desk({ chats: [{ id: -1007, type: "channel", title: "Inner", bot: CHANNEL.bot! }] });
  for (const chat of [-1007, "-1007"])
    expect(await at.publish(ready(), telegramAccountOn(at.standIn.url, TOKEN, chat))).toMatchObject({
      kind: "posted",
      url: null,
    });
});

test("a picture stands above its words; several are an album with one id", async () => {
  await using at = await desk();
  expect(await at.publish({ ...ready(), media: [at.picture()] })).toMatchObject({ kind: "posted", id: `${CHANNEL.id}/101` });
  const album = { ...ready(), media: [at.picture("a.png"), at.picture("b.png")] };
  expect(await at.publish(album, at.account, keyOf(album, "2"))).toEqual({
    kind: "posted",
    id: `${CHANNEL.id}/102,103`,
    url: "https://t.me/dailyexample/102",
  });
  const shown = { bytes: 8, veiled: false };
  expect(at.standIn.accepted).toMatchObject([
    { kind: "photo", text: ready().text, pictures: [shown] },
    { kind: "album", text: ready().text, pictures: [shown, shown] },
  ]);
});

test("sensitive pictures are veiled, one or several, and a card that could not be is left out", async () => {
  await using at = await desk();
  for (const media of [[at.picture()], [at.picture(), at.picture("b.png")], []])
    await at.publish({ ...ready(), card, media, sensitive: true });
  expect(at.standIn.accepted.map(({ pictures }) => pictures.map(({ veiled }) => veiled))).toEqual([[true], [true, true], []]);
  expect(at.standIn.accepted[2]).toMatchObject({ kind: "text", preview: null });
});

test("words too long for a caption are not cut: they go as a message with the link's card", async () => {
  await using at = await desk();
  const end = `\n\n${LINK}`;
  for (const length of [1_024, 1_025]) {
    const text = "ا".repeat(length - end.length) + end;
    expect(await at.publish({ ...ready(text), media: [at.picture()] })).toMatchObject({ kind: "posted" });
    expect(at.standIn.accepted.at(-1)!.text).toBe(text);
  }
  expect(at.standIn.accepted).toMatchObject([{ kind: "photo" }, { kind: "text", preview: LINK }]);
});

test("longer than a message may be: refused, in Telegram's words", async () => {
  await using at = await desk();
  expect((await at.publish(ready("x".repeat(4_096), null))).kind).toBe("posted");
  expect(readable(await at.publish(ready("x".repeat(4_097), null)))).toMatchObject({
    kind: "refused",
    why: "Telegram refused it (400): Bad Request: message is too long.",
  });
});

test.each([
  ["gone.png", "busy", "answered 404"],
  ["moving.gif", "refused", "image/gif"],
] as const)("a picture that cannot be had (%s): %s, and nothing was asked of Telegram", async (name, kind, why) => {
  await using at = await desk();
  const outcome = await at.publish({ ...ready(), media: [at.picture(), at.picture(name)] });
  expect(readable(outcome)).toMatchObject({ kind, why: expect.stringContaining(why) });
  expect(at.methods()).toEqual([]);
});

test("a second message within a second, and a twenty-first within a minute, are asked to wait", async () => {
  let clock = Date.now();
  await using at = await desk({ paced: true, now: () => clock });
  const waits = async () => {
    const outcome = await at.publish();
    return outcome.kind === "busy" && outcome.retryAt ? Math.round((outcome.retryAt - Date.now()) / 1_000) : outcome.kind;
  };
  expect([await waits(), await waits()]).toEqual(["posted", 1]);
  for (let sent = 1; sent < 20; sent += 1) {
    clock += 1_100;
    expect(await waits()).toBe("posted");
  }
  clock += 1_100;
  expect(await waits()).toBe(38);
});

const group = (more: Partial<Chat>): Chat => ({ id: -55, type: "group", title: "Readers", ...more });

test.each([
  ["chat not found", telegramAccountOn("", TOKEN, "@nobody"), [CHANNEL], /chat not found.*Compare chat/],
  ["the bot was never added", undefined, [{ ...CHANNEL, bot: { status: "kicked" } }], /kicked.*administrator/],
  ["the bot may not post", undefined, [{ ...CHANNEL, bot: { status: "administrator" } }], /administrator rights/],
  ["the group moved", telegramAccountOn("", TOKEN, "-55"), [group({ movedTo: -10055 })], /Set chat to "-10055"/],
  ["no chat is set", telegramAccountOn("", TOKEN, null), [CHANNEL], /Set chat to @channel/],
  ["chat is no name", telegramAccountOn("", TOKEN, "t.me/x"), [CHANNEL], /Set chat to @channel/],
  ["the token has another form", telegramAccountOn("", "../x?y"), [CHANNEL], /token .* invalid: .*@BotFather/],
] as const)("%s: locked out with what to do, when it posts and when it is asked", async (_what, account, chats, why) => {
  await using at = await desk({ chats });
  const asked = { ...(account ?? at.account), server: at.standIn.url };
  expect(readable(await at.publish(ready(), asked))).toMatchObject({ kind: "locked-out", why: expect.stringMatching(why) });
  const verified = await at.network.verify(asked, signal());
  expect(verified).toMatchObject({ ok: false, why: expect.any(String) });
  expect(JSON.stringify(verified)).not.toContain(TOKEN);
  expect(at.standIn.accepted).toEqual([]);
});

test("it says which channel it is, and that a member of a group may post", async () => {
  await using at = await desk({ chats: [CHANNEL, group({ bot: { status: "member" } })] });
  expect(await at.network.verify(at.account, signal())).toMatchObject({
    ok: true,
    id: String(CHANNEL.id),
    handle: "dailyexample",
  });
  const there = telegramAccountOn(at.standIn.url, TOKEN, "-55");
  expect(await at.network.verify(there, signal())).toMatchObject({ ok: true, id: "-55", handle: "Readers" });
});

test("whether the bot may post is a fault, not a no, while Telegram fails", async () => {
  await using at = await desk();
  for (const call of ["verify", "read"] as const) {
    at.standIn.next(502, 1, call);
    await expect(at.network.verify(at.account, signal())).rejects.toMatchObject({ code: "TELEGRAM_ANSWER" });
  }
});

test("an edit finds out by itself whether there are words or a caption, and the same again is no fault", async () => {
  await using at = await desk();
  await at.publish();
  await at.publish({ ...ready(), media: [at.picture(), at.picture("b.png")] });
  const better = { ...ready(`Better words\n\n${LINK}`), media: [at.picture()] };
  for (const id of [`${CHANNEL.id}/101`, `${CHANNEL.id}/102,103`])
    for (const post of [better, { ...better, media: [] }, better])
      expect(await at.network.edit!(at.account, id, post, signal())).toMatchObject({ kind: "posted", id });
  expect(at.standIn.accepted.map(({ text }) => text)).toEqual([better.text, better.text]);
});

test("an album goes with all its pictures", async () => {
  await using at = await desk();
  const { id } = (await at.publish({ ...ready(), media: [at.picture(), at.picture("b.png")] })) as { id: string };
  for (let times = 0; times < 2; times += 1)
    expect(await at.network.remove!(at.account, id, signal())).toEqual({ kind: "posted", id, url: null });
  expect(at.standIn.accepted).toMatchObject([{ deleted: true }]);
  expect(JSON.parse(at.standIn.requests.at(-1)!.body.toString())).toEqual({ chat_id: CHANNEL.id, message_ids: [101, 102] });
});

test.each(["", "17", "x/17", "-100/17,"])("what is no id of a message (%j) is neither edited nor removed", async (id) => {
  await using at = await desk();
  expect(await at.network.edit!(at.account, id, ready(), signal())).toMatchObject({ kind: "refused" });
  expect(await at.network.remove!(at.account, id, signal())).toMatchObject({ kind: "refused" });
  expect(at.methods()).toEqual([]);
});

test("a message that Telegram puts off (id 0), and an answer that is none: unknown", async () => {
  await using at = await desk();
  for (const result of [{ message_id: 0, chat: { id: 1 } }, [], true, null]) {
    at.standIn.next({ status: 200, body: JSON.stringify({ ok: true, result }) });
    expect((await at.publish()).kind).toBe("unknown");
  }
});

test("no sentence of a request that fails on the way holds the address, where the token is", async () => {
  await using at = await desk();
  await at.standIn.close();
  const outcome = await at.publish();
  expect(outcome.kind).toBe("busy");
  const error = (await at.network.verify(at.account, signal()).catch((thrown: unknown) => thrown)) as Error & { detail: unknown };
  for (const said of [outcome, error.message, error.detail]) expect(JSON.stringify(said)).not.toMatch(/AAHdq|\/bot/);
});
