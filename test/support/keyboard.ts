import type { CDPSession, Page } from "playwright-core";

/** Where the letters stand on an Arabic keyboard: the same keys, other letters. */
export const ARABIC: Readonly<Record<string, string>> = { a: "ش", e: "ث", h: "ا", j: "ت", k: "ن", s: "س", x: "ء" };

/** Somebody's fingers on a keyboard, counted. */
interface Keys {
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
  /** What the key is called in this layout. */
  name(key: string): string;
  /** How often it was pressed as a shortcut. */
  pressed(key: string): number;
}

export function latinKeys(page: Page): Keys {
  return counted({
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text, { delay: 30 }),
    name: (key) => key,
  });
}

/** The same fingers on an Arabic keyboard: other letters at the same places. */
export async function arabicKeys(page: Page): Promise<Keys> {
  const devtools = await page.context().newCDPSession(page);
  const placeOf = Object.fromEntries(Object.entries(ARABIC).map(([latin, letter]) => [letter, latin]));
  return counted({
    press: (key) => arabicKey(devtools, ARABIC[key] ?? key, key),
    async type(text) {
      for (const letter of text) {
        await arabicKey(devtools, letter, placeOf[letter] ?? letter);
        await pause(30);
      }
    },
    name: (key) => ARABIC[key] ?? key,
  });
}

async function arabicKey(devtools: CDPSession, letter: string, place: string): Promise<void> {
  const code = /^[a-z]$/.test(place) ? `Key${place.toUpperCase()}` : /^\d$/.test(place) ? `Digit${place}` : "Space";
  const key = { key: letter, code, windowsVirtualKeyCode: place.toUpperCase().charCodeAt(0) };
  await devtools.send("Input.dispatchKeyEvent", { type: "keyDown", text: letter, ...key });
  await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
}

function counted(keys: Omit<Keys, "pressed">): Keys {
  const pressed = new Map<string, number>();
  return {
    ...keys,
    async press(key) {
      pressed.set(key, (pressed.get(key) ?? 0) + 1);
      await keys.press(key);
    },
    pressed: (key) => pressed.get(key) ?? 0,
  };
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A small generator that a printed seed repeats. */
export function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
