import { parentPort } from "node:worker_threads";
import { decode } from "./decode.ts";
import { readFeed } from "./feed.ts";
import { readPage } from "./page.ts";
import type { Answer, Task } from "./parser.ts";
import { readText, storyOf } from "./story.ts";

/** The thread in which everything from outside is taken apart; its owner ends it when it takes too long. */
parentPort?.on("message", ({ id, task }: { id: number; task: Task }) => {
  answer(task).then(
    (result) => parentPort?.postMessage({ id, result }),
    (error: unknown) => parentPort?.postMessage({ id, fault: error instanceof Error ? error.message : String(error) }),
  );
});

async function answer(task: Task): Promise<Answer> {
  switch (task.kind) {
    case "feed":
      return readFeed(decode(task.body, task.contentType), task.address);
    case "page":
      return readPage(decode(task.body, task.contentType), task.address);
    case "text":
      return { ok: true, story: await readText(decode(task.body, null)) };
    case "item":
      return { ok: true, story: await storyOf(task.item) };
  }
}
