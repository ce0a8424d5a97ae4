import type { Card } from "../read/card.ts";
import type { View } from "../view.ts";
import { Out, When } from "./bits.tsx";

/** The article beside the post: what the editor compares it with. */
export function Story({ v, card }: { v: View; card: Card }) {
  const language = card.article_lang === null ? {} : { lang: card.article_lang };
  return (
    <article class="story" dir={card.article_dir ?? "auto"} {...language} tabindex={0} aria-labelledby={`story-${card.id}`}>
      <p class="kicker" dir={v.dir} lang={v.lang}>
        <bdi>{card.source}</bdi>
        {card.published_at ? (
          <>
            {" · "}
            <When v={v} at={card.published_at} />
          </>
        ) : null}
      </p>
      <h3 id={`story-${card.id}`}>{card.title}</h3>
      {card.authors.length > 0 ? (
        <p class="byline" dir={v.dir} lang={v.lang}>
          {v.list(card.authors)}
        </p>
      ) : null}
      {card.image_url === null ? null : (
        <img src={card.image_url} alt={card.image_alt ?? ""} loading="lazy" referrerpolicy="no-referrer" />
      )}
      {card.summary ? <p class="standfirst">{card.summary}</p> : null}
      {card.body.map((paragraph) => (
        <p>{paragraph}</p>
      ))}
      <p class="kicker" dir={v.dir} lang={v.lang}>
        <Out href={card.url}>{v.t("story.original")}</Out> · <a href={`/articles/${card.article_id}`}>{v.t("story.inside")}</a>
      </p>
    </article>
  );
}
