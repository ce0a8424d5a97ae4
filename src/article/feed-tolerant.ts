import { DomUtils, parseDocument } from "htmlparser2";
import type { RawFeed, RawItem } from "./feed.ts";

type Document = ReturnType<typeof parseDocument>;
type Node = Document["children"][number];
type Element = Extract<Node, { attribs: unknown }>;

/** Nobody's feed has more; a hostile one may. */
const MAX_NODES = 1_000_000;

/**
 * A feed that is not well-formed, read as far as it goes: whatever has items or entries, in any prefix, with whatever
 * is missing missing. Null when nothing looks like a feed.
 */
export function rawByTolerance(text: string): RawFeed | null {
  const start = text.search(/<[a-z!?]/i);
  const document = parseDocument(start < 0 ? "" : text.slice(start), {
    xmlMode: true,
    decodeEntities: true,
    lowerCaseTags: true,
    lowerCaseAttributeNames: true,
    recognizeCDATA: true,
  });
  const elements = allElements(document);
  const items = elements.filter((element) => /^(?:item|entry)$/.test(local(element)) && !within(element, /^(?:item|entry)$/));
  const root =
    elements.find((element) => /^(?:channel|feed)$/.test(local(element))) ??
    elements.find((element) => /^(?:rss|rdf)$/.test(local(element)));
  if (items.length === 0 && root === undefined) return null;
  const about = (root?.children.filter(isElement) ?? []).filter((element) => !/^(?:item|entry|image)$/.test(local(element)));
  const links = about.filter((element) => local(element) === "link");
  return {
    title: wordsOf(about, "title"),
    link: linkIn(about),
    lang: wordsOf(about, "language") ?? elements.find((element) => element.attribs["xml:lang"])?.attribs["xml:lang"],
    hubs: links.filter((link) => link.attribs["rel"] === "hub").flatMap((link) => link.attribs["href"] ?? []),
    self: links.find((link) => link.attribs["rel"] === "self")?.attribs["href"],
    ttl: numberIn(about, "ttl"),
    updatePeriod: wordsOf(about, "updateperiod"),
    updateFrequency: numberIn(about, "updatefrequency"),
    items: items.map((item) => itemOf(item, root?.attribs["xml:base"])),
  };
}

function itemOf(item: Element, feedBase: string | undefined): RawItem {
  const children = item.children.filter(isElement);
  const guid = children.find((child) => /^(?:guid|id)$/.test(local(child)));
  const image = children.find(
    (child) =>
      (local(child) === "enclosure" && child.attribs["type"]?.startsWith("image/")) ||
      (child.name.startsWith("media:") &&
        /^(?:content|thumbnail)$/.test(local(child)) &&
        (child.attribs["medium"] ?? "image") === "image"),
  );
  return {
    guid: (guid && textIn(guid)) || item.attribs["rdf:about"],
    guidIsLink: guid?.attribs["ispermalink"] !== "false",
    link: linkIn(children),
    base: item.attribs["xml:base"] ?? feedBase,
    title: wordsOf(
      children.filter((child) => !child.name.startsWith("media:")),
      "title",
    ),
    summary: wordsOf(children, "description") ?? wordsOf(children, "summary") ?? wordsOf(children, "subtitle"),
    content:
      wordsOf(children, "encoded") ??
      wordsOf(
        children.filter((child) => !child.name.startsWith("media:")),
        "content",
      ) ??
      wordsOf(children, "body"),
    lang: item.attribs["xml:lang"] ?? wordsOf(children, "language"),
    authors: children
      .filter((child) => /^(?:author|creator)$/.test(local(child)))
      .map((author) => wordsOf(author.children.filter(isElement), "name") ?? textIn(author)),
    tags: children
      .filter((child) => /^(?:category|subject)$/.test(local(child)))
      .map((tag) => tag.attribs["label"] ?? tag.attribs["term"] ?? textIn(tag)),
    image: image?.attribs["url"],
    published:
      wordsOf(children, "pubdate") ??
      wordsOf(children, "published") ??
      wordsOf(children, "issued") ??
      wordsOf(children, "date") ??
      wordsOf(children, "created"),
    updated: wordsOf(children, "updated") ?? wordsOf(children, "modified"),
  };
}

function linkIn(elements: readonly Element[]): string | undefined {
  const links = elements.filter((element) => local(element) === "link" && /^(?:|alternate)$/.test(element.attribs["rel"] ?? ""));
  return links.map((link) => link.attribs["href"] ?? textIn(link)).find((href) => href.trim() !== "");
}

function wordsOf(elements: readonly Element[], name: string): string | undefined {
  const found = elements.find((element) => local(element) === name);
  if (found === undefined) return undefined;
  const told =
    found.attribs["type"] === "xhtml" || found.attribs["mode"] === "xml" ? DomUtils.getInnerHTML(found) : textIn(found);
  return told.trim() === "" ? undefined : told;
}

function numberIn(elements: readonly Element[], name: string): number | undefined {
  const value = Number.parseFloat(wordsOf(elements, name) ?? "");
  return Number.isFinite(value) ? value : undefined;
}

function isElement(node: Node): node is Element {
  return "attribs" in node;
}

/** A name without its prefix. */
function local(element: Element): string {
  return element.name.slice(element.name.indexOf(":") + 1).toLowerCase();
}

function within(element: Element, names: RegExp): boolean {
  for (let up = element.parent, steps = 0; up !== null && steps < 50; up = up.parent, steps++) {
    if (up.type === "tag" && names.test(local(up as Element))) return true;
  }
  return false;
}

/** In document order, without recursion: nesting is the sender's choice. */
function allElements(document: Document): Element[] {
  const found: Element[] = [];
  const left: Node[] = document.children.toReversed();
  for (let node = left.pop(); node !== undefined && found.length < MAX_NODES; node = left.pop()) {
    if (isElement(node)) found.push(node);
    if ("children" in node) for (let i = node.children.length - 1; i >= 0; i--) left.push(node.children[i]!);
  }
  return found;
}

function textIn(element: Element): string {
  let text = "";
  const left: Node[] = element.children.toReversed();
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if ("data" in node && node.type === "text") text += node.data;
    else if ("children" in node) for (let i = node.children.length - 1; i >= 0; i--) left.push(node.children[i]!);
  }
  return text;
}
