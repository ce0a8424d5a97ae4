import { mkdtemp, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** What the databases of a run need at once, several times over. A container's usual 64 MB are not enough. */
const ROOM_BYTES = 2 * 1024 ** 3;

/**
 * A new folder for a Postgres of a test run: in memory where there is room. To make a database is to make five hundred
 * files, which takes eight times the CPU on a disk.
 */
export async function scratchFolder(prefix: string): Promise<string> {
  const room = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return mkdtemp(join(room > ROOM_BYTES ? MEMORY : tmpdir(), prefix));
}
