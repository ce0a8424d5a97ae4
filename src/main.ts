import type { Config } from "./config.ts";
import { createApp, type App, type Role } from "./app.ts";
import { createSignInLink } from "./newsroom/sign-in-link.ts";

/** Where what a person reads goes. */
export interface Io {
  out(line: string): void;
  err(line: string): void;
}

/** As long as the longest upload takes; what is not done by then is marked and reconciled at the next start. */
const DRAIN_MS = 25_000;

/**
 * Starts the roles and runs until a signal asks to stop: then takes no more work, finishes what is under way, and ends.
 * A second signal ends at once; what was under way is reconciled at the next start, as after a SIGKILL.
 *
 * @returns the exit code
 * @throws Fault with a sentence for what keeps it from starting
 */
export async function start(config: Config, roles: readonly Role[], io: Io): Promise<number> {
  // What a person would read cannot be written (a full disk, a closed terminal): no reason to stop posting.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const asked = Promise.withResolvers<NodeJS.Signals>();
  const onSignal = (signal: NodeJS.Signals) => asked.resolve(signal);
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  const giveUp = new AbortController();
  void asked.promise.then(() => giveUp.abort());
  const app = await createApp(config, roles, { signal: giveUp.signal });
  await greet(app, config, io);
  await asked.promise;
  // A terminal and npm may each pass on the same Ctrl-C: only one that comes later means "now".
  const first = performance.now();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => performance.now() - first > 1_000 && process.exit(1));
  io.err("Stopping: taking no more work, finishing what is under way. (Again to stop at once.)");
  await app.drain(DRAIN_MS);
  await app[Symbol.asyncDispose]();
  return 0;
}

async function greet(app: App, config: Config, io: Io): Promise<void> {
  if (app.roles.has("editor")) io.out(`Editor       ${config.publicUrl}`);
  if (app.roles.has("redirect")) io.out(`Short links  ${config.shortUrl}`);
  io.out(`Health       ${app.healthUrl}`);
  if (app.rehearsing)
    io.out("This is a rehearsal: a news site of its own, posts land on the local timeline, nothing leaves this machine.");
  if (!app.roles.has("editor")) return;
  const { rows } = await app.store.query("select from slugline.person limit 1");
  if (rows.length === 0) {
    const token = await createSignInLink(app.store, null);
    io.out(`\nSign in as the first admin (this link works once, for a day):\n  ${config.publicUrl}/sign-in/${token}`);
  }
}
