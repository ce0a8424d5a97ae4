import { Worker } from "node:worker_threads";
import { sentenceOf } from "../lib/fault.ts";
import { say } from "../lib/say.ts";
import type { Item } from "./article.ts";
import { MAX_BYTES } from "./decode.ts";
import type { Feed, Unread } from "./feed.ts";
import type { Page } from "./page.ts";

export type Task =
  | { readonly kind: "feed" | "page"; readonly body: Uint8Array; readonly contentType: string | null; readonly address: string }
  | { readonly kind: "text"; readonly body: Uint8Array }
  | { readonly kind: "item"; readonly item: Item };
export type Answer = Feed | Page | Unread;

/** Takes apart what comes from outside, off the main thread, within a time limit. Never throws; what fails is a value with a sentence. */
export interface Parser extends AsyncDisposable {
  /** A feed's bytes as received. */
  feed(body: Uint8Array, contentType: string | null, address: string): Promise<Feed | Unread>;
  /** A story's page. */
  page(body: Uint8Array, contentType: string | null, address: string): Promise<Page | Unread>;
  /** A plain text: its first line is the title. */
  text(body: Uint8Array): Promise<Page | Unread>;
  /** The story as its source told it. */
  item(item: Item): Promise<Page | Unread>;
}

const TIME_LIMIT_MS = 5_000;
/** Starting the thread loads the readers; a slow machine needs a while for it. */
const START_LIMIT_MS = 20_000;
const MEMORY_MB = 320;
// In dist/ this module and the worker are .js; in src/ (tests) both are .ts.
const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./parse-worker.ts" : "./parse-worker.js", import.meta.url);

interface Waiting {
  readonly task: Task;
  readonly done: (answer: Answer) => void;
}

/**
 * One warm worker thread, started at first use, one task at a time; ended and started anew when a task hangs or
 * breaks it. It does not keep the process alive.
 *
 * @param limits `timeMs`: how long one task may take
 */
export function createParser(limits: { readonly timeMs?: number } = {}): Parser {
  const timeMs = limits.timeMs ?? TIME_LIMIT_MS;
  const queue: Waiting[] = [];
  let worker: Worker | null = null;
  let current: Waiting | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let warm = false;
  let count = 0;

  const settle = (answer: Answer) => {
    clearTimeout(timer);
    const { done } = current!;
    current = null;
    done(answer);
    next();
  };
  const drop = (code: string, why: string) => {
    const broken = worker;
    worker = null;
    warm = false;
    void broken?.terminate();
    if (current) settle({ ok: false, code, why });
  };
  const start = () => {
    const started = new Worker(WORKER, {
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      execArgv: [],
      stdout: false,
      stderr: false,
    });
    started.unref();
    started.on("message", (message: { id: number; result?: Answer; fault?: string }) => {
      if (started !== worker || message.id !== count || !current) return;
      warm = true;
      settle(
        message.result ?? {
          ok: false,
          code: "PARSE_FAILED",
          why:
            message.fault === undefined
              ? "It could not be read, and no reason was told."
              : say`It could not be read: ${message.fault}.`,
        },
      );
    });
    started.on(
      "error",
      (error: Error) => started === worker && drop("PARSE_FAILED", say`It could not be read: ${sentenceOf(error)}.`),
    );
    started.on("exit", () => started === worker && drop("PARSE_FAILED", "It could not be read: the reader ended."));
    return started;
  };
  const next = () => {
    if (current || closed) return;
    current = queue.shift() ?? null;
    if (!current) return;
    worker ??= start();
    count++;
    timer = setTimeout(
      () => drop("PARSE_TIMEOUT", say`Reading it took longer than ${timeMs / 1_000} s and was given up.`),
      warm ? timeMs : Math.max(timeMs, START_LIMIT_MS),
    );
    worker.postMessage({ id: count, task: current.task });
  };
  const ask = (task: Task): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    if (closed) return Promise.resolve({ ok: false, code: "PARSE_CLOSED", why: "Slugline is stopping." });
    if ("body" in task && task.body.length > MAX_BYTES)
      return Promise.resolve({ ok: false, code: "TOO_LARGE", why: say`It is larger than ${MAX_BYTES / 1_000_000} MB.` });
    queue.push({ task, done: resolve });
    next();
    return promise;
  };

  return {
    feed: async (body, contentType, address) => (await ask({ kind: "feed", body, contentType, address })) as Feed | Unread,
    page: async (body, contentType, address) => (await ask({ kind: "page", body, contentType, address })) as Page | Unread,
    text: async (body) => (await ask({ kind: "text", body })) as Page | Unread,
    item: async (item) => (await ask({ kind: "item", item })) as Page | Unread,
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const waiting of queue.splice(0)) waiting.done({ ok: false, code: "PARSE_CLOSED", why: "Slugline is stopping." });
      const last = worker;
      drop("PARSE_CLOSED", "Slugline is stopping.");
      await last?.terminate();
    },
  };
}
