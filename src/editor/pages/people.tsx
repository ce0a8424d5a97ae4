import type { InvitationLine } from "../../newsroom/invitation.ts";
import type { PersonLine } from "../../newsroom/people.ts";
import { ROLES, type Rights } from "../../newsroom/person.ts";
import { Ago, Badge, Empty, When } from "../parts/bits.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { Proof } from "../parts/proof.tsx";
import type { View } from "../view.ts";

type Accounts = readonly { readonly id: string; readonly name: string; readonly network: string }[];

interface PeopleProps {
  frame: Frame;
  people: readonly PersonLine[];
  invitations: readonly InvitationLine[];
  accounts: Accounts;
  problem: string | undefined;
}

/** Who is in this newsroom, who is invited, and the form to invite. */
export function PeoplePage({ frame, people, invitations, accounts, problem }: PeopleProps) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("nav.people")}</h1>
        <Problem sentence={problem} />
        <ul class="lines">
          {people.map((one) => (
            <li class="line" id={`person-${one.id}`}>
              <div class="line-body">
                <p class="line-head">
                  <a href={`/people/${one.id}`}>
                    <b>{one.name}</b>
                  </a>{" "}
                  <bdi dir="ltr">{one.email}</bdi>
                </p>
                <p class="why">
                  {one.arrived ? (
                    one.seen_at ? (
                      <>
                        {v.t("me.session.seen")} <Ago v={v} at={one.seen_at} />
                      </>
                    ) : (
                      v.t("people.notHere")
                    )
                  ) : (
                    v.t("people.notArrived")
                  )}
                </p>
              </div>
              <p class="badges">
                {one.disabled_at ? <Badge tone="bad">{v.t("people.disabled")}</Badge> : null}
                <Badge>{v.t(`role.${one.role}`)}</Badge>
                {Object.keys(one.accounts).length > 0 ? (
                  <Badge>{v.t("people.own", { count: Object.keys(one.accounts).length })}</Badge>
                ) : null}
                {one.totp ? <Badge tone="good">{v.t("totp.name")}</Badge> : null}
              </p>
            </li>
          ))}
        </ul>
        <h2>{v.t("people.invitations")}</h2>
        {invitations.length === 0 ? <Empty title={v.t("people.invitations.empty")} /> : null}
        <ul class="lines">
          {invitations.map((one) => (
            <li class="line" id={`invitation-${one.id}`}>
              <div class="line-body">
                <p class="line-head">
                  <bdi dir="ltr">{one.email}</bdi> <Badge>{v.t(`role.${one.role}`)}</Badge>
                </p>
                <p class="why">
                  {v.t("people.invitation.by", { who: one.invited_by })} · {v.t("posts.until")} <When v={v} at={one.expires_at} />
                </p>
              </div>
              <form method="post" action={`/people/invitations/${one.id}/revocation`}>
                <button>{v.t("people.invitation.revoke")}</button>
              </form>
            </li>
          ))}
        </ul>
        <h2>{v.t("people.invite")}</h2>
        <form method="post" action="/people/invitations" class="gate-form">
          <label>
            {v.t("signIn.email")}
            <input type="email" name="email" autocomplete="off" required />
          </label>
          <RightsFields v={v} rights={{ role: "writer", accounts: {} }} accounts={accounts} />
          <button class="primary">{v.t("people.invite.do")}</button>
        </form>
      </div>
    </Layout>
  );
}

interface PersonProps {
  frame: Frame;
  person: PersonLine;
  accounts: Accounts;
  problem: string | undefined;
}

/** One person: what they may do, and what to do when they lost a password, a phone, or the job. */
export function PersonPage({ frame, person, accounts, problem }: PersonProps) {
  const { v } = frame;
  const to = `/people/${person.id}`;
  const disabled = person.disabled_at !== null;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{person.name}</h1>
        <p class="why">
          <bdi dir="ltr">{person.email}</bdi>
        </p>
        <Problem sentence={problem} />
        {disabled ? <p class="notice bad">{v.t("people.disabled.told")}</p> : null}
        <div class="panels">
          <section class="panel" aria-labelledby="rights">
            <h2 id="rights">{v.t("people.rights")}</h2>
            <form method="post" action={`${to}/rights`} class="gate-form">
              <RightsFields v={v} rights={person} accounts={accounts} />
              <button class="primary">{v.t("people.rights.do")}</button>
            </form>
          </section>
          <section class="panel" aria-labelledby="access">
            <h2 id="access">{v.t("people.access")}</h2>
            {disabled ? null : (
              <form method="post" action={`${to}/sign-in-link`} class="gate-form">
                <p class="why">{v.t("people.reset.note")}</p>
                <button>{v.t("people.reset")}</button>
              </form>
            )}
            <form method="post" action={`${to}/disabled`} class="gate-form">
              <p class="why">{v.t(disabled ? "people.enable.note" : "people.disable.note")}</p>
              <input type="hidden" name="on" value={disabled ? "no" : "yes"} />
              <button class={disabled ? "" : "danger"}>{v.t(disabled ? "people.enable" : "people.disable")}</button>
            </form>
          </section>
          {person.totp && person.id !== v.person?.id ? (
            <section class="panel" aria-labelledby="totp">
              <h2 id="totp">{v.t("totp.name")}</h2>
              <p class="why">{v.t("people.totp.note")}</p>
              <form method="post" action={`${to}/totp-removal`} class="gate-form">
                <Proof v={v} id="totp" />
                <button class="danger">{v.t("totp.remove")}</button>
              </form>
            </section>
          ) : null}
        </div>
      </div>
    </Layout>
  );
}

function RightsFields({ v, rights, accounts }: { v: View; rights: Rights; accounts: Accounts }) {
  const all = [...ROLES, "none"] as const;
  return (
    <>
      <label>
        {v.t("people.role")}
        <select name="role">
          {all.map((role) => (
            <option value={role} selected={rights.role === role}>
              {v.t(`role.${role}`)}
            </option>
          ))}
        </select>
      </label>
      <p class="why">{v.t("people.role.note")}</p>
      {accounts.length === 0 ? null : (
        <details open={Object.keys(rights.accounts).length > 0}>
          <summary>{v.t("people.accounts")}</summary>
          {accounts.map((account) => (
            <label>
              {v.t("card.who", { account: account.name, network: account.network })}
              <select name={`account-${account.id}`}>
                <option value="">{v.t("people.role.same")}</option>
                {all.map((role) => (
                  <option value={role} selected={rights.accounts[account.id] === role}>
                    {v.t(`role.${role}`)}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </details>
      )}
    </>
  );
}

/** A single-use link, shown this once, for the admin to send. */
export function LinkMadePage({
  frame,
  kind,
  whom,
  link,
}: {
  frame: Frame;
  kind: "invitation" | "reset";
  whom: string;
  link: string;
}) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("people.link.title")}</h1>
        <p>{v.t(`people.link.${kind}`, { whom })}</p>
        <p>
          <label>
            {v.t("people.link")}
            <input type="text" readonly value={link} dir="ltr" size={72} />
          </label>
        </p>
        <p class="why">{v.t("people.link.once")}</p>
        <p>
          <a class="button" href="/people">
            {v.t("nav.people")}
          </a>
        </p>
      </div>
    </Layout>
  );
}

function Problem({ sentence }: { sentence: string | undefined }) {
  if (sentence === undefined) return null;
  return (
    <p class="notice bad" role="alert">
      {sentence}
    </p>
  );
}
