import { LanguageLinks } from "../parts/languages.tsx";
import { Document } from "../parts/layout.tsx";
import type { View } from "../view.ts";

/** The door: e-mail and password. Password managers and pasting work (WCAG 3.3.8). */
export function SignInPage({ v, problem, email }: { v: View; problem?: string; email?: string }) {
  return (
    <Gate v={v} title={v.t("signIn.title")} {...(problem === undefined ? {} : { problem })}>
      <form method="post" action={v.inLanguage("/sign-in")} class="gate-form">
        <label>
          {v.t("signIn.email")}
          <input type="email" name="email" autocomplete="username" required autofocus value={email ?? ""} />
        </label>
        <label>
          {v.t("signIn.password")}
          <input type="password" name="password" autocomplete="current-password" required />
        </label>
        <button class="primary">{v.t("signIn.do")}</button>
      </form>
      <p class="why">{v.t("signIn.help")}</p>
    </Gate>
  );
}

/** The second step: a code from the app, or a recovery code. */
export function CodePage({ v, problem }: { v: View; problem?: string }) {
  return (
    <Gate v={v} title={v.t("code.title")} {...(problem === undefined ? {} : { problem })}>
      <form method="post" action={v.inLanguage("/sign-in/code")} class="gate-form">
        <label>
          {v.t("code.code")}
          <input
            type="text"
            name="code"
            autocomplete="one-time-code"
            autocapitalize="none"
            spellcheck={false}
            required
            autofocus
            dir="ltr"
          />
        </label>
        <button class="primary">{v.t("signIn.do")}</button>
      </form>
      <p class="why">{v.t("code.help")}</p>
      <p>
        <a href={v.inLanguage("/sign-in")}>{v.t("code.back")}</a>
      </p>
    </Gate>
  );
}

interface LinkProps {
  v: View;
  /** Where the form goes: the link itself. */
  action: string;
  /** Whom the link is for; null: they say who they are. */
  person: { name: string; email: string } | null;
  /** Who was invited, where the link is an invitation. */
  email?: string;
  problem?: string;
  fields?: { readonly name: string; readonly email: string };
}

/** What a single-use link opens: looking changes nothing, the button uses it up. */
export function LinkPage({ v, action, person, email, problem, fields }: LinkProps) {
  return (
    <Gate v={v} title={v.t("first.title", { site: v.siteName })} {...(problem === undefined ? {} : { problem })}>
      <p>{v.t(person === null ? "first.note" : "first.note.again")}</p>
      <form method="post" action={v.inLanguage(action)} class="gate-form">
        <label>
          {v.t("first.name")}
          <input
            type="text"
            name="name"
            autocomplete="name"
            maxlength={120}
            required
            readonly={person !== null}
            value={person?.name ?? fields?.name ?? ""}
          />
        </label>
        <label>
          {v.t("signIn.email")}
          <input
            type="email"
            name="email"
            autocomplete="username"
            required
            readonly={person !== null || email !== undefined}
            value={person?.email ?? email ?? fields?.email ?? ""}
          />
        </label>
        <label>
          {v.t("first.password")}
          <input
            type="password"
            name="password"
            autocomplete="new-password"
            minlength={12}
            maxlength={512}
            required
            aria-describedby="password-note"
          />
        </label>
        <p class="why" id="password-note">
          {v.t("first.password.note")}
        </p>
        <button class="primary">{v.t("first.do")}</button>
      </form>
    </Gate>
  );
}

function Gate({ v, title, problem, children }: { v: View; title: string; problem?: string; children: unknown }) {
  return (
    <Document v={v} title={title}>
      <main class="gate" id="main">
        <p class="wordmark">
          <span aria-hidden="true" class="mark" /> Slugline
        </p>
        <h1>{title}</h1>
        {problem === undefined ? null : (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
        {children as never}
        <LanguageLinks v={v} />
      </main>
    </Document>
  );
}
