import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { opened } from "../api/seed.ts";
import { posted, seeded } from "../editor/seed.ts";
import { testStore } from "../support/store.ts";
import { tell } from "./tally.ts";

const store = await testStore();
const { editor, person, waiting } = await seeded(store);
const { ask, token } = await opened(store);
let rosa = { id: "", cookie: "" };
let sami = { id: "", cookie: "" };
beforeAll(async () => {
  rosa = await person("Rosa", "editor");
  sami = await person("Sami", "editor");
});

/** An editor's press on Approve, for the first revision. */
async function press(post: string, cookie: string): Promise<{ status: number; text: string }> {
  const answer = await editor.request(`/posts/${post}/approval`, posted({ revision: "1" }, cookie));
  return { status: answer.status, text: await answer.text() };
}

/** What was decided about the post, and by whom. */
async function decided(post: string): Promise<{ by: string; kind: string }[]> {
  const { rows } = await store.query<{ by: string; kind: string }>(
    "select p.name as by, d.kind from slugline.decision d join slugline.person p on p.id = d.by_person where d.post_id = $1",
    [post],
  );
  return rows;
}

describe("F16: one post approved more than once", () => {
  test("a double click approves once", async () => {
    const { post } = await waiting();
    const answers = await Promise.all([press(post, rosa.cookie), press(post, rosa.cookie)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 409]);
    expect(await decided(post)).toEqual([{ by: "Rosa", kind: "approve" }]);
    tell({ part: "F16", runs: 1, faults: { "double click": 1 } });
  });

  test("of two editors at once one approves, and the other sees who it was", async () => {
    const { post } = await waiting();
    const answers = await Promise.all([rosa, sami, rosa, sami, rosa, sami].map(({ cookie }) => press(post, cookie)));
    const [first, ...more] = await decided(post);
    expect(more).toEqual([]);
    const late = answers.filter(({ status }) => status !== 303);
    expect(late).toHaveLength(5);
    for (const { status, text } of late) {
      expect(status).toBe(409);
      expect(text).toContain(`${first!.by} was first`);
    }
  });

  test("a program's request that is replayed is done once and answered as before; without its key it hears who decided", async () => {
    const { post } = await waiting();
    const hers = await token(undefined, { person: rosa.id });
    const about = { token: hers, body: { revision: 1 }, headers: { "idempotency-key": newId() } };
    const [first, again] = [
      await ask("POST", `/posts/${post}/approval`, about),
      await ask("POST", `/posts/${post}/approval`, about),
    ];
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    const his = await token(undefined, { person: sami.id });
    const late = await ask("POST", `/posts/${post}/approval`, { token: his, body: { revision: 1 } });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ decided: { by: "Rosa", state: "approved" } });
    expect(await decided(post)).toEqual([{ by: "Rosa", kind: "approve" }]);
  });
});
