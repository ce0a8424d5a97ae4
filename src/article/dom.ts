import { parseHTML } from "linkedom";

/** As much of the DOM as we use; linkedom's own types need the browser's. */
export interface Element {
  readonly tagName: string;
  readonly textContent: string | null;
  readonly children: ArrayLike<Element>;
  readonly childNodes: ArrayLike<DomNode>;
  readonly parentElement: Element | null;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): ArrayLike<Element> & Iterable<Element>;
  remove(): void;
}
export interface DomNode {
  readonly nodeType: number;
  readonly textContent: string | null;
}
export interface Document {
  readonly documentElement: Element;
  readonly body: Element;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): ArrayLike<Element> & Iterable<Element>;
}

/** A document of whatever was sent, with the html and body linkedom does not add by itself. */
export function documentOf(html: string): Document {
  const whole =
    /<html[\s>]/i.test(html.slice(0, 5_000)) && /<body[\s>]/i.test(html)
      ? html
      : `<!doctype html><html><head></head><body>${html}</body></html>`;
  return (parseHTML(whole) as unknown as { document: Document }).document;
}

export const isElement = (node: DomNode): node is DomNode & Element => node.nodeType === 1;
export const isTextNode = (node: DomNode): boolean => node.nodeType === 3;
