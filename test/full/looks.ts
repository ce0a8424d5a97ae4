import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { PATIENCE_MS } from "../support/store.ts";

/** WCAG 2.2 at its levels A and AA. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** In the dark a page differs by its colours alone (`light-dark()`), which these rules look at. */
const COLOURS = ["color-contrast", "link-in-text-block"];

export const WIDTHS = [1440, 320];
/** So many pages of a browser are looked at side by side. */
const SIDE_BY_SIDE = 3;

export interface Signed {
  readonly origin: string;
  readonly lang: string;
  /** Who comes; nobody without it. */
  readonly cookie?: string;
  readonly width?: number;
}

/** A browser window of its own, in which `work` is done with each of these; answers with all that was found. */
export async function withEach<Item>(
  browser: Browser,
  { origin, lang, cookie, width = WIDTHS[0]! }: Signed,
  items: readonly Item[],
  work: (page: Page, item: Item) => Promise<readonly string[]>,
): Promise<string[]> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    baseURL: origin,
    locale: lang,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  if (cookie !== undefined) await context.addCookies([{ name: "slugline", value: cookie.split("=")[1]!, url: origin }]);
  const waiting = [...items];
  const found: string[] = [];
  await Promise.all(
    Array.from({ length: Math.min(SIDE_BY_SIDE, items.length) }, async () => {
      const page = await context.newPage();
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) found.push(...(await work(page, item)));
    }),
  );
  await context.close();
  return found;
}

/** What is wrong with the page as it stands, wide and narrow, light and dark: by axe, and whether it is wider than its window. */
export async function faultsOf(page: Page, what: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const faults: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      const found = await violations(
        page,
        scheme === "light" ? { type: "tag", values: TAGS } : { type: "rule", values: COLOURS },
      );
      const wide = (await page.evaluate("document.documentElement.scrollWidth")) as number;
      const all = [...found, ...(scheme === "light" && wide > width ? [`${wide} pixels wide`] : [])];
      faults.push(...all.map((fault) => `${what} · ${width} ${scheme} · ${fault}`));
    }
  }
  return faults;
}

async function violations(page: Page, runOnly: { type: string; values: readonly string[] }): Promise<string[]> {
  return (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(runOnly)}, resultTypes: ["violations"] }).then(({ violations }) =>
       violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + " " + target.join(" ") + ": " + failureSummary.split("\\n").slice(1).join(" ").trim())))`,
  )) as string[];
}
