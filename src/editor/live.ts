import type { Context } from "hono";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";

/** Bells closer together than this are one (ms). */
const TOGETHER = 250;
/** Keeps proxies from closing a quiet stream (ms). */
const HEARTBEAT = 20_000;
/** Streams one person may hold open: tabs beyond that are told to come back later. */
const PER_PERSON = 12;

/** The live stream: a bell without data, rung when something changed; the page re-reads what it shows. */
export function createLive(deps: EditorDeps): (c: Context<EditorEnv>) => Response {
  const open = new Map<string, number>();
  return (c) => {
    const person = c.get("person").id;
    const count = open.get(person) ?? 0;
    if (count >= PER_PERSON) return c.text("Too many streams are open.", 429, { "Retry-After": "60" });
    open.set(person, count + 1);
    let stop = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(stream) {
        const say = (text: string) => {
          try {
            stream.enqueue(new TextEncoder().encode(text));
          } catch {
            stop();
          }
        };
        let soon: NodeJS.Timeout | undefined;
        const ring = () => {
          soon ??= setTimeout(() => {
            soon = undefined;
            say("event: bell\ndata:\n\n");
          }, TOGETHER);
        };
        const silence = deps.live.subscribe(ring);
        const heartbeat = setInterval(() => say(": still here\n\n"), HEARTBEAT);
        const end = () => {
          stop();
          stream.close();
        };
        let stopped = false;
        stop = () => {
          if (stopped) return;
          stopped = true;
          silence();
          clearInterval(heartbeat);
          clearTimeout(soon);
          deps.closing?.removeEventListener("abort", end);
          const left = (open.get(person) ?? 1) - 1;
          if (left > 0) open.set(person, left);
          else open.delete(person);
        };
        deps.closing?.addEventListener("abort", end, { once: true });
        // What happened between the page and this stream is not lost: the first bell is rung at once.
        say("retry: 1000\nevent: bell\ndata:\n\n");
        if (deps.closing?.aborted) end();
      },
      cancel: () => stop(),
    });
    return c.body(body, 200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" });
  };
}
