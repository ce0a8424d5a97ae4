// Runs the built program under the Node it is made for; bin/slugline.js leads here.
if (process.channel) {
  // Our wrapper was killed: stop as if we had been asked to, or the next start would find us in its way.
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel.unref();
}
const { run } = await import("../../dist/cli.js");
process.exitCode = await run(process.argv.slice(2));
