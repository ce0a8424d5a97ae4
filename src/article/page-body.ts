import { Readability } from "@mozilla/readability";
import { cleanText } from "../lib/text/clean.ts";
import { isElement, isTextNode, type Document, type DomNode, type Element } from "./dom.ts";

/** Nothing of these is the story's text. */
const NEVER =
  "figure, figcaption, aside, nav, footer, form, time, button, script, style, noscript, iframe, svg, select, textarea, [hidden], [aria-hidden=true]";
/** Names newsrooms' templates give to what stands around a story. */
const FURNITURE =
  /(?:^|[\s_-])(?:related|promo\w*|newsletter|subscri\w*|share|sharing|social|caption|credit|byline|author-?(?:box|bio|info)?|tags?|tag-?list|topics|breadcrumbs?|advert\w*|ads?|sponsor\w*|recommend\w*|comments?|respond|reply|follow|copyright|disclaimer|read-?more|more-?on|also-?read|inline-?link|sidebar|widget|meta|entry-?meta|post-?meta|dateline|timestamp|signup|paywall|shortlink|jp-relatedposts)(?:$|[\s_-])/i;
const FURNITURE_LONGEST = 700;
const LINKS_LONGEST = 400;
const BLOCK =
  /^(?:ADDRESS|ARTICLE|BLOCKQUOTE|BR|CENTER|DD|DIV|DL|DT|H[1-6]|HR|HEADER|LI|MAIN|OL|P|PRE|SECTION|TABLE|TBODY|TD|TH|TR|UL)$/;

/** The paragraphs Readability takes for the story, with a cleaning pass over its element. May throw: see `readPage`. */
export function byReadability(document: Document): string[] {
  const Reader = Readability as unknown as new (document: Document, options: object) => { parse(): { content: Element } | null };
  const article = new Reader(document, {
    keepClasses: true,
    charThreshold: 250,
    maxElemsToParse: 60_000,
    disableJSONLD: true,
    serializer: (element: Element) => element,
  }).parse();
  if (article === null) return [];
  prune(article.content);
  return paragraphsIn(article.content);
}

/** The paragraphs of whichever element holds most of them: for pages Readability gives up on. */
export function byParagraphs(document: Document): string[] {
  prune(document.body);
  const weights = new Map<Element, number>();
  for (const paragraph of document.querySelectorAll("p")) {
    const holder = paragraph.parentElement;
    const length = cleanText(paragraph.textContent ?? "").length;
    if (holder !== null && length > 40) weights.set(holder, (weights.get(holder) ?? 0) + length);
  }
  const [best] = [...weights].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  return best === undefined ? [] : paragraphsIn(best);
}

function prune(root: Element): void {
  for (const element of root.querySelectorAll(NEVER)) element.remove();
  for (const element of root.querySelectorAll("[class], [id]")) {
    const names = `${element.getAttribute("class") ?? ""} ${element.getAttribute("id") ?? ""}`;
    if (
      FURNITURE.test(names.replace(/([a-z])([A-Z])/g, "$1-$2").slice(0, 300)) &&
      (element.textContent ?? "").length < FURNITURE_LONGEST
    )
      element.remove();
  }
  for (const element of root.querySelectorAll("p, div, section, ul, ol, li, table, h2, h3, h4")) {
    const text = cleanText(element.textContent ?? "");
    if (text === "" || text.length >= LINKS_LONGEST || /[.!?。؟۔…]["”’»」]?$/u.test(text)) continue;
    let linked = 0;
    for (const link of element.querySelectorAll("a")) linked += cleanText(link.textContent ?? "").length;
    if (linked > text.length * 0.8) element.remove();
  }
}

/** The text of an element's blocks, in order. */
function paragraphsIn(root: Element): string[] {
  const found: string[] = [];
  let text = "";
  const end = () => {
    const paragraph = cleanText(text);
    if (paragraph !== "") found.push(paragraph);
    text = "";
  };
  const walk = (node: DomNode): void => {
    if (isTextNode(node)) text += node.textContent ?? "";
    if (!isElement(node)) return;
    const block = BLOCK.test(node.tagName);
    if (block) end();
    for (const child of Array.from(node.childNodes)) walk(child);
    if (block) end();
  };
  walk(root as Element & DomNode);
  end();
  return found;
}
