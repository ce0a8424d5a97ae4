import { z } from "zod";

/** What one network asks of an account. A new network is one row here; the file, its faults and `account add` follow. */
export interface NetworkRow {
  /** Where it is: its usual server, or what an account's own is like; null where a setting (`url`) says it, or nothing does. */
  readonly server: { readonly usual: string } | { readonly like: string } | null;
  /** What its handle is like, where an account cannot do without; else it may be given or not. */
  readonly handle?: Field;
  /** The currency in which it takes money for posts, where it does. */
  readonly charges?: string;
  /** By the name under which the driver asks for them. newsroom.yaml says `<name>Env`. */
  readonly secrets: Readonly<Record<string, SecretField>>;
  /**
   * In place of `secrets`, where a person may sign in at the network through an app that we are there by hand: the app's
   * own. What the sign-in gives is kept sealed in the store.
   */
  readonly signIn?: Readonly<Record<string, SecretField & { readonly needed: boolean }>>;
  /** Plain settings, by their names in newsroom.yaml. */
  readonly settings: Readonly<Record<string, Field & { readonly needed: boolean }>>;
}

interface Field {
  /** Settings are kept as text. */
  readonly schema: z.ZodType<string>;
  /** What it is and where to find it. */
  readonly where: string;
}

interface SecretField {
  /** The usual name of its environment variable. */
  readonly env: string;
  /** Where a person finds it. */
  readonly where: string;
  /** What is wrong with a value; never shows it. */
  readonly wrong?: (value: string) => string | undefined;
}

/** `true` of a file, "true" of a command line. */
const yesOrNo = z
  .union([z.boolean({ error: "must be true or false." }), z.enum(["true", "false"], { error: "must be true or false." })])
  .transform(String)
  .describe("true or false");

/** What a secret of Standard Webhooks must be, for sentences. */
export const WEBHOOK_SECRET = "it must be at least 16 random bytes in base64. Make one with: openssl rand -base64 32";

const X_KEYS = "developer.x.com, your app (Read and write), Keys and tokens";

export const NETWORKS: Readonly<Record<string, NetworkRow>> = {
  mastodon: {
    server: { like: "https://mastodon.example" },
    secrets: {
      token: {
        env: "MASTO_TOKEN",
        where:
          "on your server: Preferences, Development, New application with read:accounts, read:statuses, write:statuses and write:media; then Your access token",
      },
    },
    settings: {
      visibility: {
        schema: z.enum(["public", "unlisted", "private"]).describe("public, unlisted or private"),
        where: "who sees the posts",
        needed: false,
      },
    },
  },
  x: {
    server: { usual: "https://api.x.com" },
    charges: "USD",
    secrets: {
      appKey: { env: "X_APP_KEY", where: `${X_KEYS}: API Key` },
      appSecret: { env: "X_APP_SECRET", where: `${X_KEYS}: API Key Secret` },
      accessToken: { env: "X_TOKEN", where: `${X_KEYS}: Access Token, of the account that posts` },
      accessSecret: { env: "X_TOKEN_SECRET", where: `${X_KEYS}: Access Token Secret` },
    },
    signIn: {
      clientId: {
        env: "X_CLIENT_ID",
        where: `${X_KEYS}: OAuth 2.0 Client ID, in place of the four keys; then connect the account in the editor`,
        needed: true,
      },
      clientSecret: {
        env: "X_CLIENT_SECRET",
        where: `${X_KEYS}: OAuth 2.0 Client Secret; none for an app of the type Native App`,
        needed: false,
      },
    },
    settings: {
      authorize: {
        schema: z
          .string()
          .refine((url) => URL.parse(url)?.origin === url, {
            error: "must be an http(s) address without a path, such as https://x.com.",
          })
          .describe("an http(s) address without a path, such as https://x.com"),
        where: "where people agree to the sign-in, where that is not https://x.com",
        needed: false,
      },
      premium: {
        schema: yesOrNo,
        where: "whether the account pays for X Premium and may write longer posts",
        needed: false,
      },
    },
  },
  bluesky: {
    server: { usual: "https://bsky.social" },
    handle: {
      schema: text(/^@?([a-z0-9-]+\.)+[a-z0-9-]+$/i, "a handle, such as example.bsky.social or example.org").transform((handle) =>
        handle.replace(/^@/, ""),
      ),
      where: "the account's handle, as its profile shows it, such as example.bsky.social",
    },
    secrets: {
      password: {
        env: "BSKY_PASSWORD",
        where: "bsky.app, Settings, Privacy and security, App passwords; never the account's own password",
      },
    },
    settings: {},
  },
  telegram: {
    server: { usual: "https://api.telegram.org" },
    secrets: {
      token: {
        env: "TELEGRAM_TOKEN",
        where: "in Telegram, ask @BotFather for /newbot; then make the bot an administrator of the channel who may post",
      },
    },
    settings: {
      chat: {
        schema: text(
          /^(@[A-Za-z]\w{3,31}|-?\d{5,20})$/,
          'the channel: its public name, such as "@example", or its number, such as "-1001234567890"',
        ),
        where: 'the channel: its public name, such as "@example", or its number, such as "-1001234567890"',
        needed: true,
      },
    },
  },
  webhook: {
    server: null,
    secrets: {
      secret: {
        env: "WEBHOOK_SECRET",
        where: "shared with the receiver (Standard Webhooks); make one with: openssl rand -base64 32",
        wrong: (value) =>
          value.trim().split(/\s+/).every(isWebhookSecret) ? undefined : `is no webhook secret: ${WEBHOOK_SECRET}`,
      },
    },
    settings: {
      url: {
        schema: z
          .string()
          .refine(isReceiver, {
            error: "must be an https address without a user or password, such as https://example.net/posts.",
          })
          .describe("an https address, such as https://example.net/posts"),
        where: "the receiver's address, such as https://example.net/posts",
        needed: true,
      },
    },
  },
  rehearsal: { server: null, secrets: {}, settings: {} },
};

export const NETWORK_NAMES: readonly string[] = Object.keys(NETWORKS);

/** The usual server of each network; null where each account has its own. */
export const USUAL_SERVERS: Readonly<Record<string, string | null>> = Object.fromEntries(
  Object.entries(NETWORKS).map(([name, { server }]) => [name, server && "usual" in server ? server.usual : null]),
);

/** The secrets an account is to be given by hand: of its own, or of the app it is signed in through, where it names that. */
export function secretsAsked(row: NetworkRow, names: (secret: string) => boolean): Readonly<Record<string, SecretField>> {
  const signIn = Object.entries(row.signIn ?? {});
  if (!signIn.some(([secret]) => names(secret))) return row.secrets;
  return Object.fromEntries(signIn.filter(([secret, { needed }]) => needed || names(secret)));
}

/** Standard Webhooks: base64, perhaps after `whsec_`. Under 128 bits a signature could be guessed. */
export function isWebhookSecret(value: string): boolean {
  const base64 = value.replace(/^whsec_/, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && Buffer.from(base64, "base64").length >= 16;
}

/** What newsroom.yaml calls the variable of a secret: `appKeyEnv`. */
export function envField(secret: string): string {
  return `${secret}Env`;
}

/** Where an account is: as it says itself, else by its address, else where its network usually is. */
export function serverOf(
  network: string,
  { server, url }: { readonly server?: string | undefined; readonly url?: unknown },
): string {
  const usual = NETWORKS[network]?.server;
  if (server !== undefined) return server;
  if (usual) return "usual" in usual ? usual.usual : "";
  return typeof url === "string" ? (URL.parse(url)?.origin ?? "") : "";
}

function text(form: RegExp, what: string) {
  return z
    .string()
    .regex(form, { error: `must be ${what}.` })
    .describe(what);
}

/** Plain http only to this machine: the signature would hold, but the words would be read on the way. */
function isReceiver(address: string): boolean {
  const url = URL.parse(address);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

function isLoopback(host: string): boolean {
  return host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host) || /(^|\.)localhost$/.test(host);
}
