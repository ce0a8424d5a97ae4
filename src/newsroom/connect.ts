import { createHash } from "node:crypto";
import type { App } from "../networks/network.ts";

/** A social account that is to be added by a sign-in at its network. */
export interface NewAccount {
  readonly name: string;
  readonly network: string;
  /** Origin of its server. */
  readonly server: string;
  /** Origin of the page where people agree, where that is not the network's usual one. */
  readonly authorize: string | null;
  /** BCP 47; null: as each article is. */
  readonly lang: string | null;
  readonly mode: "review" | "auto";
  /** Every source's stories are offered to it; else only what rules give it. */
  readonly takesAll: boolean;
}

/** Who does it, by which session. */
export interface By {
  readonly person: string;
  readonly session: string;
}

/** What is wrong with what a person asks for; the editor has a sentence for each (`connect.problem.<code>`). */
export type AskedProblem =
  /** nobody signs in to this network */
  | "network"
  | "name"
  | "name-taken"
  | "server"
  | "authorize"
  | "lang"
  /** the id of an app is needed that a person makes there */
  | "app"
  /** its access stands in the environment */
  | "in-file"
  | "disabled"
  /** its server could not be asked; `why` says more */
  | "away";

/** Why a person who came back from the network is turned away. */
export type CameProblem =
  | "unknown"
  | "other-session"
  | "used"
  | "expired"
  | "denied"
  /** the network did not take the sign-in; `why` says more */
  | "refused"
  | "away"
  /** signed in as another than the one that is connected anew */
  | "other-account"
  /** another account of ours is this very one */
  | "there-already"
  | "name-taken"
  | "disabled";

export type No<Code> = { readonly ok: false; readonly code: Code; readonly why?: string };

/** What a form of a network has to ask. */
export interface ConnectNetwork {
  readonly name: string;
  /** Its usual server; null where each account has one of its own. */
  readonly server: string | null;
  readonly authorize: string | null;
  /** A person makes our app there by hand, and types its id and secret. */
  readonly byHand: boolean;
  /** The address that the app there has to know. */
  readonly callback: string;
}

/** Sealed with an attempt until the person comes back. */
export interface Ticket {
  readonly app: App;
  readonly verifier: string;
}

/** RFC 7636, 4.2. */
export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

/** What is wrong with an account as it was asked for, before anybody else is asked; null for nothing. */
export function problemOf(account: NewAccount): AskedProblem | null {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(account.name)) return "name";
  if (!isSafeOrigin(account.server)) return "server";
  if (account.authorize !== null && !isSafeOrigin(account.authorize)) return "authorize";
  if (account.lang !== null && !isLanguage(account.lang)) return "lang";
  return null;
}

/** Codes and tokens go over https; in the clear only on this very machine. */
function isSafeOrigin(address: string): boolean {
  const url = URL.parse(address);
  if (url === null || url.origin !== address) return false;
  const local = url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname) || /(^|\.)localhost$/.test(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && local);
}

function isLanguage(lang: string): boolean {
  try {
    return Intl.getCanonicalLocales(lang).length === 1;
  } catch {
    return false;
  }
}

/** The origin a person means by `mastodon.example/` or its whole address; as it was typed where it is none. */
export function originMeant(typed: string): string {
  const text = typed.trim();
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  return url === null || url.username !== "" || url.password !== "" || url.host === "" ? text : url.origin;
}

/** Whether two handles name the same account: with or without @, in any case. */
export function sameHandle(one: string, other: string): boolean {
  const plain = (handle: string) => handle.replace(/^@/, "").toLowerCase();
  return plain(one) === plain(other);
}

/** An account whose access stands in the environment: a program cannot put another one there. */
export function variablesOf(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([key, name]) =>
    key.endsWith("Env") && !key.startsWith("client") && typeof name === "string" ? [name] : [],
  );
}
