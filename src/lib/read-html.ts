import { Parser } from "htmlparser2";

export interface ReadHtml {
  /** What a person reads, entities decoded: a line per `<br>`, an empty line between paragraphs. */
  readonly text: string;
  /** The `href` of each link, in order, entities decoded. */
  readonly links: readonly string[];
}

/** Reads the text and the links of a fragment of HTML. Hidden parts of a link are text too (Mastodon hides its ends). Never throws. */
export function readHtml(html: string): ReadHtml {
  const words: string[] = [];
  const links: string[] = [];
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === "br") words.push("\n");
        if (name === "a" && attributes.href !== undefined) links.push(attributes.href);
      },
      ontext: (text) => void words.push(text),
      onclosetag: (name) => void (name === "p" && words.push("\n\n")),
    },
    { decodeEntities: true },
  );
  parser.end(html);
  return { text: words.join("").trim(), links };
}
