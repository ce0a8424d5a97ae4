// Keys, focus, the live bell, the count and the draft. Everything else is forms that work without this.
import { lengthOf } from "./lib/text/count.js";

const $ = (selector, root = document) => root.querySelector(selector);
const desk = () => $("#desk");

// The live bell: something changed, so the page is read again and morphed. The card being edited is skipped (hx-morph-skip).
document.addEventListener("bell", () => {
  if ($("#main")) reread(location.pathname + location.search, "#main", "#main", "#top:outerMorph");
  const newer = $("[data-newer]");
  if (newer) htmx.ajax("GET", newer.dataset.newer, { source: newer, target: newer, swap: "innerHTML" });
});

let reading = false;
let again = false;

async function reread(path, target, select, selectOOB) {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  try {
    await htmx.ajax("GET", path, { source: target, target, select, selectOOB, swap: "outerMorph", push: "false" });
  } finally {
    reading = false;
    if (again) {
      again = false;
      document.dispatchEvent(new CustomEvent("bell"));
    }
  }
}

document.addEventListener("signed-out", () => {
  $("#signed-out").hidden = false;
});

// Keys -----------------------------------------------------------------------------------------------------------------

const typing = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || element.matches("input, textarea, select"));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return closeFolds();
  if (document.body.dataset.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing(event.target) || $("dialog[open]")) return;
  if (awaited && performance.now() - awaited.since < PATIENCE_MS) return keep(event);
  act(event);
});

function act(event) {
  if (event.key === "?") return press(event, openHelp);
  if (event.key === "j") return press(event, () => step(1));
  if (event.key === "k") return press(event, () => step(-1));
  const button = /^[aexhs]$/.test(event.key) ? $(`[data-key="${event.key}"]`, desk() ?? undefined) : null;
  // While a card is being edited it has no such buttons: no key acts on it.
  if (!button || button.disabled) return;
  if (button.matches("summary")) return press(event, () => openFold(button.parentElement));
  press(event, () => {
    awaited = { key: event.key, since: performance.now() };
    button.click();
  });
}

// Keys pressed while the next card or the text field is on its way. Letters after `e` are meant for the field and wait for
// it; moves and `e` wait their turn; a decision about a card that is not there yet is nobody's decision, and is dropped.

const PATIENCE_MS = 3_000;
let awaited = null;
let ahead = [];

function keep(event) {
  const meansText = awaited.key === "e" || ahead.includes("e");
  const key = event.key === "Enter" ? "\n" : event.key;
  if (key.length !== 1 || (!meansText && !/[jke]/.test(key))) return;
  event.preventDefault();
  ahead.push(key);
}

function arrived() {
  const { key } = awaited ?? {};
  awaited = null;
  const keys = ahead;
  ahead = [];
  const text = $("textarea[data-draft]", desk());
  if (text && key === "e") {
    if (keys.length === 0) return;
    text.setRangeText(keys.join(""), text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (key !== "e" && keys.length > 0) {
    act(new KeyboardEvent("keydown", { key: keys[0] }));
    if (awaited) ahead = keys.slice(1);
  }
}

function press(event, work) {
  event.preventDefault();
  work();
}

function step(by) {
  const rows = [...document.querySelectorAll("#waiting [data-row]")];
  const at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const row = at < 0 ? rows[0] : rows[at + by];
  if (!row) return;
  awaited = { key: "j", since: performance.now() };
  row.click();
}

function openHelp() {
  const dialog = $("#help");
  if (!dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) openHelp();
  const forget = event.target.closest("[data-draft-forget]");
  if (forget) sessionStorage.removeItem(`draft:${forget.dataset.draftForget}`);
  if (event.target.closest("[data-draft-discard]")) discardDraft();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Folds: one at a time; open ones are left alone by live updates, so that what is typed in them stays -----------------

function openFold(fold) {
  fold.open = !fold.open;
  if (fold.open) $("input:not([type=hidden])", fold)?.focus();
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
    if (!fold.matches?.("details[data-fold]")) return;
    fold.toggleAttribute("hx-morph-skip", fold.open);
    if (!fold.open) return;
    for (const other of document.querySelectorAll("details[data-fold][open]")) if (other !== fold) other.open = false;
  },
  true,
);

// After an act: focus the card that is on the desk now, and say what happened -----------------------------------------

document.addEventListener("htmx:after:swap", (event) => settle(event));

function settle(event) {
  const ctx = event.detail?.ctx;
  prepare();
  const source = ctx?.sourceElement;
  if (ctx?.target?.id !== "desk" && source?.getAttribute?.("hx-target") !== "#desk") return;
  if (source?.matches?.("form[data-edit]") && ctx.response?.status < 400) sessionStorage.removeItem(`draft:${draftId(source)}`);
  const problem = $("#problem");
  if (problem && ctx.response?.status < 400) problem.replaceChildren();
  const text = $("textarea[data-draft]", desk());
  const card = $("[data-card]", desk());
  (text ?? card)?.focus({ preventScroll: false });
  arrived();
  $('#waiting [aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  const refusal = $("[data-said]", desk());
  if (refusal) $("#said").textContent = refusal.textContent;
}

const draftId = (form) => $("textarea[data-draft]", form)?.dataset.draft;

// The draft and the count ----------------------------------------------------------------------------------------------

document.addEventListener("input", (event) => {
  const text = event.target;
  if (!text.matches?.("textarea[data-draft]")) return;
  sessionStorage.setItem(`draft:${text.dataset.draft}`, text.value);
  count(text);
});

function count(text) {
  if (!text.dataset.limits) return;
  const limits = JSON.parse(text.dataset.limits);
  const length = lengthOf(text.value.replaceAll("\r\n", "\n"), limits);
  const output = $("#edit-count");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  output.textContent = `${number.format(length)} / ${number.format(limits.max)}`;
  output.classList.toggle("over", length > limits.max);
}

function prepare() {
  for (const button of document.querySelectorAll("[data-help]")) button.hidden = false;
  const text = $("textarea[data-draft]");
  if (!text || text.dataset.ready) return;
  text.dataset.ready = "yes";
  const kept = sessionStorage.getItem(`draft:${text.dataset.draft}`);
  // A refused text that came back from the server is newer than what was kept.
  if (kept !== null && kept !== text.value && text.value === text.dataset.saved) {
    text.value = kept;
    $("[data-draft-notice]").hidden = false;
  }
  count(text);
}

function discardDraft() {
  const text = $("textarea[data-draft]");
  sessionStorage.removeItem(`draft:${text.dataset.draft}`);
  text.value = text.dataset.saved;
  $("[data-draft-notice]").hidden = true;
  count(text);
  text.focus();
}

prepare();
