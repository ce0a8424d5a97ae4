import { describe, expect, test } from "vitest";
import { foldCode, shortUrlOf, targetProblem } from "../../src/link/link.ts";

const rules = { shortHost: "go.example.org", allowLoopback: false };

describe("where a link may lead", () => {
  test.each(["https://example.org/a?b=c#d", "https://example.org:8443/a", "https://مثال.example/خبر"])("%s is fine", (url) => {
    expect(targetProblem(url, rules)).toBeNull();
  });
  test.each([
    "http://example.org/a",
    "javascript:alert(1)",
    "data:text/html,x",
    "//example.org/a",
    "https:///example.org",
    "https:example.org",
    "https://anna@example.org/",
    "https://anna:pw@example.org/",
    "https://example.org/a\nb",
    "https://example.org/a b",
    "https://example.org\\@evil.example/",
    "https://go.example.org/abcdefgh",
    "https://GO.example.org/abcdefgh",
    "https://localhost/a",
    "https://127.0.0.1/a",
    "https://[::1]/a",
    "https://2130706433/a",
    "ftp://example.org/a",
    "",
  ])("%s is refused", (url) => {
    expect(targetProblem(url, rules)).toMatch(/\.$/);
  });
  test("a rehearsal may lead to this machine by http, and nowhere else by http", () => {
    const rehearsal = { shortHost: "127.0.0.1:3001", allowLoopback: true };
    expect(targetProblem("http://localhost:3003/story", rehearsal)).toBeNull();
    expect(targetProblem("http://127.0.0.1:3003/story", rehearsal)).toBeNull();
    expect(targetProblem("http://127.0.0.1:3001/story", rehearsal)).not.toBeNull();
    expect(targetProblem("http://example.org/story", rehearsal)).not.toBeNull();
  });
});

describe("codes", () => {
  test("a code of ours typed in capitals is folded; an imported one keeps its case", () => {
    expect(foldCode("ABCD2345")).toBe("abcd2345");
    expect(foldCode("abcd2345")).toBeNull();
    expect(foldCode("ABCD2O45")).toBeNull();
    expect(foldCode("Imported")).toBeNull();
    expect(foldCode("ABC")).toBeNull();
  });
  test("a short address has one slash", () => {
    expect(shortUrlOf("https://go.example.org/", "abcd2345")).toBe("https://go.example.org/abcd2345");
  });
});
