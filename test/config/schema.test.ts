import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { VARIABLES } from "../../src/config/env.ts";
import { newsroomSchema } from "../../src/config/schema.ts";

const fileOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test("config/newsroom.schema.json is what the schema says (UPDATE=1 writes it anew)", () => {
  const made = `${JSON.stringify({ title: "newsroom.yaml", ...z.toJSONSchema(newsroomSchema(), { io: "input" }) }, null, 2)}\n`;
  if (process.env["UPDATE"] === "1") writeFileSync(fileOf("config/newsroom.schema.json"), made);
  const kept = readFileSync(fileOf("config/newsroom.schema.json"), "utf8");
  // By meaning: a formatter may have laid it out otherwise.
  expect(JSON.parse(kept), "run: UPDATE=1 npm test -- test/config/schema.test.ts").toEqual(JSON.parse(made));
});

test(".env.example lists every variable that is read, and no other", () => {
  const example = readFileSync(fileOf(".env.example"), "utf8");
  const [ours = ""] = example.split("# Secrets that newsroom.yaml names");
  const listed = [...ours.matchAll(/^# ?([A-Z_]+)=/gm)].map((match) => match[1]);
  expect(listed.toSorted()).toEqual([...VARIABLES].toSorted());
});
