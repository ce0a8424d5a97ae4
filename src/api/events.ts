import { tokenOf, type ApiToken } from "../newsroom/token.ts";
import type { ApiDeps } from "./deps.ts";
import { problem } from "./problem.ts";
import { route, type Route } from "./route.ts";

/** Bells closer together than this are one (ms). */
const TOGETHER = 250;
/** Keeps proxies from closing a quiet stream, and finds out that a token died meanwhile (ms). */
const HEARTBEAT = 20_000;
/** Streams one token may hold open. */
const PER_TOKEN = 4;

/** The stream of bells: something changed, without a word of what; the program reads `order=changes` again. */
export function eventRoutes(deps: ApiDeps): readonly Route[] {
  const open = new Map<string, number>();

  function streamOf(token: ApiToken, stillGood: () => Promise<boolean>): ReadableStream<Uint8Array> {
    let stop = () => {};
    return new ReadableStream<Uint8Array>({
      start(stream) {
        const say = (text: string) => {
          try {
            stream.enqueue(new TextEncoder().encode(text));
          } catch {
            stop();
          }
        };
        let soon: NodeJS.Timeout | undefined;
        const silence = deps.live.subscribe(() => {
          soon ??= setTimeout(() => {
            soon = undefined;
            say("event: bell\ndata:\n\n");
          }, TOGETHER);
        });
        const end = () => {
          if (stopped) return;
          stop();
          stream.close();
        };
        const heartbeat = setInterval(() => {
          say(": still here\n\n");
          stillGood().then(
            (good) => (good ? undefined : end()),
            () => end(),
          );
        }, deps.heartbeatMs ?? HEARTBEAT);
        let stopped = false;
        stop = () => {
          if (stopped) return;
          stopped = true;
          silence();
          clearInterval(heartbeat);
          clearTimeout(soon);
          deps.closing?.removeEventListener("abort", end);
          const left = (open.get(token.id) ?? 1) - 1;
          if (left > 0) open.set(token.id, left);
          else open.delete(token.id);
        };
        deps.closing?.addEventListener("abort", end, { once: true });
        // What happened before this stream began is not lost: the first bell is rung at once.
        say("retry: 1000\nevent: bell\ndata:\n\n");
        if (deps.closing?.aborted) end();
      },
      cancel: () => stop(),
    });
  }

  return [
    route({
      method: "GET",
      path: "/events",
      needs: "read",
      summary: "Rings (server-sent events, `event: bell`) whenever something changed; read the lists again then.",
      answers: { 200: "stream" },
      async handle({ token, header }) {
        const count = open.get(token.id) ?? 0;
        if (count >= PER_TOKEN)
          return problem(429, "too-many-streams", `A token may hold ${PER_TOKEN} streams open.`, {
            headers: { "Retry-After": "60" },
          });
        open.set(token.id, count + 1);
        const given = /\S+$/.exec(header("authorization")?.trim() ?? "")?.[0] ?? "";
        const stillGood = async () => (await tokenOf(deps.store, given))?.scopes.includes("read") ?? false;
        return new Response(streamOf(token, stillGood), {
          headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
        });
      },
    }),
  ];
}
