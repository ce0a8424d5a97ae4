import { execFile } from "node:child_process";
import { chmod, chown, readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import { Fault } from "../lib/fault.ts";
import type { Binaries } from "./binaries.ts";

/** As whom Postgres runs, because it refuses to run as root: a command put before it, or another user's ids. */
export interface Identity {
  readonly prefix: readonly string[];
  readonly ids: { readonly uid: number; readonly gid: number } | Record<string, never>;
}

const asWeAre: Identity = { prefix: [], ids: {} };

interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * As whom to run Postgres in a cluster that is already there: whoever owns it.
 *
 * @throws Fault DATA_NOT_YOURS, ROOT_CANNOT_RUN
 */
export async function identityOf(cluster: string, binaries: Binaries): Promise<Identity> {
  const owner = await stat(cluster);
  const me = process.getuid?.();
  if (me === owner.uid && me !== 0) return asWeAre;
  if (me !== 0) {
    const sentence = `${cluster} belongs to another user (uid ${owner.uid}). Run Slugline as that user, or give the folder away with chown -R.`;
    throw new Fault("DATA_NOT_YOURS", sentence, { cluster, owner: owner.uid });
  }
  const identity = owner.uid === 0 ? mapped(await users()) : asUser(owner);
  if (await reaches(identity, cluster, binaries)) return identity;
  throw cannotRun(cluster);
}

/**
 * As whom to make a new cluster in `folder` (ours, empty), which is given to that user where that is needed.
 * Root first maps itself to a plain user in a user namespace: no account, no chown, and private folders stay reachable.
 *
 * @param near the data folder; its owner is tried first where namespaces are barred (as in most containers), and when
 *   it is new it is opened for that user to pass through, not to list
 * @throws Fault ROOT_CANNOT_RUN, USER_HAS_NO_NAME
 */
export async function chooseIdentity(
  folder: string,
  near: { readonly dataDir: string; readonly isNew: boolean },
  binaries: Binaries,
): Promise<Identity> {
  const known = await users();
  if (process.getuid?.() !== 0) {
    if (hasName()) return asWeAre;
    if (await reaches(mapped(known), folder, binaries)) return mapped(known);
    const sentence = `This user (uid ${process.getuid?.()}) has no name in /etc/passwd, which initdb needs. Add one, or set DATABASE_URL.`;
    throw new Fault("USER_HAS_NO_NAME", sentence, { uid: process.getuid?.() });
  }
  if (await reaches(mapped(known), folder, binaries)) return mapped(known);
  if (near.isNew) await chmod(near.dataDir, 0o711);
  const owner = (await stat(near.dataDir)).uid;
  const liked = [
    known.find((user) => user.uid === owner),
    ...["postgres", "node", "nobody"].map((name) => known.find((user) => user.name === name)),
  ];
  for (const user of liked) {
    if (!user || user.uid === 0) continue;
    const given = await chown(folder, user.uid, user.gid).then(
      () => true,
      () => false,
    );
    if (given && (await reaches(asUser(user), folder, binaries))) return asUser(user);
  }
  throw cannotRun(near.dataDir);
}

function cannotRun(folder: string): Fault {
  const sentence =
    `Postgres refuses to run as root, user namespaces are barred here, and no other user reaches ${folder} and node_modules. ` +
    "Run Slugline as a plain user, or allow user namespaces, or set DATABASE_URL.";
  return new Fault("ROOT_CANNOT_RUN", sentence, { folder });
}

/** We are seen as a plain user in a namespace of our own; outside of it every file stays ours. */
function mapped(known: readonly User[]): Identity {
  // initdb insists on a name for its uid, so an account that exists is borrowed; nothing is done as that account.
  const borrowed = known.find((user) => user.uid === 1000) ?? known.find((user) => user.uid > 0);
  const uid = borrowed?.uid ?? 1000;
  return { prefix: ["unshare", "--user", `--map-user=${uid}`, `--map-group=${uid}`, "--"], ids: {} };
}

function asUser(user: { readonly uid: number; readonly gid: number }): Identity {
  return { prefix: [], ids: { uid: user.uid, gid: user.gid } };
}

/** Whether Postgres, run so, could write its folder and read its own programs. */
async function reaches(identity: Identity, folder: string, binaries: Binaries): Promise<boolean> {
  const test = ["/bin/sh", "-c", 'test -w "$1" && test -x "$1" && test -x "$2"', "sh", folder, binaries.postgres];
  const [command = "", ...rest] = [...identity.prefix, ...test];
  return promisify(execFile)(command, rest, { ...identity.ids, env: binaries.env, cwd: "/" }).then(
    () => true,
    () => false,
  );
}

function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

async function users(): Promise<User[]> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}
