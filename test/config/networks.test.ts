import { describe, expect, test } from "vitest";
import { envField, NETWORK_NAMES, NETWORKS } from "../../src/config/networks.ts";
import { faultsOf, parsed, SITE } from "./support.ts";

const SECRET = Buffer.alloc(32, 7).toString("base64");
const one = (fields: string) => `${SITE}accounts:\n  - { name: a, ${fields} }\n`;

describe("what each network asks of an account", () => {
  test.for(NETWORK_NAMES)("an empty account on %s is told each field it lacks, and where to find it", (network) => {
    const row = NETWORKS[network]!;
    const faults = faultsOf(() => parsed(one(`network: ${network}`))).join("\n");
    const keys = [
      ...(row.server && "like" in row.server ? ["server"] : []),
      ...(row.handle ? ["handle"] : []),
      ...Object.entries(row.settings).flatMap(([key, { needed }]) => (needed ? [key] : [])),
      ...Object.keys(row.secrets).map(envField),
    ];
    for (const key of keys) expect(faults).toContain(`accounts[0].${key}: is missing`);
    for (const { env, where } of Object.values(row.secrets))
      expect(faults).toContain(`such as ${env}. Where to find it: ${where}`);
    expect(faults.split("\n").filter((line) => line !== "")).toHaveLength(keys.length);
  });

  test.for(NETWORK_NAMES)("in rehearsal an account on %s needs none of them", (network) => {
    expect(faultsOf(() => parsed(one(`network: ${network}, rehearsal: true`)))).toEqual([]);
  });

  test("X has its usual server and four secrets; only their names become settings", () => {
    const text = one(
      "network: x, appKeyEnv: X_APP_KEY, appSecretEnv: X_APP_SECRET, accessTokenEnv: X_TOKEN, accessSecretEnv: X_TOKEN_SECRET",
    );
    const env = { X_APP_KEY: "k", X_APP_SECRET: "s", X_TOKEN_SECRET: "u" };
    expect(parsed(text, { ...env, X_TOKEN: "t" }).accounts[0]).toMatchObject({
      server: "https://api.x.com",
      settings: {
        appKeyEnv: "X_APP_KEY",
        appSecretEnv: "X_APP_SECRET",
        accessTokenEnv: "X_TOKEN",
        accessSecretEnv: "X_TOKEN_SECRET",
        picture: "card",
      },
    });
    expect(faultsOf(() => parsed(text, env)).join()).toMatch(
      /accounts\[0\]\.accessTokenEnv: the environment variable X_TOKEN is not set.*developer\.x\.com.*Access Token/,
    );
  });

  test("yes and no are written plainly, and kept as text", () => {
    const premium = (value: string) =>
      parsed(one(`network: x, rehearsal: true, premium: ${value}`)).accounts[0]?.settings["premium"];
    expect([premium("true"), premium("false"), premium('"true"')]).toEqual(["true", "false", "true"]);
    expect(faultsOf(() => premium("perhaps"))).toEqual([
      expect.stringMatching(/^config\/newsroom\.yaml:3 accounts\[0\]\.premium: must be true or false\.$/),
    ]);
  });

  test("any network may be elsewhere: a proxy, a server of one's own, a stand-in", () => {
    expect(
      parsed(one('network: bluesky, server: "https://pds.example/", handle: "@me.example", passwordEnv: PASS'), { PASS: "p" })
        .accounts[0],
    ).toMatchObject({ server: "https://pds.example", handle: "me.example", settings: { passwordEnv: "PASS" } });
  });

  test("a channel is a public name or a number", () => {
    const channel = (chat: string) =>
      faultsOf(() => parsed(one(`network: telegram, tokenEnv: TOKEN, chat: ${chat}`), { TOKEN: "1:a" })).join();
    expect(channel('"@example"')).toBe("");
    expect(channel('"-1001234567890"')).toBe("");
    expect(channel('"example channel"')).toMatch(/accounts\[0\]\.chat: must be the channel: its public name/);
  });

  test("a webhook's server is its address'; it goes over TLS, but to this machine", () => {
    const to =
      (url: string, secret = SECRET) =>
      () =>
        parsed(one(`network: webhook, url: "${url}", secretEnv: HOOK`), { HOOK: secret });
    expect(to("https://partner.example/posts?to=news")().accounts[0]).toMatchObject({
      server: "https://partner.example",
      settings: { url: "https://partner.example/posts?to=news", secretEnv: "HOOK" },
    });
    expect(faultsOf(to("http://127.0.0.1:8080/in"))).toEqual([]);
    for (const url of [
      "http://partner.example/",
      "https://me:hunter2@partner.example/",
      "javascript:alert(1)",
      "http://127.0.0.1.example/",
    ])
      expect(faultsOf(to(url)).join()).toMatch(/url: must be an https address/);
    expect(faultsOf(to("https://partner.example/", `${SECRET} ${SECRET}`)), "the new one and the old one").toEqual([]);
    expect(faultsOf(to("https://partner.example/", "hunter2")).join()).toMatch(
      /secretEnv: names a variable whose value is no webhook secret/,
    );
  });

  test("what belongs to another network is refused, with what there is", () => {
    expect(faultsOf(() => parsed(one("network: x, rehearsal: true, visibility: public"))).join()).toMatch(
      /accounts\[0\]\.visibility: is not known here\. Known: name, network, server, appKeyEnv,/,
    );
  });

  test("no network, or one there is not", () => {
    expect(faultsOf(() => parsed(one("lang: en")))).toEqual([
      expect.stringMatching(/accounts\[0\]\.network: is missing: one of mastodon, x/),
    ]);
    expect(faultsOf(() => parsed(one("network: blusky"))).join()).toMatch(/Did you mean "bluesky"/);
  });
});
