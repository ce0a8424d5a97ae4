import type { ConnectNetwork } from "../../newsroom/connect.ts";
import type { Given } from "../../newsroom/connect-account.ts";
import { Layout, type Frame } from "../parts/layout.tsx";
import { Proof } from "../parts/proof.tsx";
import { Reason } from "../parts/reason.tsx";
import type { View } from "../view.ts";

/** What went wrong, and what the network said of it where it said something. */
export interface ConnectProblem {
  readonly sentence: string;
  readonly why?: string | undefined;
}

type Form = Readonly<Record<string, string>>;

interface ConnectProps {
  frame: Frame;
  networks: readonly ConnectNetwork[];
  /** The newsroom's own languages (BCP 47). */
  languages: readonly string[];
  problem?: ConnectProblem | undefined;
  /** What was typed, but for secrets. */
  form?: Form | undefined;
}

/** A form for each network that people sign in to. */
export function ConnectPage({ frame, networks, languages, problem, form }: ConnectProps) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("connect.title")}</h1>
        <p>{v.t("connect.note")}</p>
        <Problem v={v} problem={problem} />
        <div class="panels">
          {networks.map((network) => {
            const typed = form?.["network"] === network.name ? form : {};
            return (
              <section class="panel" aria-labelledby={`connect-${network.name}`}>
                <h2 id={`connect-${network.name}`}>
                  <bdi dir="ltr">{network.name}</bdi>
                </h2>
                <form method="post" action="/accounts/connect" class="gate-form">
                  <input type="hidden" name="network" value={network.name} />
                  <AccountFields v={v} network={network} languages={languages} typed={typed} />
                  {network.byHand ? <AppFields v={v} network={network} /> : null}
                  <Proof v={v} id={network.name} />
                  <button class="primary">{v.t("connect.go")}</button>
                </form>
              </section>
            );
          })}
        </div>
      </div>
    </Layout>
  );
}

function AccountFields({
  v,
  network,
  languages,
  typed,
}: {
  v: View;
  network: ConnectNetwork;
  languages: readonly string[];
  typed: Form;
}) {
  return (
    <>
      <label>
        {v.t("connect.name")}
        <input
          type="text"
          name="name"
          required
          maxlength={63}
          pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
          autocapitalize="none"
          spellcheck={false}
          dir="ltr"
          value={typed["name"] ?? ""}
        />
      </label>
      <label>
        {v.t("account.server")}
        <input
          type="text"
          name="server"
          required
          inputmode="url"
          placeholder="https://"
          autocapitalize="none"
          spellcheck={false}
          dir="ltr"
          value={typed["server"] ?? network.server ?? ""}
        />
      </label>
      <label>
        {v.t("account.lang")}
        <select name="lang">
          <option value="">{v.t("connect.lang.any")}</option>
          {languages.map((lang) => (
            <option value={lang} selected={typed["lang"] === lang}>
              {v.language(lang)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {v.t("connect.mode")}
        <select name="mode">
          {(["review", "auto"] as const).map((mode) => (
            <option value={mode} selected={typed["mode"] === mode}>
              {v.t(`connect.mode.${mode}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {v.t("connect.takes")}
        <select name="takes">
          {(["all", "rules"] as const).map((takes) => (
            <option value={takes} selected={typed["takes"] === takes}>
              {v.t(`connect.takes.${takes}`)}
            </option>
          ))}
        </select>
      </label>
      {network.authorize === null ? null : (
        <label>
          {v.t("connect.authorize")}
          <input
            type="text"
            name="authorize"
            inputmode="url"
            autocapitalize="none"
            spellcheck={false}
            dir="ltr"
            value={typed["authorize"] ?? network.authorize}
          />
        </label>
      )}
    </>
  );
}

/** The app that a person makes at the network; once given it is kept, sealed. */
function AppFields({ v, network }: { v: View; network: ConnectNetwork }) {
  return (
    <fieldset>
      <legend>{v.t("connect.app")}</legend>
      <p class="why">
        {v.t("connect.app.note")}{" "}
        <code dir="ltr" translate="no">
          {network.callback}
        </code>
      </p>
      <label>
        {v.t("connect.app.id")}
        <input type="text" name="clientId" autocomplete="off" autocapitalize="none" spellcheck={false} dir="ltr" />
      </label>
      <label>
        {v.t("connect.app.secret")}
        <input type="password" name="clientSecret" autocomplete="off" dir="ltr" />
      </label>
    </fieldset>
  );
}

interface AnewProps {
  frame: Frame;
  account: { readonly id: string; readonly name: string; readonly server: string };
  network: ConnectNetwork;
  problem?: ConnectProblem | undefined;
}

/** Access to an account that is there is given anew. */
export function ConnectAnewPage({ frame, account, network, problem }: AnewProps) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("connect.anew.title", { account: account.name })}</h1>
        <p>{v.t("connect.anew.note", { host: URL.parse(account.server)?.host ?? account.server })}</p>
        <Problem v={v} problem={problem} />
        <form method="post" action={`/accounts/${account.id}/connect`} class="gate-form">
          {network.byHand ? <AppFields v={v} network={network} /> : null}
          <Proof v={v} id="anew" />
          <button class="primary">{v.t("connect.go")}</button>
        </form>
        <Back v={v} />
      </div>
    </Layout>
  );
}

/**
 * The way to the network: a link, because a form of ours may not lead to another site, and so that the person sees where
 * they go before they type a password there.
 */
export function ConnectAwayPage({ frame, page, host }: { frame: Frame; page: string; host: string }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("connect.away.title", { host })}</h1>
        <p>{v.t("connect.away.note")}</p>
        <p>
          <a class="button primary" href={page} rel="noreferrer">
            {v.t("connect.away.go", { host })}
          </a>
        </p>
        <Back v={v} />
      </div>
    </Layout>
  );
}

/** Whose account it is that was signed in to. Until this is confirmed, nothing has changed. */
export function ConnectGivenPage({ frame, given }: { frame: Frame; given: Given }) {
  const { v } = frame;
  const to = `/accounts/connections/${given.id}`;
  const host = URL.parse(given.server)?.host ?? given.server;
  const handle = given.handle === null ? host : given.handle.startsWith("@") ? given.handle : `@${given.handle}`;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("connect.given.title", { handle })}</h1>
        <p>
          {v.t(given.anew ? "connect.given.anew" : "connect.given.new", {
            handle,
            host,
            account: given.account,
            network: given.network,
          })}
        </p>
        <div class="acts">
          <form method="post" action={`${to}/confirmation`}>
            <button class="primary">{v.t("connect.confirm")}</button>
          </form>
          <form method="post" action={`${to}/refusal`}>
            <button>{v.t("connect.refuse")}</button>
          </form>
        </div>
      </div>
    </Layout>
  );
}

/** The person came back, and nothing was connected. */
export function ConnectFailedPage({ frame, problem }: { frame: Frame; problem: ConnectProblem }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("connect.failed.title")}</h1>
        <Problem v={v} problem={problem} />
        <Back v={v} />
      </div>
    </Layout>
  );
}

function Back({ v }: { v: View }) {
  return (
    <p>
      <a class="button" href="/accounts">
        {v.t("nav.accounts")}
      </a>
    </p>
  );
}

function Problem({ v, problem }: { v: View; problem: ConnectProblem | undefined }) {
  if (problem === undefined) return null;
  return (
    <p class="notice bad" role="alert">
      {problem.sentence} {problem.why ? <Reason v={v} why={problem.why} /> : null}
    </p>
  );
}
