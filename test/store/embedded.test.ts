import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask, end, pidIn, start, tenants } from "./tenants.ts";

const { scratch, tenant } = await tenants();

describe("the Postgres that Slugline brings", () => {
  test("outlives a killed start, and the next one takes it over with every row", async () => {
    const dataDir = join(scratch, "killed");
    const owner = await tenant(dataDir);
    const pid = await pidIn(dataDir);
    await ask(
      { connection: { host: owner.answer.socketDir!, user: "slugline", database: "postgres" } },
      "create table story as select 'kept' as state",
    );
    await end(owner.child, "SIGKILL");
    expect(await pidIn(dataDir)).toBe(pid);
    const next = await start(dataDir);
    expect(await pidIn(dataDir)).toBe(pid);
    expect(await ask(next, "select state from story")).toEqual([{ state: "kept" }]);
    await next.stop();
    expect(await pidIn(dataDir)).toBeUndefined();
  });

  test("refuses a second start in a sentence, and lets commands in beside the first", async () => {
    const dataDir = join(scratch, "second");
    const first = await start(dataDir);
    const second = await tenant(dataDir);
    expect(second.answer).toMatchObject({ code: "DATA_IN_USE", message: expect.stringContaining(`process ${process.pid}`) });
    const command = await tenant(dataDir, "cli");
    expect(command.answer.socketDir).toBe(first.connection.host);
    await end(command.child, "SIGTERM");
    expect(await ask(first, "select 1 as up")).toEqual([{ up: 1 }]);
    await first.stop();
  });

  test("says in a sentence that a file stands in its folder's place", async () => {
    await writeFile(join(scratch, "file"), "");
    await expect(start(join(scratch, "file"))).rejects.toMatchObject({
      code: "DATA_READ_ONLY",
      message: expect.stringContaining("file"),
    });
  });
});
