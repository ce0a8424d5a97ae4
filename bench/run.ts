/**
 * `npm run bench -- start|hook|redirect|queue|backup|delivery [--json]`: every speed we claim, measured on this machine.
 * Without a name: all of them. `--json`: one line of JSON for each result, from those that have it (delivery).
 */
const BENCHES: Readonly<Record<string, () => Promise<{ run(how: { json: boolean }): Promise<void> }>>> = {
  start: () => import("./start.ts"),
  hook: () => import("./hook.ts"),
  redirect: () => import("./redirect.ts"),
  queue: () => import("./queue.ts"),
  backup: () => import("./backup.ts"),
  delivery: () => import("./delivery.ts"),
};

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const unknown = asked.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  console.error(`There is no bench "${unknown}". Benches: ${Object.keys(BENCHES).join(", ")}.`);
  process.exit(2);
}
const json = process.argv.includes("--json");
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  if (!json) console.log(`\n${name}`);
  await (await BENCHES[name]!()).run({ json });
}
