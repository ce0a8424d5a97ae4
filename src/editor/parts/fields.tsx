import type { Child } from "hono/jsx";
import { Badge } from "./bits.tsx";
import type { StatusProps } from "./status.tsx";

/** What a program that takes our posts is given: the fields that matter to a reader, by their own names. */
export function Fields({ v, text, lang, dir, spoiler, sensitive, link, media, card }: StatusProps) {
  const language = lang === null ? {} : { lang };
  return (
    <dl class="fields" aria-label={v.t("look.fields")}>
      <Field name="text">
        <span class="fields-text" dir={dir} {...language}>
          {text}
        </span>
      </Field>
      <Field name="lang">{code(lang)}</Field>
      <Field name="link">{code(link)}</Field>
      <Field name="spoiler">
        {spoiler === null ? (
          code(null)
        ) : (
          <span dir="auto" {...language}>
            {spoiler}
          </span>
        )}
      </Field>
      <Field name="sensitive">{code(String(sensitive))}</Field>
      {media.map((one, at) => (
        <>
          <Field name={`media[${at}].url`}>{code(one.url)}</Field>
          <Field name={`media[${at}].alt`}>
            {one.alt === "" ? (
              <Badge tone="warn">{v.t("post.alt.missing")}</Badge>
            ) : (
              <span dir="auto" {...language}>
                {one.alt}
              </span>
            )}
          </Field>
        </>
      ))}
      {card === null ? (
        <Field name="card">{code(null)}</Field>
      ) : (
        <>
          <Field name="card.title">
            <span dir="auto" {...language}>
              {card.title}
            </span>
          </Field>
          <Field name="card.description">
            <span dir="auto" {...language}>
              {card.description}
            </span>
          </Field>
          <Field name="card.image.url">{code(card.image?.url ?? null)}</Field>
        </>
      )}
    </dl>
  );
}

function Field({ name, children }: { name: string; children: Child }) {
  return (
    <div>
      <dt>
        <bdi dir="ltr" lang="en" translate="no">
          {name}
        </bdi>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A value as it stands in JSON. */
function code(value: string | null) {
  return (
    <bdi class="fields-code" dir="ltr">
      {value ?? "null"}
    </bdi>
  );
}
