import { composeArticle } from "../../src/post/compose.ts";
import { deliver } from "../../src/delivery/deliver.ts";
import type { DeliveryDeps } from "../../src/delivery/deps.ts";
import { TIMING } from "../../src/delivery/delivery.ts";
import { createRounds } from "../../src/delivery/rounds.ts";
import { createTimeline } from "../../src/delivery/timeline.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import type { Network } from "../../src/networks/network.ts";
import { rehearsal } from "../../src/networks/rehearsal.ts";
import { createDrivers } from "../../src/newsroom/drivers.ts";
import { approve } from "../../src/review/decide.ts";
import { advance, type TestStore } from "./store.ts";

export const SHORT_URL = "https://go.example.org";

/** A small newsroom for tests: one person, accounts as asked for, stories when asked for. */
export async function openDesk(
  store: TestStore,
  options: {
    server?: string;
    /** Further hosts on this machine that may be reached. */
    allow?: readonly string[];
    networks?: readonly Network[];
    requestMs?: number;
    advance?: typeof advance;
    /** What a variable holds; usually what the stand-ins take for a token. */
    secrets?: (variable: string) => string | undefined;
  } = {},
) {
  const outbound = createOutbound({
    allow: [...(options.server ? [new URL(options.server).host, "127.0.0.1:1"] : []), ...(options.allow ?? [])],
    userAgent: "Slugline/test",
  });
  const timeline = rehearsal(createTimeline(store, "http://localhost:3000"));
  const networks = new Map<string, Network>(
    [mastodon(outbound, { requestMs: options.requestMs ?? 1_000 }), timeline, ...(options.networks ?? [])].map((one) => [
      one.name,
      one,
    ]),
  );
  const driver = createDrivers({
    store,
    networks,
    secrets: options.secrets ?? (() => "standin-token"),
    keys: () => [Buffer.alloc(32, 7)],
  });
  const deps: DeliveryDeps = {
    store,
    driver,
    clock: systemClock,
    random: () => 0.5,
    timing: TIMING,
    crashpoint: () => undefined,
    log: silentLog,
  };
  const rounds = createRounds(deps);
  const person = newId();
  const sourceId = newId();
  await store.query("insert into slugline.person (id, email, name, role) values ($1, $2, 'Rosa', 'editor')", [
    person,
    `${person}@example.org`,
  ]);
  await store.query("insert into slugline.source (id, name, kind, origin) values ($1, $2, 'hook', 'file')", [
    sourceId,
    `cms-${sourceId}`,
  ]);
  await store.query(`insert into slugline.voice (name, spec, origin) values ('plain', $1, 'file') on conflict do nothing`, [
    JSON.stringify({ text: "{headline}\n\n{summary}\n\n{link}", giveWay: ["summary"], tags: 0, utm: {} }),
  ]);
  const usualLimits = (network: string) => (networks.get(network) ?? timeline).usual;

  return {
    deps,
    person,
    sourceId,
    usualLimits,
    driver,
    close: () => outbound.close(),

    /** An account and a rule that gives it every story of this desk. */
    async account(it: {
      name: string;
      network?: string;
      mode?: "review" | "auto";
      spacing?: number;
      onUnknown?: string;
      rehearsal?: boolean;
      server?: string;
      handle?: string;
      /** Names of variables for its secrets, and what else its network asks; usually `tokenEnv`. */
      settings?: Readonly<Record<string, unknown>>;
    }): Promise<string> {
      const id = newId();
      await store.query(
        `insert into slugline.account (id, name, network, server, mode, spacing_s, on_unknown, rehearsal, settings, handle, origin)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'editor')`,
        [
          id,
          it.name,
          it.network ?? "mastodon",
          it.server ?? options.server ?? "",
          it.mode ?? "review",
          it.spacing ?? 0,
          it.onUnknown ?? "ask",
          it.rehearsal ?? false,
          JSON.stringify(it.settings ?? { tokenEnv: "TOKEN" }),
          it.handle ?? null,
        ],
      );
      const spec = {
        when: { source: [`cms-${sourceId}`], lang: [], tags: [] },
        accounts: [it.name],
        mode: null,
        priority: "normal",
        staleAfterS: null,
      };
      await store.query(
        "insert into slugline.rule (id, position, spec, origin) select $1, count(*), $2, 'editor' from slugline.rule",
        [newId(), JSON.stringify(spec)],
      );
      return id;
    },

    /** A story, read and composed; answers the posts that wait, by account name. */
    async story(it: { title?: string; embargo?: string } = {}): Promise<{ id: string; posts: Record<string, string> }> {
      const id = newId();
      const title = it.title ?? `The bridge opens (${id.slice(-6)})`;
      await store.query(
        `insert into slugline.article (id, source_id, url, canonical_url, state, title, body, lang, dir, published_at, embargo_until, read_at)
         values ($1, $2, $3, $3, 'ready', $4, $5, 'en', 'ltr', slugline.now(), slugline.now() + $6::interval, slugline.now())`,
        [
          id,
          sourceId,
          `https://example.org/${id}`,
          title,
          ["The old bridge opens on Monday, the council said on Tuesday."],
          it.embargo ?? null,
        ],
      );
      await composeArticle({ store, shortUrl: SHORT_URL, usualLimits }, id);
      const { rows } = await store.query<{ name: string; id: string }>(
        "select a.name, p.id from slugline.post p join slugline.account a on a.id = p.account_id where p.article_id = $1",
        [id],
      );
      return { id, posts: Object.fromEntries(rows.map((row) => [row.name, row.id])) };
    },

    /** Rosa approves the post as it stands. */
    async approve(postId: string) {
      const { rows } = await store.query<{ revision: number }>("select revision from slugline.post where id = $1", [postId]);
      return approve(store, { postId, revision: rows[0]!.revision, by: { person } });
    },

    /** Rings the delivery's bell and moves the clock on until nothing changes any more, or `most` times. */
    async deliver(postId: string, most = 12, each = "20s"): Promise<string> {
      for (let round = 0; round < most; round += 1) {
        await deliver(deps, postId, new AbortController().signal, undefined, rounds);
        const state = await stateOf(postId);
        if (["posted", "refused", "locked-out", "asked", "cancelled"].includes(state)) return state;
        await (options.advance ?? advance)(store, each);
      }
      return stateOf(postId);
    },

    ring: (postId: string) => deliver(deps, postId, new AbortController().signal, undefined, rounds),
    stateOf,
    row: async (postId: string) =>
      (await store.query("select * from slugline.delivery where post_id = $1 order by created_at desc limit 1", [postId]))
        .rows[0] as Record<string, unknown>,
    link: async (postId: string) =>
      (
        await store.query<{ code: string; state: string }>(
          "select l.code, l.state from slugline.link l join slugline.post p on p.link_id = l.id where p.id = $1",
          [postId],
        )
      ).rows[0]!,
  };

  async function stateOf(postId: string): Promise<string> {
    const { rows } = await store.query<{ state: string }>(
      "select state from slugline.delivery where post_id = $1 order by (state = 'cancelled'), created_at desc limit 1",
      [postId],
    );
    return rows[0]?.state ?? "none";
  }
}
