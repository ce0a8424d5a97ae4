import { expect, test } from "vitest";
import { revokeToken } from "../../src/newsroom/token.ts";
import { testStore } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { ask, token, ring, rings, close } = await opened(store);

test("the stream rings at once, again when something happens, and ends when the server does", async () => {
  const reader = await token(["read"]);
  const { answer, status } = await ask("GET", "/events", { token: reader });
  expect(status).toBe(200);
  const stream = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await stream.read()).value).toContain("event: bell\ndata:\n\n");
  ring();
  ring();
  expect((await stream.read()).value).toBe("event: bell\ndata:\n\n");
  const others = [];
  for (let count = 0; count < 3; count += 1) others.push((await ask("GET", "/events", { token: reader })).answer);
  const most = await ask("GET", "/events", { token: reader });
  expect([most.status, most.headers.get("retry-after")]).toEqual([429, "60"]);
  await others[0]?.body?.cancel();
  const again = await ask("GET", "/events", { token: reader });
  expect(again.status, "one that was left makes room").toBe(200);
  close();
  expect((await stream.read()).done).toBe(true);
  expect(rings.size).toBe(0);
});

test("a stream ends when its token does", async () => {
  const quick = await opened(store, { heartbeatMs: 20 });
  const brief = await quick.token(["read"], { name: "brief" });
  const { answer } = await quick.ask("GET", "/events", { token: brief });
  const stream = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  await stream.read();
  expect((await stream.read()).value).toContain(": still here");
  await revokeToken(store, { name: "brief" }, "a test");
  for (let read = await stream.read(); !read.done; read = await stream.read()) expect(read.value).toContain(": still here");
  expect(quick.rings.size).toBe(0);
});
