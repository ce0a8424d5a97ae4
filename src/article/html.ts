import { Parser } from "htmlparser2";
import { cleanText } from "../lib/text/clean.ts";

const BLOCKS = new Set(
  "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split(
    " ",
  ),
);
/** Nothing in these is the story. */
const SILENT = new Set(
  "script style noscript template iframe object svg math canvas audio video select button textarea head title figure figcaption aside nav form footer".split(
    " ",
  ),
);

/** What an HTML fragment says, without a DOM: linear in time, any nesting, never throwing. */
export interface Fragment {
  /** The text of its blocks, in order, cleaned; captions, forms and navigation left out. */
  readonly paragraphs: string[];
  readonly image: { src: string; alt: string } | null;
}

/** Reads HTML as told by a feed or a hook. */
export function readFragment(html: string): Fragment {
  const paragraphs: string[] = [];
  let image: { src: string; alt: string } | null = null;
  let text = "";
  let silent = 0;
  const end = () => {
    const paragraph = cleanText(text);
    if (paragraph !== "") paragraphs.push(paragraph);
    text = "";
  };
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === "img" && image === null && attributes["src"])
          image = { src: attributes["src"], alt: cleanText(attributes["alt"] ?? "") };
        if (BLOCKS.has(name)) end();
        if (SILENT.has(name)) silent++;
      },
      ontext(part) {
        if (silent === 0) text += part;
      },
      onclosetag(name) {
        if (SILENT.has(name)) silent--;
        if (BLOCKS.has(name)) end();
      },
    },
    { decodeEntities: true, recognizeSelfClosing: true },
  );
  parser.end(html);
  end();
  return { paragraphs, image };
}

/** The text of HTML (or of text that may hold some), on one line. Feeds escape titles once or twice. */
export function textOf(html: string): string {
  if (!/[<&]/.test(html)) return cleanText(html);
  let text = "";
  const parser = new Parser({
    ontext: (part) => (text += part),
    onopentagname: (name) => BLOCKS.has(name) && (text += " "),
  });
  parser.end(html);
  return cleanText(text);
}
