import { Ajv2020 } from "ajv/dist/2020.js";
import { Hono } from "hono";
import { createApi } from "../../src/api/api.ts";
import type { ApiDeps } from "../../src/api/deps.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import { systemClock } from "../../src/lib/time.ts";
import type { Rights } from "../../src/newsroom/person.ts";
import { addToken, SCOPES, type Scope } from "../../src/newsroom/token.ts";
import { PLAIN_VOICE } from "../../src/post/write.ts";
import type { TestStore } from "../support/store.ts";

const SHORT_URL = "https://go.example.org";
const LIMITS: Limits = { max: 500, unit: "grapheme", perLink: 23 };

interface Operation {
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: object }>> }>>;
}
export interface Described {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** The programs' door on a store, and a small newsroom behind it. */
export async function opened(store: TestStore, more: Partial<ApiDeps> = {}) {
  const rings = new Set<() => void>();
  const closing = new AbortController();
  const api = createApi({
    store,
    clock: systemClock,
    shortUrl: SHORT_URL,
    allowLoopback: false,
    usualLimits: () => LIMITS,
    live: { subscribe: (ring) => (rings.add(ring), () => rings.delete(ring)) },
    log: silentLog,
    closing: closing.signal,
    pace: { burst: 10_000, perSecond: 10_000 },
    ...more,
  });
  // As app.ts mounts it.
  const doors = new Hono().route("/api/v1", api).all("*", (c) => c.text("the editor", 303));
  const description = (await (await doors.request("/api/v1/openapi.json")).json()) as Described;
  const held = promised(description);

  /** Asks as a program does, and holds each answer to openapi.json. */
  async function ask(
    method: string,
    path: string,
    it: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const answer = await doors.request(`/api/v1${path}`, {
      method,
      headers: {
        ...(it.token === undefined ? {} : { authorization: `Bearer ${it.token}` }),
        ...(it.body === undefined ? {} : { "content-type": "application/json" }),
        ...it.headers,
      },
      ...(it.body === undefined ? {} : { body: typeof it.body === "string" ? it.body : JSON.stringify(it.body) }),
    });
    const type = answer.headers.get("content-type");
    const body: unknown = type === "text/event-stream" || answer.status === 204 ? undefined : await answer.json();
    held(method, path, answer.status, type, body);
    return { status: answer.status, headers: answer.headers, body: body as Record<string, unknown>, answer };
  }

  /** A token as `token add` makes it. */
  async function token(
    scopes: readonly Scope[] = SCOPES,
    it: Partial<Rights> & { person?: string; expiresInS?: number; name?: string } = {},
  ) {
    const made = await addToken(store, {
      name: it.name ?? `program ${newId()}`,
      scopes,
      role: it.role ?? "admin",
      accounts: it.accounts ?? {},
      personId: it.person ?? null,
      expiresInS: it.expiresInS ?? null,
      madeBy: "a test",
    });
    if (made === undefined) throw new Error("the name is taken");
    return made;
  }

  await store.query(`update slugline.newsroom set site = '{"name": "Daily Example", "url": "https://example.org"}'`);
  await store.query("insert into slugline.voice (name, spec, origin) values ('plain', $1, 'file') on conflict do nothing", [
    JSON.stringify(PLAIN_VOICE),
  ]);
  const source = newId();
  await store.query(
    "insert into slugline.source (id, name, kind, url, origin) values ($1, $2, 'feed', 'https://example.org/feed', 'file')",
    [source, `front-${source.slice(-6)}`],
  );

  async function person(name: string, role = "editor"): Promise<string> {
    const id = newId();
    await store.query("insert into slugline.person (id, email, name, role) values ($1, $2, $3, $4)", [
      id,
      `${id}@example.org`,
      name,
      role,
    ]);
    return id;
  }

  async function account(name: string): Promise<string> {
    const { rows } = await store.query<{ id: string }>("select id from slugline.account where name = $1", [name]);
    if (rows[0]) return rows[0].id;
    const id = newId();
    await store.query(
      "insert into slugline.account (id, name, network, lang, rehearsal, origin) values ($1, $2, 'mastodon', 'en', true, 'file')",
      [id, name],
    );
    return id;
  }

  async function article(state = "ready", url = `https://example.org/${newId()}`): Promise<{ id: string; url: string }> {
    const id = newId();
    await store.query(
      `insert into slugline.article (id, source_id, url, canonical_url, state, title, lang, dir, composed_version, image_url)
       values ($1, $2, $3, $3, $4, 'Bridge opens', 'en', 'ltr', 1, 'https://example.org/bridge.jpg')`,
      [id, source, url, state],
    );
    return { id, url };
  }

  /** A story and its post that waits. */
  async function waiting(name = "masto-en") {
    const about = await article();
    const [post, link] = [newId(), newId()];
    const code = post.replaceAll("-", "").slice(-8);
    await store.query("insert into slugline.link (id, code, target, article_id, placement) values ($1, $2, $3, $4, $5)", [
      link,
      code,
      about.url,
      about.id,
      `post:${post}`,
    ]);
    const accountId = await account(name);
    await store.transaction(async (db) => {
      await db.query(
        `insert into slugline.post (id, article_id, account_id, state, mode, mode_why, article_version, link_id)
         values ($1, $2, $3, 'waiting', 'review', 'account', 1, $4)`,
        [post, about.id, accountId, link],
      );
      await db.query(
        "insert into slugline.post_revision (post_id, revision, text, lang, hash) values ($1, 1, $2, 'en', 'seeded')",
        [post, `Bridge opens\n\n${SHORT_URL}/${code}`],
      );
    });
    return { post, article: about.id, url: about.url, code, account: accountId };
  }

  /** A delivery of an approved post, in a state. */
  async function delivery(state: string, name?: string) {
    const it = await waiting(name);
    await store.query("update slugline.post set state = 'approved' where id = $1", [it.post]);
    const id = newId();
    await store.query(
      `insert into slugline.delivery (id, post_id, revision, account_id, state, idempotency, attempts) values ($1, $2, 1, $3, $4, $1::uuid::text, 1)`,
      [id, it.post, it.account, state],
    );
    await store.query(
      "insert into slugline.attempt (id, delivery_id, epoch, kind, outcome, ended_at) values ($1, $2, 1, 'send', 'unknown', slugline.now())",
      [newId(), id],
    );
    return { ...it, delivery: id };
  }

  return {
    api,
    doors,
    ask,
    token,
    person,
    account,
    article,
    waiting,
    delivery,
    description,
    source,
    ring: () => rings.forEach((ring) => ring()),
    rings,
    close: () => closing.abort(),
  };
}

/** Throws for an answer that openapi.json does not promise: its status, its type, each of its fields. */
function promised(description: Described) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: "doc:", ...description });
  return (method: string, path: string, status: number, type: string | null, body: unknown) => {
    const bare = path.split("?")[0] ?? "";
    const template = Object.keys(description.paths).find((one) =>
      new RegExp(`^${one.replace(/\./g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`).test(bare),
    );
    const operation = template === undefined ? undefined : description.paths[template]?.[method.toLowerCase()];
    const at = `${method} ${bare} ${status}`;
    const check = (pointer: string) => {
      const validate = ajv.getSchema(`doc:#${pointer}`);
      if (!validate) throw new Error(`${at}: openapi.json has no ${pointer}`);
      if (!validate(body)) throw new Error(`${at}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
    };
    if (!operation) {
      if (status !== 404 && status !== 405) throw new Error(`${at}: no such operation`);
      return check("/components/schemas/Problem");
    }
    const response = operation.responses[status];
    if (!response) throw new Error(`${at}: not among ${Object.keys(operation.responses).join(", ")}`);
    const [promise] = Object.keys(response.content ?? {});
    if (promise === undefined) return undefined;
    if (type !== promise) throw new Error(`${at}: ${type} instead of ${promise}`);
    if (promise === "text/event-stream") return undefined;
    const pointer = ["paths", template, method.toLowerCase(), "responses", String(status), "content", promise, "schema"];
    return check(
      `/${pointer.map((part) => encodeURIComponent(String(part).replace(/~/g, "~0").replace(/\//g, "~1"))).join("/")}`,
    );
  };
}
