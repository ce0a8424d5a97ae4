import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { startBluesky } from "./bluesky.ts";
import { startMastodon } from "./mastodon.ts";
import { startTelegram } from "./telegram.ts";
import { SECRET, startWebhook } from "./webhook.ts";
import { startX, X_KEYS } from "./x.ts";

/** A newsroom's six accounts, one on each network, each on a stand-in of its own; and a picture on the newsroom's own site. */
export async function startSix() {
  const [mastodon, x, bluesky, telegram, webhook, site] = await Promise.all([
    startMastodon({ rateLimit: 1_000_000 }),
    startX({ limits: { quarter: 100_000, appDay: 100_000, userDay: 100_000 } }),
    startBluesky({ points: 1_000_000 }),
    startTelegram(),
    startWebhook(),
    startPicture(),
  ]);
  const standing: Readonly<Record<string, () => readonly string[]>> = {
    masto: () => mastodon.accepted.map(({ text }) => text),
    x: () => x.accepted.map(({ text }) => text),
    bsky: () => [...bluesky.records.values()].map(({ value }) => `${String(value["text"])} ${JSON.stringify(value["embed"])}`),
    tele: () => telegram.accepted.map(({ text }) => text),
    hook: () => webhook.accepted.map(({ data }) => data.text),
  };
  const servers = [mastodon.url, x.url, bluesky.url, telegram.url, webhook.url, site.url];
  return {
    mastodon,
    x,
    bluesky,
    telegram,
    webhook,
    picture: `${site.url}/bridge.jpg`,
    /** Hosts that newsroom.yaml must allow, since they are this machine. */
    allow: servers.map((url) => new URL(url).host),
    /** Lines of `accounts` in newsroom.yaml. */
    accounts: (mode: "auto" | "review") => [
      { name: "local", network: "rehearsal", rehearsal: true, mode },
      { name: "masto", network: "mastodon", server: mastodon.url, tokenEnv: "MASTO_TOKEN", mode },
      {
        name: "x",
        network: "x",
        server: x.url,
        handle: "example",
        appKeyEnv: "X_APP_KEY",
        appSecretEnv: "X_APP_SECRET",
        accessTokenEnv: "X_TOKEN",
        accessSecretEnv: "X_TOKEN_SECRET",
        mode,
      },
      { name: "bsky", network: "bluesky", server: bluesky.url, handle: bluesky.handle, passwordEnv: "BSKY_PASSWORD", mode },
      { name: "tele", network: "telegram", server: telegram.url, chat: "@dailyexample", tokenEnv: "TELEGRAM_TOKEN", mode },
      { name: "hook", network: "webhook", url: webhook.url, secretEnv: "WEBHOOK_SECRET", mode },
    ],
    env: {
      MASTO_TOKEN: mastodon.token,
      X_APP_KEY: X_KEYS.appKey,
      X_APP_SECRET: X_KEYS.appSecret,
      X_TOKEN: X_KEYS.accessToken,
      X_TOKEN_SECRET: X_KEYS.accessSecret,
      BSKY_PASSWORD: bluesky.password,
      TELEGRAM_TOKEN: telegram.token,
      WEBHOOK_SECRET: SECRET,
    },
    /** What ever came to stand on an account's network and holds this, such as its link. */
    copies: (account: string, mark: string) => (standing[account]?.() ?? []).filter((text) => text.includes(mark)),
    /** The next post to an account's network goes wrong in this way. */
    next(account: string, fault: Parameters<typeof mastodon.next>[0]) {
      const on = { masto: mastodon, x, bsky: bluesky, tele: telegram, hook: webhook }[account];
      on?.next(fault);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([mastodon, x, bluesky, telegram, webhook, site].map((one) => one.close()));
    },
  };
}

async function startPicture() {
  const jpeg = await sharp({ create: { width: 1600, height: 900, channels: 3, background: "#4a6fa5" } })
    .jpeg()
    .toBuffer();
  const server = createServer((_, response) => response.writeHead(200, { "content-type": "image/jpeg" }).end(jpeg));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((closed) => server.close(closed)) };
}
