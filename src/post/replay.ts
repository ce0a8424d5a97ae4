import { shortUrlOf } from "../link/link.ts";
import { claims, type Mode, type Rule } from "../newsroom/rules.ts";
import { lengthOf } from "../lib/text/count.ts";
import type { Limits } from "../lib/text/limits.ts";
import type { Db } from "../store/db.ts";
import { newestOf } from "./compose.ts";
import { textOf } from "./text.ts";
import type { ArticleRow } from "./store.ts";
import { PLAIN_VOICE, type Voice } from "./write.ts";

/** The rules and voices that are tried, and the accounts they speak of. */
export interface Tried {
  readonly rules: readonly Rule[];
  readonly voices: Readonly<Record<string, Voice>>;
  readonly accounts: readonly {
    readonly name: string;
    readonly network: string;
    readonly lang: string | null;
    readonly mode: Mode;
    readonly voice: string;
    readonly settings: Readonly<Record<string, unknown>>;
  }[];
  /** A source's mode, where the tried configuration says another than the store. */
  readonly sources: Readonly<Record<string, Mode | null>>;
}

/** What really became of a story at an account. */
interface Really {
  readonly account: string;
  readonly state: string;
  readonly text: string;
  readonly url: string | null;
  readonly postedAt: Date | null;
}

/** What would be posted of a story at an account today. */
interface Would {
  readonly account: string;
  readonly network: string;
  readonly mode: Mode;
  /** The rule, source or account that says so. */
  readonly modeWhy: string;
  readonly text: string;
  readonly length: number;
  readonly limit: number;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  /** Too old to be news when it was found: it would be put to a person, not sent. */
  readonly stale: boolean;
  /** Not before this moment (an embargo that was still ahead when it was found). */
  readonly notBefore: Date | null;
}

export interface Replayed {
  readonly article: { readonly id: string; readonly url: string; readonly title: string; readonly seenAt: Date };
  /** No rule would take it. */
  readonly unclaimed: boolean;
  readonly would: readonly Would[];
  readonly really: readonly Really[];
}

type Story = ArticleRow & { readonly first_seen_at: Date; readonly really: readonly Really[] };

const PAGE = 100;

/** The stories of the time with what really became of them, the oldest first, a page at a time. */
async function* storiesSince(db: Db, seconds: number): AsyncGenerator<Story> {
  let after: { at: string; id: string } = { at: "-infinity", id: "00000000-0000-0000-0000-000000000000" };
  for (;;) {
    const { rows } = await db.query<Story & { at: string }>(
      `select r.*, s.name as source, s.settings->>'mode' as source_mode, s.settings->>'images' as source_images, r.first_seen_at::text as at,
              (select coalesce(jsonb_agg(jsonb_build_object('account', a.name, 'state', coalesce(d.state, p.state), 'text', v.text,
                       'url', d.remote_url, 'postedAt', d.posted_at) order by a.name), '[]')
                 from slugline.post p join slugline.account a on a.id = p.account_id
                 join slugline.post_revision v on v.post_id = p.id and v.revision = p.revision
                 left join slugline.delivery d on d.post_id = p.id and d.state <> 'cancelled'
                where p.article_id = r.id and p.occasion = 'first') as really
         from slugline.article r join slugline.source s on s.id = r.source_id
        where r.state in ('ready', 'removed') and r.first_seen_at >= slugline.now() - make_interval(secs => $1)
          and (r.first_seen_at, r.id) > ($2::timestamptz, $3::uuid)
        order by r.first_seen_at, r.id limit ${PAGE}`,
      [seconds, after.at, after.id],
    );
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = { at: last.at, id: last.id };
  }
}

/**
 * What rules and voices would make of the stories of a time, beside what became of them. Reads only: no row, no link, no
 * request. The text is written from the story as it stands now.
 *
 * @param seconds how far back, by when a story was first seen
 * @param tried.link a stand-in as long as a real code, which leads nowhere
 */
export async function* replay(
  db: Db,
  seconds: number,
  tried: Tried,
  {
    shortUrl,
    standIn,
    limitsOf,
  }: { shortUrl: string; standIn: string; limitsOf: (account: Tried["accounts"][number]) => Limits },
): AsyncGenerator<Replayed> {
  const link = shortUrlOf(shortUrl, standIn);
  for await (const story of storiesSince(db, seconds)) {
    const source = { name: story.source, mode: tried.sources[story.source] ?? story.source_mode };
    const would: Would[] = [];
    for (const claim of claims(story, tried.rules, tried.accounts, source)) {
      const account = tried.accounts.find(({ name }) => name === claim.account)!;
      const voice = tried.voices[account.voice] ?? tried.voices["plain"] ?? PLAIN_VOICE;
      const limits = limitsOf(account);
      const place = { network: account.network, voice, limits, link: account.settings["link"] === "none" ? null : link };
      const { text, lang, dir } = await textOf(story, place);
      const { stale, notBefore } = timesOf(story, claim.staleAfterS);
      const { mode, modeWhy } = claim;
      const how = { account: account.name, network: account.network, mode, modeWhy };
      would.push({ ...how, text, length: lengthOf(text, limits), limit: limits.max, lang, dir, stale, notBefore });
    }
    const { id, url, title, first_seen_at: seenAt, really } = story;
    yield { article: { id, url, title, seenAt }, unclaimed: would.length === 0, would, really };
  }
}

/** As compose and delivery would have seen it when the story was found. */
function timesOf(story: Story, staleAfterS: number | null): { stale: boolean; notBefore: Date | null } {
  const seen = story.first_seen_at.getTime();
  const embargo = story.embargo_until;
  const newest = newestOf(story)?.getTime() ?? seen;
  const free = Math.max(seen, embargo?.getTime() ?? seen);
  return { stale: staleAfterS !== null && newest + staleAfterS * 1_000 <= free, notBefore: free > seen ? embargo : null };
}
