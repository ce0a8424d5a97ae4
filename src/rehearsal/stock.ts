import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Fault, sentenceOf } from "../lib/fault.ts";
import { projectRoot } from "../lib/root.ts";
import { frontMatter, type Story } from "./story.ts";

/** Where the stories lie, also for the built program: they are read, not compiled. */
const ARTICLES = join(projectRoot, "src", "rehearsal", "articles");

/**
 * All stories, in the order in which they are published (their files' names).
 * Throws a Fault `REHEARSAL_STORY` that names the file and what is wrong in it.
 */
export async function loadStock(folder: string = ARTICLES): Promise<Story[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".md")).toSorted();
  return Promise.all(files.map(async (file) => readStory(basename(file, ".md"), await readFile(join(folder, file), "utf8"))));
}

function readStory(id: string, text: string): Story {
  const [before, head, body] = text.split(/^---$/m, 3);
  const paragraphs = (body ?? "").trim().split(/\n\s*\n/);
  try {
    if (before !== "" || head === undefined || !paragraphs[0]) throw new Error("front matter between --- lines, then paragraphs");
    return { ...frontMatter.parse(parse(head)), id, paragraphs };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : sentenceOf(error);
    throw new Fault("REHEARSAL_STORY", `The rehearsal story ${id}.md cannot be read: ${why}.`, { id }, error);
  }
}
