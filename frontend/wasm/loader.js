// Starts the WebAssembly on a page that already works without it, and gets out of the way when that fails.
//
// The page is complete HTML: links, and forms that post. This module
//   1. keeps what people typed before the program was there, and until they are on this page again,
//   2. loads the program and lets it take over ("hydrate"),
//   3. leaves or restores the plain page when the program is missing, too new for the browser, or panics.
//
// The document names its program: <script type="module" id="loader" src="…" data-js="…" data-wasm="…">. One that names
// none stays plain; it may name what the next page needs (data-ahead).
// The root element may name the address that shows this page (data-url), for pages that answer a form post.

const script = document.getElementById("loader");
const root = document.getElementById("app");
const url = root.dataset.url ?? location.pathname + location.search;
// Topics, languages and older contributions are one page.
const page = url.split(/[?#]/)[0];

// Per tab: pages on which the program panicked, the text of fields by page, the code of a voting card on its way to its
// poll, and (the program's) what it has not sent and the ballots that are being filled in.
const PLAIN = "stimmwerk.plain";
const TYPED = "stimmwerk.typed";
const CARD = "stimmwerk.card";
const CARD_MS = 600_000;
const PENDING = "stimmwerk.pending";
const BALLOT = "stimmwerk.ballot";

// sessionStorage throws where a browser forbids it. The page then merely forgets.
function recall(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}
function remember(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Forgotten, then.
  }
}

// --- What people typed ---------------------------------------------------------------------------------------

const KINDS = "textarea, select, input:not([type=hidden], [type=password], [type=file], [type=submit], [type=button])";
const TEXT = new Set(["textarea", "text"]);
const chosen = (field) => field.type === "checkbox" || field.type === "radio";

function untouched(field) {
  if (chosen(field)) return field.checked === field.defaultChecked;
  // Where none is marked, the first is chosen.
  if (field.options) return field.selectedIndex === Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  return field.value === field.defaultValue;
}

// A field is found again by its form and its name; rendering the page anew keeps both.
function place(field) {
  const form = field.form;
  return [form?.getAttribute("action") ?? "", form?.id ?? "", field.name, chosen(field) ? field.value : ""].join("\n");
}

function fields() {
  return [...root.querySelectorAll(KINDS)].filter((field) => field.name);
}

function touched() {
  return fields()
    .filter((field) => !untouched(field))
    .map((field) => ({ place: place(field), type: field.type, value: chosen(field) ? field.checked : field.value }));
}

function fill(entries) {
  const wanted = new Map(entries.map((entry) => [entry.place, entry]));
  for (const field of fields()) {
    const { value, id } = wanted.get(place(field)) ?? {};
    if (value === undefined) continue;
    if (chosen(field)) field.checked = value;
    else field.value = value;
    if (id) under(field, id);
    // Also where nothing changed: the program's signals hear of it the way they hear of typing, and would
    // otherwise write their own empty start into the field.
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// What is in this field was to be sent under this id, so that it counts once.
function under(field, id) {
  field.dataset.id = id;
  field.form.elements.idempotency_key.value = id;
}

// Only text is kept for the next look at the page, and only words: choices may be ballots, the device may be shared, and
// what is searched for stands in the address. A form that was sent is done.
const sent = new WeakSet();
addEventListener("submit", (event) => event.defaultPrevented || sent.add(event.target));
addEventListener("input", (event) => sent.delete(event.target.form));
// Who is done with the device, or deletes everything, leaves nothing on it: neither drafts nor what was on its way.
let leaving = false;
function leaves(form) {
  const action = form.getAttribute("action") ?? "";
  return action === "/api/v1/logout" || (action === "/api/v1/me" && new FormData(form).get("_method") === "DELETE");
}
addEventListener("submit", (event) => (leaving = !event.defaultPrevented && leaves(event.target)));
addEventListener("pagehide", () => {
  if (leaving) {
    try {
      sessionStorage.clear();
    } catch {
      // Then there is nothing.
    }
    return;
  }
  const entries = fields()
    .filter((field) => TEXT.has(field.type) && field.autocomplete !== "off" && !sent.has(field.form) && !untouched(field))
    .map((field) => ({ place: place(field), value: field.value, id: field.dataset.id }));
  remember(TYPED, { ...recall(TYPED), [page]: entries.length > 0 ? entries : undefined });
});

function refill() {
  fill(recall(TYPED)?.[page] ?? []);
}

// The picture on a voting card brings its code behind the "#", which no server and no log sees. It leaves the address at
// once, since the phone may be lent; while somebody joins first, this tab keeps it for the poll.
function scan() {
  const [, code] = location.hash.match(/^#card=([\w-]{1,32})$/) ?? [];
  if (code) {
    history.replaceState(history.state, "", location.pathname + location.search);
    remember(CARD, { code, at: Date.now(), poll: new URLSearchParams(location.search).get("next") ?? page });
  }
  const field = document.getElementById("card");
  const card = recall(CARD);
  // On a lent device it is not for whoever comes later.
  if (card && Date.now() - card.at > CARD_MS) remember(CARD, null);
  else if (field && card?.poll === page) fillCard(field, card.code);
}

function fillCard(field, code) {
  remember(CARD, null);
  // What stands there belongs to the card before.
  if (root.dataset.plain !== undefined) field.form.reset();
  field.value = code;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
addEventListener("hashchange", scan);

// The picture of the welcome page brings the four words in the same way.
function bringWords() {
  const [, words] = location.hash.match(/^#code=([a-z-]{1,120})$/) ?? [];
  const field = document.querySelector('form[action="/api/v1/return"] input[name="code"]');
  if (!words || !field) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  field.value = words;
}
addEventListener("hashchange", bringWords);

// The address of this page with its text field as it is: for a new contribution, or a reply, a change, an addition.
function writing(address, { type, contribution, reply_to }) {
  const to = new URL(address, location.href);
  for (const kind of ["reply", "edit", "add"]) to.searchParams.delete(kind);
  if (reply_to) to.searchParams.set("reply", reply_to);
  else if (contribution) to.searchParams.set(type, contribution);
  return to.pathname + to.search;
}
function written(field) {
  const [, contribution, type] = field.form.getAttribute("action").match(/([^/]+)\/(edit|add)$/) ?? [];
  return { type, contribution, reply_to: field.form.elements.reply_to?.value };
}

// Without scripts the choice of language sends the form that is being filled in along, so that nothing is lost. Here typed
// text is kept for the next look at the page, and the choice is a form of its own.
for (const button of document.querySelectorAll("button[data-enter]")) button.remove();
for (const button of document.querySelectorAll('button[form][formaction^="/api/v1/language"]')) {
  for (const name of ["form", "formaction", "formnovalidate"]) button.removeAttribute(name);
  button.name = "lang";
}

// In another language the text field is for the same.
addEventListener("submit", ({ target }) => {
  const field = document.getElementById("text");
  if (!field || target.getAttribute("action") !== "/api/v1/language") return;
  const { next } = target.elements;
  next.value = writing(next.value, written(field));
});

// --- What opens ----------------------------------------------------------------------------------------------

// Menus open and close by themselves; this closes them too when something else is pressed, or Escape. What lies over the
// page like them may hold words: only Escape closes it.
const opened = (selector) => [...document.querySelectorAll(selector)];
addEventListener("click", ({ target }) => {
  for (const menu of opened("details.menu[open]")) if (!menu.contains(target) || target.closest("a")) menu.open = false;
  // What is pressed open comes into sight; what is drawn open moves nothing.
  const over = target.closest("details.over > summary")?.parentElement;
  requestAnimationFrame(() => over?.open && over.lastElementChild.scrollIntoView({ block: "nearest" }));
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const one of opened("details:is(.menu, .over)[open]")) {
    if (one.contains(document.activeElement)) one.querySelector("summary").focus();
    one.open = false;
  }
});

// No live update closes what somebody opened: where a part of the page is drawn anew, what stands open in it is opened
// again. Something opened is found again by what it lies in and by how many like it come before it there. Whoever sent a
// form in it is done with it.
const stands = new WeakMap();
function stand(one) {
  const within = one.parentElement?.closest("[id]") ?? root;
  const alike = [...within.querySelectorAll("details")].filter((other) => other.className === one.className);
  return [within.id, one.className, alike.indexOf(one)].join("\n");
}
root.addEventListener("toggle", ({ target }) => (target.open ? stands.set(target, stand(target)) : stands.delete(target)), true);
root.addEventListener("submit", ({ target }) => {
  for (let one = target.closest("details"); one; one = one.parentElement.closest("details")) stands.delete(one);
});
const among = (nodes) =>
  [...nodes].flatMap((node) => (node instanceof Element ? [node, ...node.querySelectorAll("details")] : []));
new MutationObserver((records) => {
  const gone = among(records.flatMap(({ removedNodes }) => [...removedNodes]));
  const lost = new Set(gone.filter((one) => one.open && !one.isConnected && stands.has(one)).map((one) => stands.get(one)));
  if (lost.size === 0) return;
  const drawn = among(records.flatMap(({ addedNodes }) => [...addedNodes]));
  for (const one of drawn) if (one.matches("details") && one.isConnected && lost.has(stand(one))) one.open = true;
}).observe(root, { childList: true, subtree: true });

// --- Falling back --------------------------------------------------------------------------------------------

// Set while the program takes over: the page as the server sent it.
let pristine = null;
let over = false;
// How long an answer may take, and how often is looked whether it came.
const ANSWER_MS = 2_000;
const STEP_MS = 100;

// Called by the program's panic hook, and for traps that no hook sees.
function fallBack() {
  if (over) return;
  over = true;
  remember(PLAIN, [...(recall(PLAIN) ?? []), page].slice(-50));
  if (pristine) {
    // Nothing was live yet: the untouched copy has none of the program's listeners.
    const entries = touched();
    root.replaceChildren(...pristine.childNodes);
    fill(entries);
    return plain();
  }
  // The page was live and the copy is old. Fetch it anew, once; the mark keeps it plain. Not before what is on its way
  // has been answered, or it would stand neither on that page nor in its field.
  leave(ANSWER_MS);
}

function leave(ms) {
  const field = document.getElementById("text");
  const all = document.getElementById("page") ? pending() : [];
  if (ms > 0 && all.some(({ stage }) => stage === "sent")) return setTimeout(leave, STEP_MS, ms - STEP_MS);
  const unsent = field && all.find((one) => isText(one) && (field.value === "" || isIn(field, one)));
  // Not reload(): that would send a form again where the page answered one.
  location.replace(field ? writing(url, unsent ? unsent.command : written(field)) : url);
}

// What the program had not sent when it went, and where it kept that.
const isText = ({ command, stage }) => ["contribute", "edit", "add"].includes(command.type) && !stage.accepted;
// A program that went at once may have left them standing.
const isIn = (field, { command }) => command.text?.trim() === field.value.trim();
function data() {
  const { page } = JSON.parse(document.getElementById("page").textContent);
  // The desk is a forum with more around it.
  return page.forum ?? page;
}
const kept = () => `${PENDING}.${data().stream}`;
function pending() {
  return recall(kept()) ?? [];
}

// The page is plain, and stays it.
function plain() {
  if (root.dataset.plain !== undefined) return;
  root.dataset.plain = "";
  if (!document.getElementById("page")) return;
  if (document.getElementById("text")) restoreText();
  if (root.querySelector(".unsent")) restoreBallot();
}

// A ballot that was to be sent goes back into its form, under its id; if there is none, the one that was being filled in
// does. That it was not sent is said, also where it is too late for it.
function restoreBallot() {
  const { view, own } = data();
  const { id, round } = view.poll ?? {};
  const form = root.querySelector("details.ballot:not([hidden]) form");
  const draft = `${BALLOT}.${id}.${round}`;
  const isSame = (one, other) => one.command.round === other.command.round && one.command.card === other.command.card;
  const isCast = ({ command }) =>
    own?.voted && !command.card && command.round === round && (!own.marks || `${own.marks}` === `${command.marks}`);
  const all = pending().filter((one) => one.stage === "sent");
  const waiting = all.filter((one, nth) => !isCast(one) && !all.slice(nth + 1).some((later) => isSame(one, later)));
  root.querySelector(".unsent").hidden = waiting.length === 0;
  const left = waiting.filter(({ command }) => form && command.round === round);
  remember(kept(), left.length > 0 ? left : null);
  if (!form) return;
  const inputs = fields().filter((field) => field.form === form);
  const key = form.elements.idempotency_key;
  const ownKey = key.value;
  const [next] = left;
  const began = recall(draft);
  if (inputs.every(untouched) && (next || began)) {
    const { values, card } = next ? { values: next.command.marks.map(String), card: next.command.card } : began;
    for (const field of inputs) {
      const value = values[field.name === "option" ? field.value : field.name.replace("mark_", "")];
      if (field.name === "card") field.value = card ?? "";
      else if (chosen(field)) field.checked = value === (field.name === "option" ? "1" : field.value);
      else field.value = field.options && value === "0" ? "" : value;
    }
    form.closest("details").open = true;
    if (next) key.value = next.id;
  }
  // Changed, it is another.
  form.addEventListener("input", () => (key.value = ownKey));
  form.addEventListener("submit", () => {
    remember(draft, null);
    // What waits for another card stays.
    const card = form.elements.card?.value.trim() || undefined;
    const others = left.filter(({ command }) => (command.card ?? undefined) !== card);
    remember(kept(), others.length > 0 ? others : null);
  });
}

// Words that were to be sent go back into the text field once it is free, unless they stand on the page already.
function restoreText() {
  const field = document.getElementById("text");
  const there = [...root.querySelectorAll(".own .plain-text, .item.mine .text")].map((words) => words.textContent.trim());
  const [taken, left] = [[], []];
  for (const one of pending()) (isText(one) && there.includes(one.command.text.trim()) ? taken : left).push(one);
  if (taken.some((one) => isIn(field, one))) field.value = "";
  const next = left.find((one) => isText(one) && (field.value === "" || isIn(field, one)));
  const rest = left.filter((one) => one !== next);
  remember(kept(), rest.length > 0 ? rest : null);
  if (!next) return;
  const { command, id } = next;
  field.value = command.text;
  const is = written(field);
  if (is.contribution !== command.contribution || is.reply_to !== command.reply_to) return;
  // The same words in the same language to the same topic are the same.
  for (const name of ["lang", "topic"]) if (field.form.elements[name]) field.form.elements[name].value = command[name] ?? "";
  under(field, id);
}

globalThis.stimmwerkPanicked = (message) => {
  console.error(message);
  fallBack();
};
addEventListener("error", (event) => event.error instanceof WebAssembly.RuntimeError && fallBack());
addEventListener("unhandledrejection", (event) => event.reason instanceof WebAssembly.RuntimeError && fallBack());

// Translators wrap every text in an element of their own, which hydration cannot take over.
function translated() {
  return root.querySelector("font") !== null || /\btranslated-(ltr|rtl)\b/.test(document.documentElement.className);
}

async function start() {
  const program = await import(script.dataset.js);
  await program.default({ module_or_path: script.dataset.wasm });
  if (translated()) return "plain";
  const entries = touched();
  pristine = root.cloneNode(true);
  try {
    program.hydrate();
  } catch (error) {
    fallBack();
    throw error;
  }
  pristine = null;
  fill(entries);
  return "live";
}

// What the next page needs, once this one has nothing to do.
function ahead() {
  if (navigator.connection?.saveData) return;
  for (const file of script.dataset.ahead.split(" ")) {
    fetch(file, { priority: "low" }).then((answer) => answer.arrayBuffer()).catch(() => {});
  }
}

refill();
scan();
bringWords();
if (script.dataset.wasm && typeof WebAssembly === "object" && !translated() && !recall(PLAIN)?.includes(page)) {
  start().then(
    (state) => (state === "plain" ? plain() : (root.dataset.live = "")),
    (error) => {
      // The page is plain already; the console says why.
      console.warn(error);
      plain();
    },
  );
} else {
  plain();
}
if (script.dataset.ahead) addEventListener("load", () => (globalThis.requestIdleCallback ?? setTimeout)(ahead));
