import { Fault } from "../lib/fault.ts";
import { apply } from "../newsroom/apply.ts";
import { createPerson, personByEmail } from "../newsroom/people.ts";
import { isEmail, type Role } from "../newsroom/person.ts";
import { createSignInLink } from "../newsroom/sign-in-link.ts";
import { pause, paused, resume } from "../newsroom/store.ts";
import { migrate, migrationState } from "../store/migrate.ts";
import { noSuch, text, withStore, WrongUsage, type Command } from "./command.ts";

const PERSON_ROLES = ["viewer", "writer", "editor", "admin"];

export const migrateStore: Command = {
  usage: "slugline migrate",
  about: "Brings the store's schema to where this version expects it. `start` does so too.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store, _, log) => {
      await migrate(store, log);
      const { applied } = await migrationState(store);
      call.out(call.json ? JSON.stringify({ applied }) : `The schema is at ${applied}.`);
      return 0;
    }),
};

export const applyFile: Command = {
  usage: "slugline apply <newsroom.yaml>",
  about: "Checks a configuration and puts it into the store. Running processes follow at once.",
  least: 1,
  most: 1,
  run: (call) =>
    withStore(
      call,
      async (store, config, log) => {
        if (!config.newsroom) throw new Fault("CONFIG_MISSING", "There is nothing to apply.");
        await migrate(store, log);
        const applied = await apply(store, config.newsroom, { shortUrl: config.shortUrl });
        const disabled =
          applied.disabled.length === 0 ? "" : ` Not in the file any more, and disabled: ${applied.disabled.join(", ")}.`;
        call.out(
          call.json
            ? JSON.stringify(applied)
            : `Applied: ${applied.sources} sources, ${applied.accounts} accounts, ${applied.rules} rules.${disabled}`,
        );
        return 0;
      },
      call.inputs[0],
    ),
};

export const userAdd: Command = {
  usage: "slugline user add <email> [--name NAME] [--role editor]",
  about: "Adds a person, or finds the one with this address, and prints a link by which they choose a password.",
  options: { name: { type: "string" }, role: { type: "string" } },
  least: 1,
  most: 1,
  run: async (call) => {
    const email = call.inputs[0] ?? "";
    const role = text(call.values["role"]) ?? "editor";
    if (!isEmail(email)) throw new WrongUsage(`"${email}" is not an e-mail address.`);
    if (!PERSON_ROLES.includes(role)) throw noSuch("role", role, PERSON_ROLES);
    return withStore(call, async (store, config, log) => {
      await migrate(store, log);
      const token = await store.transaction(async (db) => {
        const name = text(call.values["name"]) ?? email.split("@", 1)[0]!;
        const person = (await createPerson(db, { email, name, role: role as Role })) ?? (await personByEmail(db, email));
        if (!person) throw new Fault("PERSON_DISABLED", `The person with the address ${email} is disabled.`);
        return createSignInLink(db, person.id);
      });
      const link = `${config.publicUrl}/sign-in/${token}`;
      call.out(
        call.json ? JSON.stringify({ email, role, link }) : `${email} may sign in by this link, once, within a day:\n  ${link}`,
      );
      return 0;
    });
  },
};

export const pauseSending: Command = {
  usage: "slugline pause [why]",
  about: "Stops all sending. What is already on its way is followed to its end.",
  least: 0,
  most: 1,
  run: (call) =>
    withStore(call, async (store) => {
      await pause(store, "the command line", call.inputs[0] ?? "");
      const now = await paused(store);
      call.out(call.json ? JSON.stringify({ paused: now ?? null }) : "Nothing is sent until `slugline resume`.");
      return 0;
    }),
};

export const resumeSending: Command = {
  usage: "slugline resume",
  about: "Lets sending go on.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store) => {
      if (!(await resume(store, "the command line")))
        throw new Fault(
          "ON_HOLD",
          "The store was restored and is on hold; `slugline hold` says how far it is, `slugline hold end` ends it.",
        );
      call.out(call.json ? JSON.stringify({ paused: null }) : "Sending goes on.");
      return 0;
    }),
};
