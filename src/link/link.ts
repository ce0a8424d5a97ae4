/** No 0/o, 1/i/l: a code can be read aloud and typed from paper. */
export const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";
/** 31^8 = 8.5e11 codes: with a million links, one guess in about 850,000 hits. */
export const CODE_LENGTH = 8;

export type LinkState = "reserved" | "live" | "retired";

const OWN_CODE = new RegExp(`^[${ALPHABET}]{${CODE_LENGTH}}$`);

/**
 * The code of our own alphabet that was meant by one typed in capitals. Null when it is none of ours (codes imported
 * from another shortener keep their case) or is written exactly already. Look up the exact code first.
 */
export function foldCode(code: string): string | null {
  if (code.length !== CODE_LENGTH) return null;
  const folded = code.toLowerCase();
  return folded !== code && OWN_CODE.test(folded) ? folded : null;
}

/** @param base origin of the short links, with or without a slash at its end */
export function shortUrlOf(base: string, code: string): string {
  return `${base.replace(/\/+$/, "")}/${code}`;
}

export interface TargetRules {
  /** Our own short host (`go.example.org`, with its port if it has one): a link to it could go in circles. Null: not known. */
  readonly shortHost: string | null;
  /** Rehearsal: http, and addresses of this machine, are fine as long as they are both. */
  readonly allowLoopback: boolean;
}

/** Why a link must not lead to this address, as a sentence; null when it may (ASVS 1.2.2: only addresses a reader can trust). */
export function targetProblem(url: string, { shortHost, allowLoopback }: TargetRules): string | null {
  if (/[\u0000-\u0020\u007f-\u009f\\]/.test(url)) return "The address has a space, a backslash or a control character in it.";
  if (!/^https?:\/\/[^/]/i.test(url)) return "The address must begin with https://.";
  if (!URL.canParse(url)) return "This is not a web address.";
  const target = new URL(url);
  if (target.username !== "" || target.password !== "") return "The address must not carry a name or a password.";
  if (shortHost !== null && target.host === shortHost.toLowerCase()) return "The address is one of our own short links.";
  const loopback = isLoopback(target.hostname);
  if (loopback && !allowLoopback) return "The address leads to this machine; only a rehearsal may do that.";
  if (target.protocol !== "https:" && !loopback) return "The address must begin with https://.";
  return null;
}

/** A link's target after its story moved to `url`: with the utm parameters that it was made with. */
export function movedTarget(before: string, url: string): string {
  const target = new URL(url);
  for (const [name, value] of new URL(before).searchParams)
    if (name.startsWith("utm_") && !target.searchParams.has(name)) target.searchParams.set(name, value);
  return target.href;
}

/** Whether a host, as `URL` writes it, is this very machine. */
function isLoopback(hostname: string): boolean {
  return hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname) || /(^|\.)localhost\.?$/.test(hostname);
}
