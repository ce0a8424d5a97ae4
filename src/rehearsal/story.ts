import { z } from "zod";

/** A story of the rehearsal site, as its writer filed it: one file of articles/, front matter and paragraphs. */
export interface Story extends z.infer<typeof frontMatter> {
  /** The file's name without its ending; what the story is known by for ever. */
  readonly id: string;
  readonly paragraphs: readonly string[];
}

/** One publication of a story. The first is the story itself; later ones are its updates, each with a new number in it. */
export interface Edition {
  readonly story: Story;
  /** 1, 2, 3, ... */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly title: string;
  readonly summary: string;
  readonly paragraphs: readonly string[];
  /** The page's path on the site: language and slug. */
  readonly path: string;
  readonly guid: string;
}

export const LANGUAGES = ["en", "ar", "ckb", "de", "ja"] as const;

export const frontMatter = z.strictObject({
  lang: z.enum(LANGUAGES),
  slug: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  title: z.string(),
  summary: z.string(),
  dateline: z.string(),
  author: z.string(),
  section: z.string(),
  tags: z.array(z.string()).min(1),
  /** The picture is drawn (picture.ts) in these two hues, in degrees. */
  image: z.strictObject({ alt: z.string(), caption: z.string(), hills: z.int(), sky: z.int() }),
  /** Whether the feed carries the whole story (`content:encoded`), or only its summary. */
  whole: z.boolean(),
  /** Later editions: `{count}` is `from` in the second edition and grows by `step`. */
  update: z.strictObject({
    title: z.string().includes("{count}"),
    text: z.string().includes("{count}"),
    count: z.strictObject({ from: z.int(), step: z.int().positive() }),
  }),
});

export function edition(story: Story, number: number, at: number): Edition {
  const first = number === 1;
  const { title, text, count } = story.update;
  const said = written(count.from + (number - 2) * count.step, story.lang);
  const lead = text.replaceAll("{count}", said);
  return {
    story,
    number,
    at,
    title: first ? story.title : title.replaceAll("{count}", said),
    summary: first ? story.summary : lead,
    paragraphs: first ? story.paragraphs : [lead, ...story.paragraphs.slice(1)],
    path: first ? `/${story.lang}/${story.slug}` : `/${story.lang}/${story.slug}-${number}`,
    guid: `tag:daily-rehearsal.example,2026:${story.id}/${number}`,
  };
}

/** The next story to appear: the first in the stock that was published least often. */
export function nextUp(stock: readonly Story[], published: readonly Edition[]): { story: Story; number: number } | undefined {
  const times = new Map<string, number>();
  for (const { story } of published) times.set(story.id, (times.get(story.id) ?? 0) + 1);
  const counted = stock.map((story) => ({ story, number: (times.get(story.id) ?? 0) + 1 }));
  return counted.toSorted((a, b) => a.number - b.number)[0];
}

/** A number as that language's newspapers print it. `Intl` knows no Sorani, so its digits are ours. */
function written(count: number, lang: Story["lang"]): string {
  if (lang === "ckb") return String(count).replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)));
  if (lang === "ar" || lang === "ja") return String(count);
  return new Intl.NumberFormat(lang).format(count);
}
