import type { Outdated } from "../read/thread.ts";
import type { View } from "../view.ts";
import type { Card } from "../read/card.ts";
import { Out } from "./bits.tsx";

/** The article changed after its post went out: what changed, and what can be done; the post itself is left alone. */
export function Offer({ v, card, outdated, mayWrite }: { v: View; card: Card; outdated: Outdated; mayWrite: boolean }) {
  const language = {
    dir: card.article_dir ?? "auto",
    ...(card.article_lang === null ? {} : { lang: card.article_lang }),
  } as const;
  if (outdated.withdrawn)
    return (
      <section class="offer notice bad" aria-labelledby="offer-title">
        <h3 id="offer-title">{v.t("correction.withdrawn")}</h3>
        <p>
          {v.t("correction.withdrawn.more")}{" "}
          {card.remote_url === null ? null : <Out href={card.remote_url}>{v.t("post.see")}</Out>}
        </p>
      </section>
    );
  return (
    <section class="offer notice" aria-labelledby="offer-title">
      <h3 id="offer-title">{v.t("correction.offer")}</h3>
      <p>{v.t("correction.offer.more")}</p>
      {outdated.differs.map(({ before, now }) => (
        <dl class="differs">
          {before === null ? null : (
            <div>
              <dt>{v.t("correction.before")}</dt>
              <dd {...language}>
                <del>{before}</del>
              </dd>
            </div>
          )}
          {now === null ? null : (
            <div>
              <dt>{v.t("correction.now")}</dt>
              <dd {...language}>
                <ins>{now}</ins>
              </dd>
            </div>
          )}
        </dl>
      ))}
      {mayWrite ? (
        <div class="acts">
          <form method="post" action={`/posts/${card.id}/corrections`}>
            <button class="primary">{v.t("correction.do")}</button>
          </form>
          <form method="post" action={`/posts/${card.id}/corrections`}>
            <input type="hidden" name="needed" value="no" />
            <button>{v.t("correction.none")}</button>
          </form>
        </div>
      ) : null}
    </section>
  );
}

/** What can be said after a post that is out: the same once more, or a correction of what it said. */
export function After({ v, card }: { v: View; card: Card }) {
  return (
    <>
      <form method="post" action={`/posts/${card.id}/reshares`}>
        <button>{v.t("reshare.do")}</button>
      </form>
      {card.outdated ? null : (
        <form method="post" action={`/posts/${card.id}/corrections`}>
          <button>{v.t("correction.do")}</button>
        </form>
      )}
    </>
  );
}
