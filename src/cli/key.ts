import { rotate } from "../newsroom/seal-rotate.ts";
import { migrate } from "../store/migrate.ts";
import { withStore, type Command } from "./command.ts";

export const keyRotate: Command = {
  usage: "slugline key rotate",
  about: "Seals every secret in the store anew, under the newest key of SLUGLINE_KEY. Safe while Slugline runs.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store, config, log) => {
      await migrate(store, log);
      const rotated = await rotate(store, config.keys);
      const { key, resealed, unreadable } = rotated;
      if (call.json) call.out(JSON.stringify(rotated));
      else {
        for (const { table, row, why } of unreadable) call.out(`Not read  ${table} ${row}: ${why}`);
        call.out(
          `${resealed} ${resealed === 1 ? "secret" : "secrets"} sealed anew; all that can be read is under the key ${key}.`,
        );
        if (unreadable.length === 0)
          call.out("The older keys may go from SLUGLINE_KEY, once every process runs with the newest one and this says 0.");
      }
      return unreadable.length === 0 ? 0 : 1;
    }),
};
