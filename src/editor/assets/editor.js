// Keys, focus, the live bell, the count and the draft. Everything else is forms that work without this.

// htmx makes HTML of our own server's answers, in which what came from outside is text. Nothing may make a script of text.
window.trustedTypes?.createPolicy("default", { createHTML: (html) => html });

const $ = (selector, root = document) => root.querySelector(selector);
const desk = () => $("#desk");
/** What is on the desk, or on the page where it has none. */
const shown = (selector) => $(selector, desk() ?? undefined);
const cardOf = () => shown("[data-card]")?.dataset.card;

const onDesk = (ctx) => ctx.target?.id === "desk";
const rows = () => [...document.querySelectorAll("#waiting [data-row]")];

// The live bell: something changed, so the page is read again and morphed, though not between two keys of somebody who is
// fast, unless they never pause. What is being edited or asked about is skipped (hx-morph-skip).

const QUIET_MS = 400;
const LATEST_MS = 2_000;
let rung = null;
let pressed = 0;
let reading = false;
let timer;

document.addEventListener("bell", () => {
  rung ??= performance.now();
  reread();
  const newer = $("[data-newer]");
  if (newer) htmx.ajax("GET", newer.dataset.newer, { source: newer, target: newer, swap: "innerHTML" });
});

async function reread() {
  clearTimeout(timer);
  if (rung === null || reading || awaited || !$("#main")) return;
  const wait = Math.min(pressed + QUIET_MS, rung + LATEST_MS) - performance.now();
  if (wait > 0) {
    timer = setTimeout(reread, wait);
    return;
  }
  rung = null;
  reading = true;
  const page = {
    source: "#main",
    target: "#main",
    select: "#main",
    selectOOB: "#top:outerMorph",
    swap: "outerMorph",
    push: "false",
  };
  try {
    await htmx.ajax("GET", here(), { ...page, turn });
  } finally {
    reading = false;
    reread();
  }
}

/** The address of what is shown: the queue's own leads to whatever is first by now. */
function here() {
  const card = cardOf();
  return location.pathname === "/" && card ? `/?post=${card}` : location.pathname + location.search;
}

// The desk changes hands by one request at a time. What was asked for before the last one is old when it arrives.

let turn = 0;
let awaited = null;
let focused = null;
/** The card on the desk, and why the last act on it did not happen. */
let stood = {};

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (!onDesk(ctx)) return;
  // The second of two fast clicks on a button that has gone meanwhile.
  if (!ctx.sourceElement.isConnected) return event.preventDefault();
  ctx.turn = turn += 1;
  ctx.opensText = ctx.sourceElement.matches('[data-key="e"]');
  ctx.saves = ctx.sourceElement.matches("form[data-edit]") ? draftId(ctx.sourceElement) : null;
  awaited = ctx;
});

document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => {
  if (!onDesk(ctx)) return;
  ctx.target = desk();
  if (ctx.saves && ctx.response.status < 400) sessionStorage.removeItem(`edit:${ctx.saves}`);
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  focused = document.activeElement;
  stood = { card: cardOf(), notice: shown("[data-said]") };
  if (ctx.turn === undefined || ctx.turn === turn || ctx.response.status >= 400) return;
  event.preventDefault();
  rung ??= performance.now();
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (ctx === awaited) {
    awaited = null;
    ahead = [];
  }
  if (onDesk(ctx)) reread();
});

document.addEventListener("signed-out", () => {
  $("#signed-out").hidden = false;
});

// Keys -----------------------------------------------------------------------------------------------------------------

const typing = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || element.matches("input, textarea, select"));

/** The key as Latin keyboards have it: on an Arabic one the same place is another letter. */
function keyOf({ key, code }) {
  if (key === "؟") return "?";
  return /^[^\x00-\x7f]$/.test(key) && /^Key[A-Z]$/.test(code) ? code[3].toLowerCase() : key;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return closeFolds();
  if (document.body.dataset.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing(event.target) || $("dialog[open]")) return;
  const now = performance.now();
  const meant = now > pressed + IN_VAIN_MS || !inVain;
  pressed = now;
  if (!meant) return;
  const key = keyOf(event);
  const taken = awaited ? keep(event) : act(key);
  inVain = !taken && /^[exhs]$/.test(key);
  if (taken) event.preventDefault();
});

// A key that opens a field found none, because somebody else has decided meanwhile: what is typed on is no command.
let inVain = false;
const IN_VAIN_MS = 1_000;

/** Does what a key stands for; false where it stands for nothing. While a card is being edited no key acts on it. */
function act(key) {
  if (key === "?") return openHelp();
  if (key === "j") return step(1);
  if (key === "k") return step(-1);
  const button = /^[aexhs]$/.test(key) ? shown(`[data-key="${key}"]`) : null;
  if (!button || button.disabled) return false;
  if (button.matches("summary")) openFold(button.parentElement);
  else button.click();
  return true;
}

// Keys pressed while the next card or the text field is on its way. Letters after `e` are meant for the field and wait for
// it; moves and `e` wait their turn; a decision about a card that is not there yet is nobody's decision, and is dropped.

let ahead = [];

function keep(event) {
  const key = keyOf(event);
  const text = event.key === "Enter" ? "\n" : event.key;
  const meansText = awaited.opensText || ahead.some((one) => one.key === "e");
  if (meansText ? [...text].length !== 1 : !/^[jke]$/.test(key)) return false;
  ahead.push({ key, text });
  return true;
}

function arrived(meantText) {
  const [first, ...rest] = ahead;
  awaited = null;
  ahead = [];
  const text = $("textarea[data-draft]", desk());
  if (!first || meantText !== Boolean(text)) return;
  if (text) {
    text.setRangeText([first, ...rest].map((one) => one.text).join(""), text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  } else {
    act(first.key);
    if (awaited) ahead = rest;
  }
}

/** To the next row or the one before; beyond the shown ones, to the part of the queue that follows. */
function step(by) {
  const all = rows();
  const current = all.findIndex((row) => row.getAttribute("aria-current") === "true");
  // A card that waits no more stands between two rows.
  const from = current < 0 ? Number($("#waiting")?.dataset.at ?? 0) - (by > 0 ? 1 : 0) : current;
  const way = all[from + by] ?? $(`#waiting [rel=${by > 0 ? "next" : "prev"}]`);
  way?.click();
  return true;
}

function openHelp() {
  const dialog = $("#help");
  if (!dialog.open) dialog.showModal();
  return true;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) openHelp();
  const forget = event.target.closest("[data-draft-forget]");
  if (forget) sessionStorage.removeItem(`edit:${forget.dataset.draftForget}`);
  if (event.target.closest("[data-draft-discard]")) discardDraft();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Folds: one at a time; while one is open live updates leave the desk alone, so that what is typed in it stays ----------

function openFold(fold) {
  fold.open = !fold.open;
  // Not only once the browser tells of it: a page that is read again in between would close it, and what is typed be commands.
  leaveAlone(fold);
  if (fold.open) $("input:not([type=hidden])", fold)?.focus();
}

function leaveAlone(fold) {
  const place = fold.closest("#desk") ?? fold;
  place.toggleAttribute("hx-morph-skip", fold.open || "editing" in place.dataset || Boolean($("[data-fold][open]", place)));
}

function closeFolds() {
  for (const fold of document.querySelectorAll("details[data-fold][open], details.menu[open]")) {
    const inside = fold.contains(document.activeElement);
    fold.open = false;
    if (inside) $("summary", fold)?.focus();
  }
}

document.addEventListener(
  "toggle",
  (event) => {
    const fold = event.target;
    if (!fold.matches?.("details[data-fold], details.menu")) return;
    leaveAlone(fold);
    if (!fold.open || !fold.matches("[data-fold]")) return;
    for (const other of document.querySelectorAll("details[data-fold][open]")) if (other !== fold) other.open = false;
  },
  true,
);

// After an act: focus the card that is on the desk now, and say what happened -----------------------------------------

document.addEventListener("htmx:after:swap", (event) => settle(event));

function settle(event) {
  const ctx = event.detail?.ctx;
  prepare();
  const card = shown("textarea[data-draft]") ?? shown("[data-card]");
  // What had the focus may have gone with what was read again.
  if (!ctx || !onDesk(ctx)) {
    if (focused && !focused.isConnected && document.activeElement === document.body) card?.focus({ preventScroll: true });
    // Why an act did not happen is known to its answer only; it stays for as long as its card does.
    const { notice } = stood;
    if (notice && !notice.isConnected && cardOf() === stood.card) shown("[data-card]").prepend(notice);
    return;
  }
  const done = ctx.response?.status < 400;
  if (done) $("#problem")?.replaceChildren();
  card?.focus();
  mark(ctx.response?.headers.get("Slugline-Decided"));
  if (ctx === awaited) arrived(ctx.opensText);
  const refusal = $("[data-said]", desk());
  if (refusal) $("#said").textContent = refusal.textContent;
}

/** Shows in the list what is on the desk now. Near an end of the shown part, the list is read again at once. */
function mark(decided) {
  const list = $("#waiting");
  const left = rows().findIndex((row) => row.dataset.row === decided);
  if (left >= 0) {
    list.dataset.at = left;
    $(`#row-${decided}`).remove();
  }
  const all = rows();
  const card = cardOf();
  const at = all.findIndex((row) => row.dataset.row === card);
  for (const row of all) if (row.hasAttribute("aria-current")) row.removeAttribute("aria-current");
  all[at]?.setAttribute("aria-current", "true");
  // Where the list does not scroll by itself, the page would leave the card.
  if (at >= 0 && list.scrollHeight > list.clientHeight) all[at].scrollIntoView({ block: "nearest" });
  const further = (rel, more) => more < NEAR && $(`#waiting [rel=${rel}]`);
  if (at < 0 || further("prev", at) || further("next", all.length - 1 - at)) rung = -LATEST_MS;
}

const NEAR = 10;

const draftId = (form) => $("textarea[data-draft]", form)?.dataset.draft;

// The draft and the count ----------------------------------------------------------------------------------------------

// What is typed is kept in this tab until it is saved: the text and the fields beside it, by their names.

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-edit]");
  if (!form || !event.target.matches("[data-draft], [data-field]")) return;
  const typed = Object.fromEntries(fieldsOf(form).map((field) => [field.name, valueOf(field)]));
  sessionStorage.setItem(`edit:${draftId(form)}`, JSON.stringify(typed));
  count(form);
});

const fieldsOf = (form) => [...form.querySelectorAll("[data-draft], [data-field]")];
const valueOf = (field) => (field.type === "checkbox" ? String(field.checked) : field.value);

function fill(field, value) {
  if (field.type === "checkbox") field.checked = value === "true";
  else field.value = value;
}

/** The counting, which knows every top-level domain, is loaded with the first text that is edited. */
let counting;

async function count(form) {
  const text = $("[data-draft]", form);
  if (!text.dataset.limits) return;
  const { lengthOf } = await (counting ??= import("./lib/text/count.js"));
  const limits = JSON.parse(text.dataset.limits);
  const whole = ($("[name=spoiler]", form)?.value ?? "") + text.value;
  const length = lengthOf(whole.replaceAll("\r\n", "\n"), limits);
  const output = $("#edit-count");
  const number = new Intl.NumberFormat(document.documentElement.dataset.numbers);
  output.textContent = `${number.format(length)} / ${number.format(limits.max)}`;
  output.classList.toggle("over", length > limits.max);
}

function prepare() {
  for (const button of document.querySelectorAll("[data-help]")) button.hidden = false;
  const form = $("form[data-edit]");
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "yes";
  const kept = sessionStorage.getItem(`edit:${draftId(form)}`);
  const fields = fieldsOf(form);
  // What was refused and came back from the server is newer than what was kept.
  if (kept !== null && fields.every((field) => valueOf(field) === field.dataset.saved)) {
    const typed = JSON.parse(kept);
    const changed = fields.filter((field) => typed[field.name] !== undefined && typed[field.name] !== valueOf(field));
    for (const field of changed) fill(field, typed[field.name]);
    $("[data-draft-notice]").hidden = changed.length === 0;
  }
  count(form);
}

function discardDraft() {
  const form = $("form[data-edit]");
  sessionStorage.removeItem(`edit:${draftId(form)}`);
  for (const field of fieldsOf(form)) fill(field, field.dataset.saved);
  $("[data-draft-notice]").hidden = true;
  count(form);
  $("[data-draft]", form).focus();
}

prepare();
