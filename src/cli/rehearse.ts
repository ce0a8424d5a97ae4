import { beginRehearsal, endRehearsal } from "../delivery/rehearse.ts";
import { listedAccounts } from "../newsroom/credential-account.ts";
import { migrate } from "../store/migrate.ts";
import { unknownAccount, withStore, type Command } from "./command.ts";

const BY = { name: "the command line", person: null };
const KEPT = {
  declared: "newsroom.yaml says that it is in rehearsal: change it there, and apply it.",
  held: "short links are on an address that no follower can open. Set SHORT_URL (or site.shortUrl) to a public one.",
};

export const accountRehearse: Command = {
  usage: "slugline account rehearse <name> [--end]",
  about: "Puts an account into rehearsal, whatever newsroom.yaml says, or ends that.",
  options: { end: { type: "boolean" } },
  least: 1,
  most: 1,
  run: (call) =>
    withStore(call, async (store, config, log) => {
      await migrate(store, log);
      const name = call.inputs[0] ?? "";
      const all = await listedAccounts(store);
      const account = all.find((one) => one.name === name);
      if (!account) throw unknownAccount(name, all);
      const end = call.values["end"] === true;
      const pressed = (await (end
        ? endRehearsal(store, account.id, BY, config.shortUrl)
        : beginRehearsal(store, account.id, BY)))!;
      if (call.json) return (call.out(JSON.stringify({ account: name, ...pressed })), 0);
      call.out(
        pressed.rehearsing
          ? `Account ${name} is in rehearsal${pressed.why === null ? ": nothing of it reaches its network." : ` still: ${KEPT[pressed.why]}`}`
          : `Account ${name} posts for real.`,
      );
      if (pressed.back > 0)
        call.out(`${pressed.back} approved ${pressed.back === 1 ? "post waits" : "posts wait"} for a decision again.`);
      return 0;
    }),
};
