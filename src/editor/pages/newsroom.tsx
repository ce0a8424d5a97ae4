import type { Facts } from "../../delivery/facts.ts";
import type { Limits } from "../../lib/text/limits.ts";
import type { NetworkPromise } from "../deps.ts";
import type { AccountLine, CheckLine, SourceLine } from "../read/newsroom.ts";
import { Allowance, Resting } from "../parts/account-allowance.tsx";
import { AccountBrake } from "../parts/account-brake.tsx";
import { may } from "../../newsroom/person.ts";
import { AccountConnect } from "../parts/account-connect.tsx";
import { AccountRehearsal } from "../parts/account-rehearsal.tsx";
import { Ago, Avatar, Badge, Empty, Fact, When } from "../parts/bits.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { Promised } from "../parts/promised.tsx";
import { Reason } from "../parts/reason.tsx";
import type { View } from "../view.ts";

/** The accounts we post to: whether they work, who decides, and by which limits. */
export function AccountsPage({
  frame,
  accounts,
  facts,
  limitsOf,
  promiseOf,
  connectable,
}: {
  frame: Frame;
  accounts: readonly AccountLine[];
  /** What the newsroom allows them, of those that it does. */
  facts: readonly Facts[];
  limitsOf: (account: AccountLine) => Limits;
  promiseOf: (network: string) => NetworkPromise | undefined;
  /** Networks that a person can sign in to from here. */
  connectable: ReadonlySet<string>;
}) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("nav.accounts")}</h1>
        {v.person && may(v.person, "manage") ? (
          <p>
            <a class="button" href="/accounts/connect">
              {v.t("connect.add")}
            </a>
          </p>
        ) : null}
        {accounts.length === 0 ? <Empty title={v.t("accounts.empty")}>{v.t("accounts.empty.more")}</Empty> : null}
        <div class="panels">
          {accounts.map((one) => (
            <section class="panel" aria-labelledby={`account-${one.id}`}>
              <h2 id={`account-${one.id}`}>
                <Avatar name={one.name} /> <bdi>{one.name}</bdi>
              </h2>
              <p class="badges">
                {/* What keeps it back says so below. */}
                {one.state === "active" && one.brake !== null ? null : (
                  <Badge tone={one.state === "active" ? "good" : "bad"}>{v.t(`account.${one.state}`)}</Badge>
                )}
                <Badge tone={one.mode === "auto" ? "auto" : "quiet"}>{v.t(`badge.${one.mode}`)}</Badge>
                {one.rehearsal ? <Badge>{v.t("badge.rehearsal")}</Badge> : null}
              </p>
              {one.rehearsal ? (
                <p class="why">
                  {one.rehearsal_why === null ? v.t("badge.rehearsal.why") : <Reason v={v} why={one.rehearsal_why} />}
                </p>
              ) : null}
              {one.state === "active" ? null : (
                <p class="notice bad">
                  {one.state_why === null ? v.t(`account.state.${one.state}`) : <Reason v={v} why={one.state_why} />}{" "}
                  <Ago v={v} at={one.state_at} />
                </p>
              )}
              {one.state === "active" ? <AccountBrake v={v} brake={one.brake} /> : null}
              <Waits v={v} facts={facts.find(({ accountId }) => accountId === one.id)} />
              <dl class="facts">
                <Fact name={v.t("account.network")}>
                  {one.network} {one.handle ?? ""}
                </Fact>
                <Fact name={v.t("account.server")}>{one.server || v.t("fact.none")}</Fact>
                <Fact name={v.t("account.lang")}>{one.lang === null ? v.t("connect.lang.any") : v.language(one.lang)}</Fact>
                <Fact name={v.t("account.voice")}>{one.voice}</Fact>
                <Fact name={v.t("account.limit")}>{v.t(`unit.${limitsOf(one).unit}`, { count: limitsOf(one).max })}</Fact>
                <Fact name={v.t("account.spacing")}>
                  {one.spacing_s === 0 ? v.t("fact.none") : v.t("time.every.min", { count: Math.round(one.spacing_s / 6) / 10 })}
                </Fact>
                <Allowance v={v} facts={facts.find(({ accountId }) => accountId === one.id)} />
                <Fact name={v.t("account.last")}>
                  {one.last_post_at ? <When v={v} at={one.last_post_at} /> : v.t("fact.never")}
                </Fact>
              </dl>
              <Promised v={v} account={one} network={promiseOf(one.network)} />
              <AccountRehearsal v={v} account={one} />
              <AccountConnect v={v} account={one} connectable={connectable.has(one.network)} />
              <p class="why">{v.t(`origin.${one.origin}`)}</p>
            </section>
          ))}
        </div>
      </div>
    </Layout>
  );
}

/** Its own allowance keeps it: a budget that is used up is bad news, a pace is not. */
function Waits({ v, facts }: { v: View; facts: Facts | undefined }) {
  if (!facts?.rest || facts.rest.why === "spacing") return null;
  return (
    <p class={facts.rest.why === "budget" ? "notice bad" : "why"}>
      <Resting v={v} rest={facts.rest} says="allowance.rests" />
    </p>
  );
}

/** Where articles come from: whether it answers, and when it is asked next. */
export function SourcesPage({
  frame,
  sources,
  checks,
}: {
  frame: Frame;
  sources: readonly SourceLine[];
  checks: readonly CheckLine[];
}) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("nav.sources")}</h1>
        {sources.length === 0 ? <Empty title={v.t("sources.empty")}>{v.t("accounts.empty.more")}</Empty> : null}
        <div class="panels">
          {sources.map((one) => (
            <section class="panel" aria-labelledby={`source-${one.id}`}>
              <h2 id={`source-${one.id}`}>
                <bdi>{one.name}</bdi>
              </h2>
              <p class="badges">
                <Health v={v} source={one} />
                <Badge>{v.t(`source.kind.${one.kind}`)}</Badge>
              </p>
              {one.error === null ? null : (
                <p class="notice bad">
                  <Reason v={v} why={one.error} />
                </p>
              )}
              <dl class="facts">
                {one.url === null ? null : <Fact name={v.t("source.url")}>{one.url}</Fact>}
                <Fact name={v.t("source.lastOk")}>{one.last_ok_at ? <Ago v={v} at={one.last_ok_at} /> : v.t("fact.never")}</Fact>
                <Fact name={v.t("source.lastNew")}>
                  {one.last_new_at ? <Ago v={v} at={one.last_new_at} /> : v.t("fact.never")}
                </Fact>
                {one.kind === "hook" ? null : (
                  <Fact name={v.t("source.next")}>
                    {one.next_check_at ? <When v={v} at={one.next_check_at} /> : v.t("time.now")}
                  </Fact>
                )}
                {one.moved_to === null ? null : <Fact name={v.t("source.moved")}>{one.moved_to}</Fact>}
              </dl>
              <ol class="checks" aria-label={v.t("source.checks")}>
                {checks
                  .filter((check) => check.source_id === one.id)
                  .map((check) => (
                    <li>
                      <Ago v={v} at={check.at} /> <b>{v.t(`check.${check.outcome}`)}</b> <bdi>{check.status ?? ""}</bdi>{" "}
                      {check.items === null ? "" : v.t("source.items", { items: check.items, fresh: check.fresh ?? 0 })}{" "}
                      {check.error === null ? null : <Reason v={v} why={check.error} />}
                    </li>
                  ))}
              </ol>
              <p class="why">{v.t(`origin.${one.origin}`)}</p>
            </section>
          ))}
        </div>
      </div>
    </Layout>
  );
}

function Health({ v, source }: { v: View; source: SourceLine }) {
  if (source.state !== "active") return <Badge tone="bad">{v.t(`source.${source.state}`)}</Badge>;
  if (source.failures > 0) return <Badge tone="warn">{v.t("source.failing", { count: source.failures })}</Badge>;
  return <Badge tone="good">{v.t("source.active")}</Badge>;
}
