import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../lib/root.ts";

/** Where the rehearsal newsroom's configuration lies, as a fault in it would name it. */
export const NEWSROOM_FILE = join("src", "rehearsal", "newsroom.yaml");

/**
 * The rehearsal newsroom's newsroom.yaml, with the site's address in its place.
 *
 * @param siteUrl what `startSite` answered: an origin without a trailing slash
 */
export async function rehearsalNewsroom(siteUrl: string): Promise<string> {
  const text = await readFile(join(projectRoot, NEWSROOM_FILE), "utf8");
  return text.replaceAll("${REHEARSAL_SITE}", siteUrl).replaceAll("${REHEARSAL_HOST}", new URL(siteUrl).host);
}
