import type { SessionLine } from "../../newsroom/session.ts";
import { Ago } from "../parts/bits.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { Proof } from "../parts/proof.tsx";

export interface MeProps {
  readonly sessions: readonly SessionLine[];
  /** Recovery codes not used yet. */
  readonly left: number;
  readonly problem: string | undefined;
}

/** One's own account: what signing in asks for, and where one is signed in. */
export function MePage({ frame, me }: { frame: Frame; me: MeProps }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("me.title")}</h1>
        <p class="why">
          {v.person?.name} · <bdi dir="ltr">{v.person?.email}</bdi> · {v.t(`role.${v.person?.role ?? "none"}`)}
        </p>
        {me.problem === undefined ? null : (
          <p class="notice bad" role="alert">
            {me.problem}
          </p>
        )}
        <div class="panels">
          <SecondFactor frame={frame} left={me.left} />
          <section class="panel" aria-labelledby="me-password">
            <h2 id="me-password">{v.t("me.password")}</h2>
            <form method="post" action="/me/password" class="gate-form">
              <Proof v={v} id="password" />
              <label>
                {v.t("me.password.new")}
                <input type="password" name="new" autocomplete="new-password" minlength={12} maxlength={512} required />
              </label>
              <p class="why">{v.t("first.password.note")}</p>
              <button>{v.t("me.password.do")}</button>
            </form>
          </section>
          <section class="panel" aria-labelledby="me-email">
            <h2 id="me-email">{v.t("me.email")}</h2>
            <form method="post" action="/me/email" class="gate-form">
              <label>
                {v.t("me.email.new")}
                <input type="email" name="email" autocomplete="email" required value={v.person?.email ?? ""} />
              </label>
              <Proof v={v} id="email" />
              <button>{v.t("me.email.do")}</button>
            </form>
          </section>
          <Sessions frame={frame} sessions={me.sessions} />
        </div>
      </div>
    </Layout>
  );
}

function SecondFactor({ frame: { v }, left }: { frame: Frame; left: number }) {
  const on = v.person?.totp === true;
  return (
    <section class="panel" aria-labelledby="me-totp">
      <h2 id="me-totp">{v.t("totp.name")}</h2>
      {v.person?.needsTotp ? <p class="notice bad">{v.t("totp.needed")}</p> : null}
      <p>{v.t(on ? "totp.on" : "totp.off")}</p>
      {on ? (
        <>
          <p class={left < 3 ? "notice" : "why"}>{v.t("codes.left", { count: left })}</p>
          <form method="post" action="/me/recovery-codes" class="gate-form">
            <Proof v={v} id="codes" />
            <div class="acts">
              <button>{v.t("codes.new")}</button>
              <button class="danger" formaction="/me/totp/removal">
                {v.t("totp.remove")}
              </button>
            </div>
          </form>
        </>
      ) : (
        <form method="post" action="/me/totp" class="gate-form">
          <Proof v={v} id="totp" />
          <button class="primary">{v.t("totp.begin")}</button>
        </form>
      )}
    </section>
  );
}

function Sessions({ frame: { v }, sessions }: { frame: Frame; sessions: readonly SessionLine[] }) {
  return (
    <section class="panel" aria-labelledby="me-sessions">
      <h2 id="me-sessions">{v.t("me.sessions")}</h2>
      <ul class="lines">
        {sessions.map((one) => (
          <li class="line" id={`session-${one.id}`}>
            <div class="line-body">
              <p class="line-head">
                <b>{one.label || v.t("me.session.unknown")}</b>
              </p>
              <p class="why">
                {one.id === v.person?.session ? (
                  v.t("me.session.here")
                ) : (
                  <>
                    {v.t("me.session.seen")} <Ago v={v} at={one.seen_at} />
                  </>
                )}
              </p>
            </div>
            {one.id === v.person?.session ? null : (
              <form method="post" action={`/me/sessions/${one.id}/end`}>
                <button>{v.t("me.session.end")}</button>
              </form>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 ? (
        <form method="post" action="/me/sessions/others/end">
          <button class="danger">{v.t("me.sessions.endOthers")}</button>
        </form>
      ) : null}
    </section>
  );
}

/** The secret, to be read by an app, until its first code shows that it was. */
export function TotpPage({ frame, secret, problem }: { frame: Frame; secret: string; problem?: string }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("totp.title")}</h1>
        {problem === undefined ? null : (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
        <p>{v.t("totp.scan")}</p>
        <img class="qr" src="/me/totp.svg" alt={v.t("totp.qr")} width={230} height={230} />
        <p>
          {v.t("totp.secret")} <code dir="ltr">{secret.replaceAll(/(.{4})(?!$)/g, "$1 ")}</code>
        </p>
        <form method="post" action="/me/totp/confirmation" class="gate-form">
          <label>
            {v.t("totp.code")}
            <input
              type="text"
              name="code"
              inputmode="numeric"
              autocomplete="one-time-code"
              pattern="[0-9 ]{6,7}"
              required
              autofocus
              dir="ltr"
            />
          </label>
          <button class="primary">{v.t("totp.confirm")}</button>
        </form>
      </div>
    </Layout>
  );
}

/** Recovery codes, shown this once. @param fresh the second factor was just turned on */
export function CodesPage({ frame, codes, fresh = false }: { frame: Frame; codes: readonly string[]; fresh?: boolean }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("codes.title")}</h1>
        {fresh ? <p class="notice">{v.t("totp.done")}</p> : null}
        <p>{v.t("codes.note")}</p>
        <ol class="codes" dir="ltr">
          {codes.map((code) => (
            <li>
              <code>{code}</code>
            </li>
          ))}
        </ol>
        <p>
          <a class="button primary" href="/">
            {v.t("codes.kept")}
          </a>
        </p>
      </div>
    </Layout>
  );
}
