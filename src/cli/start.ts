import { ROLES, type Role } from "../app.ts";
import { loadConfig } from "../config.ts";
import { start } from "../main.ts";
import { noSuch, text, type Command } from "./command.ts";

export const startRoles: Command = {
  usage: "slugline start [--role watch,work,editor,redirect,ship]",
  about: "Runs the roles asked for, all of them unless told otherwise, until Ctrl-C.",
  options: { role: { type: "string" } },
  least: 0,
  most: 0,
  run: async (call) => {
    const roles =
      text(call.values["role"])
        ?.split(",")
        .map((role) => role.trim()) ?? ROLES;
    const unknown = roles.find((role) => !ROLES.includes(role as Role));
    if (unknown !== undefined) throw noSuch("role", unknown, ROLES);
    return start(loadConfig(call.env, { folder: call.folder }), roles as Role[], call);
  },
};
