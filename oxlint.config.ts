import { defineConfig } from "oxlint";

/** The stages in the order of the river: each may import the ones before it. */
const STAGES = ["newsroom", "article", "link", "post", "review", "delivery", "click", "health"];

/** Who may import whom: each room of src/ (`store` is src/store.ts and src/store/) with what it may import besides itself. */
export const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  config: ["lib"],
  store: ["lib"],
  queue: ["lib"],
  networks: ["lib"],
  ...Object.fromEntries(STAGES.map((stage, at) => [stage, ["lib", "store", "queue", ...STAGES.slice(0, at)]])),
  redirect: ["lib", "store", "link", "click"],
  editor: ["lib", "store", ...STAGES],
  api: ["lib", "store", ...STAGES],
  rehearsal: ["lib"],
  app: ["lib", "config", "store", "queue", "networks", ...STAGES, "redirect", "editor", "api", "rehearsal"],
  main: ["lib", "config", "store", "queue", ...STAGES, "rehearsal", "app", "cli"],
  // `editor`: the sentences about troubles are the same on a page and in a terminal.
  cli: ["lib", "config", "store", "queue", ...STAGES, "editor", "rehearsal", "app", "main"],
};

/** Drivers that have a folder of their own beside their file: `src/networks/mastodon.ts` and `src/networks/mastodon/`. */
const DRIVER_FOLDERS = ["bluesky", "mastodon", "telegram", "webhook", "x"];

/** Where a file may lie, and what a path out of there to another room begins with. */
const DEPTHS = [
  { files: (room: string) => `src/${room}.{ts,tsx}`, up: "./" },
  { files: (room: string) => `src/${room}/*.{ts,tsx}`, up: "../" },
  { files: (room: string) => `src/${room}/*/*.{ts,tsx}`, up: "../../" },
  { files: (room: string) => `src/${room}/*/*/*.{ts,tsx}`, up: "../../../" },
];

const literally = (path: string) => path.replaceAll(".", "\\.");

const restrictedImports = (room: string, up: string, ownFolder?: string) => {
  const allowed = IMPORTS[room] ?? [];
  // The networks have their own rules below; a bell is rung in a transaction, so the queue knows the store's types.
  const special = room === "queue" ? ["networks", "store"] : ["networks"];
  const others = Object.keys(IMPORTS).filter((other) => other !== room && !special.includes(other) && !allowed.includes(other));
  const patterns: { regex?: string; group?: string[]; message: string; allowTypeImports?: boolean }[] = [
    {
      regex: `^${literally(up)}(${others.join("|")})(/|\\.tsx?$)`,
      message: `${room} may import ${allowed.join(", ") || "nothing of ours"}.`,
    },
  ];
  if (room === "queue") {
    patterns.push({
      regex: `^${literally(up)}store(/|\\.tsx?$)`,
      allowTypeImports: true,
      message: "The queue knows of the store only types (import type).",
    });
  }
  if (room === "networks") {
    // From src/networks/ itself all that lies beside is another's; from a driver's folder, all that lies above it.
    const above = up === "../" ? "./" : up.replace("../", "");
    const beside = [`${above}[a-z]*`, `${above}[a-z]*/**`];
    patterns.push({
      group: [...beside, `!${above}network.ts`, `!${above}hearing.ts`, ...(ownFolder ? [`!./${ownFolder}/**`] : [])],
      message:
        "A driver may import networks/network.ts, networks/hearing.ts and its own folder (see DRIVER_FOLDERS), never another driver.",
    });
  } else if (!allowed.includes("networks")) {
    const port = `^${literally(up)}networks/network\\.ts$`;
    patterns.push(
      STAGES.includes(room)
        ? { regex: port, allowTypeImports: true, message: "A stage knows of the port only types (import type)." }
        : { regex: port, message: `${room} knows no network.` },
    );
    // Last, because an exception (`!`) ends oxlint's search.
    patterns.push({ group: [`${up}networks/*`, `!${up}networks/network.ts`], message: "Only app.ts knows the drivers." });
  }
  return patterns;
};

/** Ways out of the machine. Servers may be made (`createServer` is not among the names), and types are free. */
const WAYS_OUT = [
  ...["http", "https"].map((name) => ({
    name,
    importNames: ["default", "request", "get", "Agent", "globalAgent", "ClientRequest"],
  })),
  { name: "http2", importNames: ["default", "connect"] },
  { name: "net", importNames: ["default", "connect", "createConnection", "Socket"] },
  { name: "tls", importNames: ["default", "connect", "TLSSocket"] },
  { name: "dgram" },
]
  .flatMap((way) => [way, { ...way, name: `node:${way.name}` }])
  .concat([{ name: "undici" }])
  .map((way) => ({ ...way, allowTypeImports: true, message: "src/lib/outbound is the only way out." }));

const WAYS_OUT_GLOBAL = ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"].map((name) => ({
  name,
  message: "src/lib/outbound is the only way out.",
}));

const table = Object.keys(IMPORTS).flatMap((room) =>
  DEPTHS.map(({ files, up }) => ({
    files: [files(room)],
    rules: { "no-restricted-imports": ["error", { patterns: restrictedImports(room, up), paths: WAYS_OUT }] as const },
  })),
);

const drivers = DRIVER_FOLDERS.map((driver) => ({
  files: [`src/networks/${driver}.ts`],
  rules: {
    "no-restricted-imports": ["error", { patterns: restrictedImports("networks", "../", driver), paths: WAYS_OUT }] as const,
  },
}));

/** The one guarded way out: lib/outbound.ts or lib/outbound/, which still imports nothing of ours. */
const outbound = ["../", "../../"].map((up) => ({
  files: [up === "../" ? "src/lib/outbound.ts" : "src/lib/outbound/*.ts"],
  rules: {
    "no-restricted-imports": ["error", { patterns: restrictedImports("lib", up) }] as const,
    "no-restricted-globals": "off" as const,
  },
}));

export default defineConfig({
  plugins: ["typescript", "unicorn", "oxc", "import", "node", "promise", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["node_modules/", "dist/", "data/"],
  rules: {
    eqeqeq: ["error", "always"],
    "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
    "no-console": "error",
    "no-empty": "error",
    "no-var": "error",
    "no-warning-comments": "error",
    "prefer-const": "error",
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    "node/no-process-env": "error",
    "oxc/no-barrel-file": ["error", { threshold: 0 }],
    "typescript/ban-ts-comment": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-namespace": "error",
    "unicorn/prefer-node-protocol": "error",
    // These ask for a style, or stumble over what the code does on purpose.
    "import/no-named-as-default-member": "off",
    "no-control-regex": "off",
    "no-misleading-character-class": "off",
    "no-shadow": "off",
    "no-underscore-dangle": "off",
    "no-new": "off",
    "no-unmodified-loop-condition": "off",
    "promise/always-return": "off",
    "promise/no-callback-in-promise": "off",
    "unicorn/require-post-message-target-origin": "off",
    "unicorn/consistent-function-scoping": "off",
  },
  overrides: [
    { files: ["src/**"], rules: { "no-restricted-globals": ["error", ...WAYS_OUT_GLOBAL] } },
    ...table,
    ...drivers,
    ...outbound,
    { files: ["src/config.ts", "src/config/**"], rules: { "node/no-process-env": "off" } },
    { files: ["src/cli.ts", "src/cli/**"], rules: { "no-console": "off" } },
    { files: ["bin/**", "bench/**", "test/**"], rules: { "node/no-process-env": "off", "no-console": "off" } },
    { files: ["*.config.ts"], rules: { "import/no-default-export": "off", "node/no-process-env": "off" } },
    // Scripts for the browser: they ask the server they came from.
    { files: ["src/editor/assets/**"], rules: { "no-restricted-globals": "off" } },
    {
      files: ["test/**"],
      rules: {
        // A property may assert inside its own runner or in a shared suite, and only where a condition holds.
        "vitest/expect-expect": "off",
        "vitest/no-conditional-expect": "off",
        "vitest/no-conditional-tests": "off",
        "vitest/no-standalone-expect": "off",
        "vitest/valid-expect": ["error", { maxArgs: 2 }],
        "vitest/require-to-throw-message": "off",
      },
    },
  ],
});
