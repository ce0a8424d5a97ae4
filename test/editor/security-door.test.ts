import { dictionary } from "@zxcvbn-ts/language-common";
import { describe, expect, test } from "vitest";
import { createEditor } from "../../src/editor/editor.ts";
import { passwordProblem } from "../../src/newsroom/password.ts";
import { advance } from "../support/store.ts";
import { cast, PASSWORD } from "./cast.ts";
import { entrance } from "./entrance.ts";
import { posted } from "./seed.ts";

const { store, deps, editor, cookiesOf, jar, signIn, withCode } = await entrance();

describe("cookies", () => {
  test("are for scripts to leave alone, for no other site, for this host alone, and on https for https (ASVS 3.3.2, 3.3.3, 3.3.4, 3.5.4)", async () => {
    const rosa = await withCode();
    const secure = createEditor({ ...deps, publicUrl: "https://slugline.example.org" });
    const plain = await cast(store, { role: "viewer", accounts: {} });
    const full = await secure.request("/sign-in", posted({ email: plain.email, password: PASSWORD }, ""));
    const half = await secure.request("/sign-in", posted({ email: rosa.email, password: PASSWORD }, ""));
    expect(full.headers.get("location")).toBe("/");
    expect(half.headers.get("location")).toMatch(/^\/sign-in\/code(?:\?|$)/);
    const gone = await secure.request("/sign-out", posted({}, jar(full)));
    const given = [full, half, gone].flatMap(cookiesOf);
    expect(given.length).toBe(3);
    for (const cookie of given) {
      expect(cookie).toMatch(/^__Host-slugline(?:-code)?=/);
      for (const part of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]) expect(cookie.split("; ")).toContain(part);
      expect(cookie).not.toMatch(/domain/i);
    }
    for (const cookie of [await signIn(plain.email), await signIn(rosa.email)].flatMap(cookiesOf))
      expect(cookie, "on loopback").toMatch(/^slugline(?:-code)?=.*; Path=\/; .*HttpOnly; SameSite=Lax$/);
  });
});

describe("every answer", () => {
  test("says what a page may do: nothing inline, nothing embedded, framed by nobody (ASVS 3.4.3, 3.4.6)", async () => {
    const { cookie } = await cast(store, { role: "admin", accounts: {} });
    for (const path of ["/", "/me", "/people", "/sign-in", "/nowhere", "/live"]) {
      const answer = await editor.request(path, { headers: { cookie } });
      await answer.body?.cancel();
      const policy = new Map(
        (answer.headers.get("content-security-policy") ?? "").split("; ").map((one): [string, string] => {
          const [name = "", ...values] = one.split(" ");
          return [name, values.join(" ")];
        }),
      );
      for (const nothing of ["default-src", "object-src", "base-uri", "frame-ancestors"])
        expect(policy.get(nothing), path).toBe("'none'");
      expect(policy.get("script-src"), path).toBe("'self'");
      expect(policy.get("style-src"), path).toBe("'self'");
      expect(policy.get("require-trusted-types-for"), path).toBe("'script'");
      expect(policy.get("form-action"), path).toBe("'self'");
      expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(answer.headers.get("cache-control"), path).toBe("no-store");
    }
  });
});

describe("guessing", () => {
  test("is slowed per person and per address, a /64 being one, and never keeps the owner out elsewhere (ASVS 6.3.1, 2.4.1)", async () => {
    const { email } = await cast(store, { role: "editor", accounts: {} });
    for (let n = 0; n < 10; n++) expect((await signIn(email, `guess ${n}`, `2001:db8:1:2::${n + 1}`)).status).toBe(401);
    expect((await signIn(email, PASSWORD, "2001:db8:1:2:ffff::1")).status, "the same house").toBe(429);
    expect((await signIn(email, PASSWORD, "2001:db8:1:3::1")).status, "another house").toBe(303);
    for (let n = 0; n < 30; n++) await signIn(`nobody${n}@example.org`, "guess", "198.51.100.9");
    expect((await signIn(email, PASSWORD, "198.51.100.9")).status, "an address that guesses at everybody").toBe(429);
    await advance(store, "16m");
    expect((await signIn(email, PASSWORD, "198.51.100.9")).status, "later").toBe(303);
  });

  test("does not get away by a made-up X-Forwarded-For; our own proxy's is believed (ASVS 4.1.3)", async () => {
    const { email } = await cast(store, { role: "editor", accounts: {} });
    for (let n = 0; n < 10; n++)
      await signIn(email, "guess", "203.0.113.9", { "x-forwarded-for": `192.0.2.${n}`, "x-real-ip": `192.0.2.${n}` });
    expect((await signIn(email, PASSWORD, "203.0.113.9", { "x-forwarded-for": "192.0.2.99" })).status).toBe(429);
    expect((await signIn(email, PASSWORD, "10.1.2.3", { "x-forwarded-for": "203.0.113.9" })).status, "by the proxy").toBe(429);
    expect((await signIn(email, PASSWORD, "10.1.2.3", { "x-forwarded-for": "203.0.113.9, 192.0.2.44" })).status).toBe(303);
  });

  test("many right ones from one office are no guesses (ASVS 6.3.1)", async () => {
    const { email } = await cast(store, { role: "editor", accounts: {} });
    for (let n = 0; n < 35; n++) expect((await signIn(email)).status, `${n}`).toBe(303);
  });

  test("starts not from the passwords everybody tries; long ones are taken, whatever they are made of (ASVS 6.2.4, 6.2.9)", () => {
    const about = { email: "rosa@example.org", name: "Rosa Haddad" };
    for (const common of [
      "password1234",
      "123456789012",
      "qwertyuiop12",
      "administrator",
      "Qwerty123456",
      "1q2w3e4r5t6y",
      "iloveyou1234",
      "letmein12345",
      "welcome12345",
      "passwordpassword",
      "123123123123",
      "abcabcabcabc",
      "rosa@example.org",
      "rosa haddad",
    ])
      expect(passwordProblem(common, about), common).not.toBeNull();
    const top = (dictionary["passwords-common"] as readonly string[]).slice(0, 3_000);
    expect(top).toHaveLength(3_000);
    expect(top.filter((common) => passwordProblem(common, about) === null)).toEqual([]);
    for (const long of [
      "x1y2".repeat(16),
      "گفتوگۆی ئارام ".repeat(10),
      `${"correct horse battery staple ".repeat(4)}`,
      "🦉 owls at night 🦉".repeat(5),
    ])
      expect(passwordProblem(long, about), long).toBeNull();
  });
});
