import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { environment, loadConfig } from "../../src/config.ts";
import { faultsOf, SITE } from "./support.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slugline config "));
  mkdirSync(join(folder, "config"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newsroom = (text: string) => writeFileSync(join(folder, "config", "newsroom.yaml"), text);

describe("the configuration", () => {
  test("with nothing at all, everything has its usual place and the rehearsal newsroom opens", () => {
    expect(loadConfig({}, { folder })).toMatchObject({
      dataDir: join(folder, "data"),
      host: "127.0.0.1",
      publicUrl: "http://localhost:3000",
      shortUrl: "http://127.0.0.1:3001",
      healthPort: 3002,
      logLevel: "info",
      newsroom: undefined,
      newsroomFile: undefined,
    });
  });

  test("the environment beats the file", () => {
    newsroom(SITE.replace("languages", "shortUrl: https://go.example.org, languages"));
    expect(loadConfig({}, { folder }).shortUrl).toBe("https://go.example.org");
    expect(loadConfig({ SHORT_URL: "https://s.example.org/" }, { folder }).shortUrl).toBe("https://s.example.org");
  });

  test("nobody changes it once it is made", () => {
    newsroom(SITE);
    const config = loadConfig({}, { folder });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.newsroom?.site.languages)).toBe(true);
  });

  test("faults of the environment and of the file come in one message", () => {
    newsroom("site: {}\n");
    const faults = faultsOf(() =>
      loadConfig(
        {
          PORT: "http",
          HEALTH_PORT: "3001",
          DATABASE_URL: "mysql://root:hunter2@db",
          LOG_LEVEL: "loud",
          SHORT_URL: "http://localhost/x",
        },
        { folder },
      ),
    );
    for (const start of [
      "environment PORT: ",
      "environment HEALTH_PORT: is 3001, as REDIRECT_PORT",
      "environment DATABASE_URL: ",
      "environment LOG_LEVEL: ",
      "environment SHORT_URL: ",
      "config/newsroom.yaml:1 site.name: is missing",
    ]) {
      expect(
        faults.some((fault) => fault.startsWith(start)),
        `${start} in\n${faults.join("\n")}`,
      ).toBe(true);
    }
    expect(faults.join()).not.toContain("hunter2");
  });

  test("short links on the editor's host are refused: its cookies would go with them", () => {
    expect(
      faultsOf(() => loadConfig({ PUBLIC_URL: "https://a.example", SHORT_URL: "https://a.example:444" }, { folder })).join(),
    ).toMatch(/SHORT_URL.*host of their own/);
    expect(loadConfig({ PUBLIC_URL: "http://127.0.0.1:3000" }, { folder }).shortUrl).toBe("http://localhost:3001");
  });

  test("a file that was named but is not there is told", () => {
    expect(faultsOf(() => loadConfig({ SLUGLINE_CONFIG: "elsewhere.yaml" }, { folder }))).toEqual([
      expect.stringMatching(/^elsewhere.yaml is not there.*config\/newsroom.example.yaml/),
    ]);
  });

  test(".env fills in what the process was not given", () => {
    writeFileSync(join(folder, ".env"), "SLUGLINE_TEST_ONLY=from file\nPATH=from file\n");
    const env = environment(folder);
    expect(env["SLUGLINE_TEST_ONLY"]).toBe("from file");
    expect(env["PATH"]).toBe(process.env["PATH"]);
    expect(loadConfig(env, { folder }).secrets("SLUGLINE_TEST_ONLY")).toBe("from file");
  });
});
