/** `npm run bench -- start|hook|redirect`: every speed we claim, measured on this machine. Without a name: all of them. */
const BENCHES: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  start: () => import("./start.ts"),
  hook: () => import("./hook.ts"),
  redirect: () => import("./redirect.ts"),
};

const asked = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const unknown = asked.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  console.error(`There is no bench "${unknown}". Benches: ${Object.keys(BENCHES).join(", ")}.`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  console.log(`\n${name}`);
  await (await BENCHES[name]!()).run();
}
