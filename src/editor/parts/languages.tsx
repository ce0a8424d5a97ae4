import type { Language } from "../languages.ts";
import type { View } from "../view.ts";

/** The languages in the menu: each under its own name, and those that no native speaker has checked say so themselves. */
export function LanguagePicker({ v, back }: { v: View; back: string }) {
  return (
    <form method="post" action="/me/lang" class="languages" aria-label={v.t("me.lang")}>
      <input type="hidden" name="back" value={back} />
      {v.languages.all.map((one) => (
        <button name="lang" value={one.lang} lang={one.lang} {...(one.lang === v.lang ? { "aria-current": "true" } : {})}>
          <Named one={one} />
        </button>
      ))}
    </form>
  );
}

/** The same before anybody has signed in: plain addresses. */
export function LanguageLinks({ v }: { v: View }) {
  return (
    <nav class="languages" aria-label={v.t("me.lang")}>
      {v.languages.all.map((one) => (
        <a
          href={`?lang=${one.lang}`}
          hreflang={one.lang}
          lang={one.lang}
          {...(one.lang === v.lang ? { "aria-current": "true" } : {})}
        >
          <Named one={one} />
        </a>
      ))}
    </nav>
  );
}

/** In its own direction, at the page's own edge. */
function Named({ one }: { one: Language }) {
  const { dir } = one.messages;
  return (
    <>
      <b dir={dir}>{one.name}</b>
      {one.unchecked === null ? null : <small dir={dir}>{one.unchecked}</small>}
    </>
  );
}
