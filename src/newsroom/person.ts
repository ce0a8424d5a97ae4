export type Role = "viewer" | "writer" | "editor" | "admin";

/** What a person may want to do. What is not listed for a role is not allowed. */
export type Act = "see" | "write" | "decide" | "stop" | "manage";

const MAY: Readonly<Record<Role, readonly Act[]>> = {
  viewer: ["see"],
  writer: ["see", "write"],
  editor: ["see", "write", "decide", "stop"],
  admin: ["see", "write", "decide", "stop", "manage"],
};

/** Whether a role allows an act; an unknown role allows nothing. */
export function may(role: Role, act: Act): boolean {
  return MAY[role]?.includes(act) ?? false;
}

/** Long enough that guessing online is hopeless with our back-off; any characters, at least 64 of them accepted. */
const SHORTEST_PASSWORD = 12;
const LONGEST_PASSWORD = 512;

/** What attackers try first, of ten characters or more (shorter ones are refused by their length). */
const COMMON = new Set(
  "1234567890 0123456789 9876543210 1q2w3e4r5t qwertyuiop password12 password123 password1234 passw0rd123 iloveyou123 administrator changeme123 letmein123 welcome123 qwerty12345 qwerty123456 1qaz2wsx3edc 123456789a a123456789 0987654321 1111111111 0000000000 abcdefghij asdfghjkl1 zxcvbnm123".split(
    " ",
  ),
);

export type PasswordProblem = "too-short" | "too-long" | "too-common";

/** Why a password cannot be taken; null when it can. */
export function passwordProblem(
  password: string,
  about: { readonly email: string; readonly name: string },
): PasswordProblem | null {
  if ([...password].length < SHORTEST_PASSWORD) return "too-short";
  if (password.length > LONGEST_PASSWORD) return "too-long";
  const plain = password.toLowerCase();
  const own = [about.email, about.email.split("@")[0] ?? "", about.name, "slugline"].map((text) => text.toLowerCase().trim());
  if (COMMON.has(plain) || new Set(plain).size < 4 || own.includes(plain)) return "too-common";
  return null;
}

/** Whether text looks like an address a person could be reached at; the proof is theirs. */
export function isEmail(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$/.test(text);
}
