// Keeps a projector's page as it should be for a whole evening.
//
// The server draws. This module is told over the socket that something has changed, fetches the page again, and puts
// the new stage in the place of the old one. Whatever fails is tried again; what was shown last stays meanwhile.
//
// It runs where somebody left a browser open: no build step, and nothing newer than the module it is.

const root = document.getElementById("app");
const page = location.pathname + location.search;
const token = location.pathname.split("/").pop();
const notice = (id) => document.getElementById(id);

// In milliseconds.
const PAUSE = 500; // between two fetches
const PATIENCE = 15000; // for one fetch
const WITH_SOCKET = 60000; // fetched anyway: codes change outside the streams, and nothing missed stays so for long
const WITHOUT_SOCKET = 5000;
const GONE = 30000; // a link that leads nowhere
const SILENCE = 45000; // the server beats every 20 s
const BACKOFF = 15000; // the longest wait before another socket
const HINT = 10000;
const IDLE = 3000;

// Of the sizes in the style sheet.
const LARGEST = 1.5;
const SMALLEST = 0.36;

// --- The stage -----------------------------------------------------------------------------------------------

let offset = 0; // the server's clock less ours
let stands = true; // the link leads somewhere

const overflows = (box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1;

// Text begins large and gets smaller step by step until all of it is seen; what is too long even then is cut.
function fit() {
  const stage = root.querySelector(".stage");
  const content = root.querySelector(".content");
  if (!stage || !content) return;
  delete stage.dataset.cut;
  for (let size = LARGEST; size >= SMALLEST; size *= 0.94) {
    stage.style.setProperty("--fit", size.toFixed(3));
    if (!overflows(content)) return;
  }
  stage.dataset.cut = "";
}

function count() {
  const now = Date.now() + offset;
  for (const one of root.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil((Number(one.dataset.until) - now) / 1000));
    const text = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    const clock = one.querySelector(".clock");
    if (clock && clock.textContent !== text) clock.textContent = text;
    one.classList.toggle("over", left === 0);
  }
}

function show(fresh) {
  const drawn = fresh.querySelector("#app > .stage");
  // A page that some network puts in between, or one that needs another script.
  if (!drawn) throw new Error("no stage");
  notice("gone").hidden = true;
  stands = true;
  // A new build: its looks too. Loading the page anew would end the full screen.
  const looks = (from) => [...from.querySelectorAll('link[rel="stylesheet"]')];
  const known = looks(document).map((link) => link.getAttribute("href"));
  for (const link of looks(fresh)) {
    if (!known.includes(link.getAttribute("href"))) document.head.append(document.importNode(link, true));
  }
  document.title = fresh.title;
  const stage = document.importNode(drawn, true);
  const before = root.firstElementChild;
  // The same kind of stage only changes; another one comes in calmly.
  if (!before || before.className !== stage.className) stage.dataset.comes = "";
  root.replaceChildren(stage);
  count();
  fit();
  follow();
}

function dark() {
  stands = false;
  root.replaceChildren();
  notice("gone").hidden = false;
  notice("lost").hidden = true;
  drop();
}

// --- Fetching ------------------------------------------------------------------------------------------------

let fetching = false;
let wanted = false;
let next = 0;
let due = 0;

function plan(wait) {
  clearTimeout(next);
  due = performance.now() + wait;
  next = setTimeout(refresh, wait);
}

// What is due sooner stays: however often something changes, the page comes.
function soon() {
  if (fetching) wanted = true;
  else if (due > performance.now() + PAUSE / 2) plan(PAUSE / 2);
}

async function refresh() {
  if (fetching) return;
  fetching = true;
  wanted = false;
  let failed = true;
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(page, { headers: { accept: "text/html" }, cache: "no-store", signal: stop.signal });
    if (answer.status === 404) dark();
    else if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(fresh);
      failed = false;
      notice("lost").hidden = true;
      if (!socket) connect();
    } else notice("lost").hidden = false;
  } catch (error) {
    console.warn(error);
    notice("lost").hidden = !stands;
  }
  clearTimeout(late);
  fetching = false;
  plan(wanted ? PAUSE : !stands ? GONE : open && !failed ? WITH_SOCKET : WITHOUT_SOCKET);
}

// --- Being told ----------------------------------------------------------------------------------------------

let socket = null;
let open = false; // the server said hello
let attempts = 0;
let heard = 0;
let retry = 0;
const following = new Set();

// What stands on the page: each stream, and as of which event.
const shown = () => new Map([...root.querySelectorAll("[data-stream]")].map((one) => [one.dataset.stream, Number(one.dataset.seq)]));

function follow() {
  if (!open) return;
  const streams = shown();
  for (const stream of following) {
    if (streams.has(stream)) continue;
    following.delete(stream);
    socket.send(JSON.stringify({ type: "unsubscribe", stream }));
  }
  for (const [stream, after] of streams) {
    if (following.has(stream)) continue;
    following.add(stream);
    socket.send(JSON.stringify({ type: "subscribe", stream, after }));
  }
}

function drop() {
  clearTimeout(retry);
  if (!socket) return;
  socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
  open = false;
  following.clear();
}

// Comes back after a while that grows, and not at the same moment as everybody else.
function lose(wait) {
  drop();
  attempts += 1;
  const bound = Math.min(BACKOFF, 500 * 2 ** Math.min(attempts, 6));
  retry = setTimeout(connect, wait + Math.random() * bound);
  soon();
}

function connect() {
  if (!stands) return;
  drop();
  heard = Date.now();
  socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/v1/live?screen=" + encodeURIComponent(token));
  socket.onclose = () => lose(0);
  socket.onmessage = ({ data }) => {
    heard = Date.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch (error) {
      console.warn(error);
      return soon();
    }
    if (frame.type === "hello" || frame.type === "beat") offset = frame.now - Date.now();
    if (frame.type === "hello") {
      open = true;
      attempts = 0;
      follow();
      // The mark goes with the first page that comes.
      if (notice("lost").hidden) plan(WITH_SOCKET);
      else soon();
    } else if (frame.type === "bye") {
      lose(frame.retry_ms);
    } else if (frame.type === "deltas" || frame.type === "snapshot") {
      // What came while the page was on its way is on it already.
      if (frame.seq > (shown().get(frame.stream) || 0)) soon();
    } else if (frame.type === "presence") {
      const here = root.querySelector("[data-people]");
      if (here && Number(here.dataset.people) !== frame.people) soon();
    } else if (frame.type === "resync" || frame.type === "rejected") {
      soon();
    }
  };
}

setInterval(() => socket && Date.now() > heard + SILENCE && lose(0), 5000);

// --- The device ----------------------------------------------------------------------------------------------

// The screen stays on. A hidden page loses that, so it asks again when it is seen.
async function stayAwake() {
  try {
    if (navigator.wakeLock) await navigator.wakeLock.request("screen");
  } catch (error) {
    console.warn(error);
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  stayAwake();
  soon();
});
addEventListener("online", () => (open ? soon() : lose(0)));
addEventListener("resize", fit);

const full = notice("full");
const fill = () => (full.hidden = !document.fullscreenEnabled || document.fullscreenElement !== null);
full.addEventListener("click", () => document.documentElement.requestFullscreen().then(stayAwake, console.warn));
document.addEventListener("fullscreenchange", () => {
  fill();
  fit();
});
fill();

// Where the browser knows of one screen alone, the hall would see the moderators' window.
if (screen.isExtended === false) {
  notice("extend").hidden = false;
  setTimeout(() => (notice("extend").hidden = true), HINT);
}

// Pointer and button go when nobody moves.
let still = 0;
function moved() {
  document.documentElement.classList.remove("idle");
  clearTimeout(still);
  still = setTimeout(() => document.documentElement.classList.add("idle"), IDLE);
}
addEventListener("pointermove", moved);
addEventListener("keydown", moved);
moved();

// Should this module itself fail, the page comes anew, slowly.
addEventListener("error", () => setTimeout(() => location.reload(), WITHOUT_SOCKET));

// The page was made a moment ago, so its clock is nearly ours.
const made = root.querySelector("[data-now]");
if (made) offset = Number(made.dataset.now) - Date.now();
setInterval(count, 250);
count();
fit();
if (document.fonts) document.fonts.ready.then(fit);
stayAwake();
connect();
plan(WITHOUT_SOCKET);
