// Voting: by keyboard alone, without JavaScript, through updates, a restart and a change of language.
const { test, expect, hydrated, live, none, join, moderate, settled } = require("./people.js");
const { WORDS, texts, write, ask } = require("./polls.js");

/** Goes to an element by the tabulator alone. */
async function to(page, selector) {
  for (let nth = 0; nth < 80; nth += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
  }
  throw new Error(`${selector} cannot be reached`);
}

/** Makes a guest who only speaks REST. */
async function guest(person, server, name) {
  const page = await person({ javaScriptEnabled: false });
  await join(page, server, name, none);
  return page;
}

const cast = (page) => page.locator("details.ballot button.main").click();
const done = (page) => expect(page.locator("section.voted")).toBeVisible();

test("a vote by keyboard alone, and its change", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server);
  await join(voter, server, "Selma");
  await voter.goto(poll.page);
  await live(voter);
  await to(voter, 'input[name="option"]');
  await voter.keyboard.press("ArrowDown");
  await to(voter, "details.ballot button.main");
  await voter.keyboard.press("Enter");
  await done(voter);
  await expect(voter.locator("section.voted .chosen")).toHaveText(WORDS.options[1]);
  await expect(voter.locator("#voted")).toBeFocused();
  await to(voter, "details.ballot > summary");
  await voter.keyboard.press("Enter");
  await to(voter, 'input[name="option"]');
  await voter.keyboard.press("ArrowDown");
  await to(voter, "details.ballot button.main");
  await voter.keyboard.press("Enter");
  await expect(voter.locator("section.voted .chosen")).toHaveText(WORDS.options[2]);

  await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
  await expect(voter.locator("details.ballot")).toBeHidden();
  await write(moderator, server, `${poll.api}/reveal`);
  await expect(voter.locator("section.result .outcome")).toContainText(WORDS.options[2]);
  await expect(voter.locator("section.result svg.bar")).toHaveCount(3);
});

test("without JavaScript people vote, change it, and a refused ballot keeps what was chosen", async ({ server, person }) => {
  const [voter, moderator] = [await person({ javaScriptEnabled: false }), await person()];
  await moderate(moderator, server);
  await join(voter, server, "Carla", none);
  const poll = await ask(moderator, server, { method: "multiple", min: 1, max: 2 });
  await voter.goto(poll.page);
  for (const nth of [0, 1, 2]) await voter.locator('input[name="option"]').nth(nth).check();
  await cast(voter);
  await expect(voter.locator(".problem")).toBeVisible();
  await expect(voter.locator('input[name="option"]:checked')).toHaveCount(3);
  await voter.locator('input[name="option"]').nth(0).uncheck();
  await cast(voter);
  await done(voter);
  await expect(voter.locator("section.voted .chosen li")).toHaveText([WORDS.options[1], WORDS.options[2]]);
  await voter.locator("details.ballot > summary").click();
  await voter.locator('input[name="option"]').nth(2).uncheck();
  await cast(voter);
  await expect(voter.locator("section.voted .chosen li")).toHaveText([WORDS.options[1]]);
});

test("a half-filled ballot survives others' votes, a restart and a change of language, and is cast once", async ({ server, person }) => {
  test.setTimeout(120_000);
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server, { method: "scale", steps: 5 });
  await join(voter, server, "Amal");
  await voter.goto(poll.page);
  await live(voter);
  const step = (option, value) => voter.locator(`input[name="mark_${option}"][value="${value}"]`);
  await step(0, 4).check();
  await step(1, 2).check();
  const filled = async () => {
    await expect(step(0, 4)).toBeChecked();
    await expect(step(1, 2)).toBeChecked();
    await expect(voter.locator('input[name^="mark_"]:checked')).toHaveCount(2);
  };

  const other = await guest(person, server, "Badr");
  for (let nth = 0; nth < 60; nth += 1) {
    await write(other, server, `${poll.api}/ballots`, { round: 1, marks: [1 + (nth % 5), 3, 0] });
    await filled();
  }
  await expect(voter.locator(".turnout")).toContainText("1");

  await server.kill();
  await expect(voter.locator(".connection.live")).toHaveCount(0);
  await filled();
  await server.restart();
  await expect(voter.locator(".connection.live")).toBeVisible({ timeout: 20_000 });
  await filled();

  await voter.locator("details.language > summary").click();
  await voter.locator('button[name="lang"][value="ar"]').click();
  await expect(voter.locator("html")).toHaveAttribute("dir", "rtl");
  await live(voter);
  await filled();

  await voter.locator("details.ballot button.main").dblclick();
  await done(voter);
  const { view } = await (await moderator.request.get(`${server.url}/api/v1${poll.api}`)).json();
  expect(view.turnout.online).toBe(2);
  const kept = await voter.evaluate(() => Object.keys(sessionStorage).filter((key) => /ballot|pending/.test(key)));
  expect(kept, "nothing of it stays on the device").toEqual([]);
});

test("a ballot pressed while offline is kept and sent once the connection is back", async ({ server, person }) => {
  test.setTimeout(60_000);
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server);
  await join(voter, server, "Dilan");
  await voter.goto(poll.page);
  await live(voter);
  await voter.locator('input[name="option"]').first().check();
  await server.kill();
  await expect(voter.locator(".connection.live")).toHaveCount(0);
  await cast(voter);
  await expect(voter.locator(".sending")).toBeVisible();
  await server.restart();
  await done(voter);
  await expect(voter.locator(".sending")).toBeHidden();
  const { view } = await (await moderator.request.get(`${server.url}/api/v1${poll.api}`)).json();
  expect(view.turnout.online).toBe(1);
});

test("a closing poll counts down, and a new round begins with a fresh ballot", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server);
  await join(voter, server, "Emil");
  await voter.goto(poll.page);
  await live(voter);
  await voter.locator('input[name="option"]').first().check();
  await write(moderator, server, `${poll.api}/close`);
  await expect(voter.locator(".ending")).toContainText(/1[0-9]|20/);
  await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
  await expect(voter.locator("details.ballot")).toBeHidden();
  await write(moderator, server, `${poll.api}/again`);
  await expect(voter.locator("details.ballot")).toBeVisible();
  await expect(voter.locator('input[name="option"]:checked')).toHaveCount(0);
  await expect(voter.locator('input[name="round"]')).toHaveValue("2");
  await voter.locator('input[name="option"]').nth(1).check();
  await cast(voter);
  await done(voter);
});

/** A vote by cards, open, with the codes of two cards. */
async function withCards(moderator, server) {
  const forum = server.forum.replace(/^\/f\//, "");
  const { view } = await (await moderator.request.get(`${server.url}/api/v1/forums/${forum}`)).json();
  const question = { forum, title: texts(WORDS.title), method: "yes_no", electorate: "cards", secrecy: "secret", weight: "binding" };
  const { id } = await write(moderator, server, `/processes/${view.forum.process}/polls`, question);
  const { codes } = await write(moderator, server, `/polls/${id}/cards`, { count: 2 });
  await write(moderator, server, `/polls/${id}/open`);
  return { id, codes };
}

test("a voting card from its picture, in a secret vote", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const { id, codes } = await withCards(moderator, server);
  await join(voter, server, "Fatma");
  await voter.goto(`${server.url}/p/${id}#card=${codes[0]}`);
  await live(voter);
  await expect(voter.locator("#card")).toHaveValue(codes[0]);
  await voter.locator('input[name="option"][value="0"]').check();
  await cast(voter);
  await done(voter);
  await expect(voter.locator("#card")).toHaveValue("");
  // Once more with the same card: refused, in words, and nothing of the ballot is lost.
  await voter.locator("details.ballot > summary").click();
  await voter.locator('input[name="option"][value="1"]').check();
  await voter.locator("#card").fill(codes[0].toLowerCase());
  await cast(voter);
  await expect(voter.locator("#ballot-problem .problem")).toBeVisible();
  await expect(voter.locator('input[name="option"][value="1"]')).toBeChecked();
});

test("who scans a card joins first and comes to the poll, with the code in its field alone", async ({ server, person }) => {
  const [moderator, voter, plain] = [await person(), await person(), await person({ javaScriptEnabled: false })];
  await moderate(moderator, server);
  const { id, codes } = await withCards(moderator, server);
  const code = server.participant.split("/").pop();
  const scanned = `${server.url}/join?code=${code}&next=/p/${id}#card=${codes[0]}`;
  const asked = [];
  voter.on("request", (request) => asked.push(request.url().split("#")[0] + (request.postData() ?? "")));
  await voter.goto(scanned);
  await settled(voter);
  expect(new URL(voter.url()).hash).toBe("");
  // Refused once, it still leads there.
  await voter.locator("#name").fill("x".repeat(60));
  await voter.locator('form[action="/api/v1/join"] button').click();
  await expect(voter.locator(".problem")).toBeVisible();
  await voter.locator("#name").fill("Gul");
  await voter.locator('form[action="/api/v1/join"] button').click();
  await voter.waitForURL((url) => url.pathname.startsWith("/welcome"));
  await voter.locator(".ways a.main").click();
  await voter.waitForURL((url) => url.pathname === `/p/${id}`);
  await live(voter);
  await expect(voter.locator("#card")).toHaveValue(codes[0]);
  expect(asked.filter((request) => request.includes(codes[0]))).toEqual([]);
  // Who is in goes straight there; a page that is open already hears of another card.
  await voter.goto(scanned.replace(codes[0], codes[1]));
  await voter.waitForURL((url) => url.pathname === `/p/${id}` && url.hash === "");
  await live(voter);
  await expect(voter.locator("#card")).toHaveValue(codes[1]);
  await voter.evaluate((code) => (location.hash = `card=${code}`), codes[0]);
  await expect(voter.locator("#card")).toHaveValue(codes[0]);
  expect(new URL(voter.url()).hash).toBe("");

  await plain.goto(scanned);
  await plain.locator('form[action="/api/v1/join"] button').click();
  await plain.locator(".ways a.main").click();
  await plain.waitForURL((url) => url.pathname === `/p/${id}`);
});

test("one phone for two cards: the second voter finds nothing and loses nothing", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const { id, codes } = await withCards(moderator, server);
  await join(voter, server, "Hava");
  await voter.goto(`${server.url}/p/${id}#card=${codes[0]}`);
  await live(voter);
  await voter.context().setOffline(true);
  await voter.locator('input[name="option"][value="0"]').check();
  await cast(voter);
  await expect(voter.locator(".sending")).toBeVisible();
  await expect(voter.locator("#card")).toHaveValue("");
  await expect(voter.locator('input[name="option"]:checked')).toHaveCount(0);
  await voter.locator('input[name="option"][value="1"]').check();
  await voter.locator("#card").fill(codes[1]);
  await voter.context().setOffline(false);
  await done(voter);
  await expect(voter.locator(".sending")).toBeHidden();
  await expect(voter.locator('input[name="option"][value="1"]')).toBeChecked();
  await expect(voter.locator("#card")).toHaveValue(codes[1]);
  await cast(voter);
  await expect(voter.locator(".turnout")).toContainText("2 Stimmen");
});

test("a ballot that comes too late says so, and what was chosen", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server);
  await join(voter, server, "Ines");
  await voter.goto(poll.page);
  await live(voter);
  await voter.context().setOffline(true);
  await voter.locator('input[name="option"]').nth(1).check();
  await cast(voter);
  await expect(voter.locator(".sending")).toBeVisible();
  await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
  await voter.context().setOffline(false);
  const problem = voter.locator("#ballot-problem .problem");
  await expect(problem).toBeVisible();
  await expect(problem.locator(".chosen")).toHaveText(WORDS.options[1]);
  await expect(voter.locator(".said")).toContainText((await problem.locator("p").nth(1).textContent()).trim());
  await expect(voter.locator("details.ballot, .sending").filter({ visible: true })).toHaveCount(0);
  await expect(voter.locator("section.voted")).toHaveCount(0);
});

test("a ballot changed while offline counts as it was changed", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server);
  await join(voter, server, "Jan");
  await voter.goto(poll.page);
  await live(voter);
  await voter.context().setOffline(true);
  for (const nth of [0, 2, 1]) {
    await voter.locator('input[name="option"]').nth(nth).check();
    // It says that one is on its way, and takes another all the same.
    await voter.locator("details.ballot button.main").click({ force: true });
  }
  await voter.context().setOffline(false);
  await done(voter);
  await expect(voter.locator("section.voted .chosen")).toHaveText(WORDS.options[1]);
  await expect(voter.locator(".sending")).toBeHidden();
  await voter.reload();
  await expect(voter.locator("section.voted .chosen")).toHaveText(WORDS.options[1]);
});

test("what is chosen before the program comes is newer than what was kept", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server);
  await join(voter, server, "Kim");
  await voter.goto(poll.page);
  await live(voter);
  await voter.locator('input[name="option"]').nth(0).check();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await voter.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await voter.goto(poll.page, { waitUntil: "commit" });
  await voter.locator('input[name="option"]').nth(2).check();
  release();
  await live(voter);
  await expect(voter.locator('input[name="option"]').nth(2)).toBeChecked();
});

for (const sent of [true, false]) {
  test(`a program that breaks leaves ${sent ? "what was not sent" : "what was begun"} in the plain form`, async ({ server, person }) => {
    const [voter, moderator] = [await person(), await person()];
    await moderate(moderator, server);
    const poll = await ask(moderator, server, { method: "scale", steps: 5 });
    await join(voter, server, "Lea");
    // A connection on which nobody answers.
    await voter.routeWebSocket(/\/live/, () => {});
    await voter.goto(poll.page);
    await hydrated(voter);
    const step = (option, value) => voter.locator(`input[name="mark_${option}"][value="${value}"]`);
    await step(0, 4).check();
    await step(2, 1).check();
    if (sent) await cast(voter);
    const id = await voter.evaluate(() => {
      const key = Object.keys(sessionStorage).find((key) => key.startsWith("stimmwerk.pending"));
      return key && JSON.parse(sessionStorage.getItem(key))[0].id;
    });
    await voter.evaluate(() => void setTimeout(() => globalThis.stimmwerkPanicked("broken by the test")));
    await expect(voter.locator("#app[data-plain]")).toBeAttached();
    await expect(step(0, 4)).toBeChecked();
    await expect(step(2, 1)).toBeChecked();
    const key = voter.locator('details.ballot input[name="idempotency_key"]');
    await expect(voter.locator(".unsent")).toBeVisible({ visible: sent });
    if (sent) await expect(key).toHaveValue(id);
    await cast(voter);
    await done(voter);
    await expect(voter.locator(".unsent")).toBeHidden();
    const kept = await voter.evaluate(() => Object.keys(sessionStorage).filter((key) => /ballot|pending/.test(key)));
    expect(kept, "nothing of it stays on the device").toEqual([]);
  });
}

test("who scrolls the table of a running result stays in it", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server, { method: "ranking", secrecy: "open", results: "running" });
  await join(voter, server, "Mona");
  await voter.goto(poll.page);
  await live(voter);
  await write(voter, server, `${poll.api}/ballots`, { round: 1, marks: [1, 2, 3] });
  await done(voter);
  await voter.locator("section.result summary").click();
  for (const nth of [0, 1]) {
    const table = voter.locator("section.result .scroll").nth(nth);
    await table.focus();
    const before = await table.textContent();
    const other = await guest(person, server, `Noor ${nth}`);
    await write(other, server, `${poll.api}/ballots`, { round: 1, marks: [3, 2, 1] });
    await expect(table).not.toHaveText(before);
    await expect(table).toBeFocused();
  }
});

test("pages of polls come alive without an error in the console", async ({ server, person }) => {
  const [voter, moderator] = [await person(), await person()];
  const errors = [];
  voter.on("pageerror", (error) => errors.push(`${voter.url()}: ${error}`));
  voter.on("console", (message) => {
    if (message.type() === "error") errors.push(`${voter.url()}: ${message.text()}`);
  });
  await moderate(moderator, server);
  await join(voter, server, "Nadia");
  const methods = [
    { method: "single" },
    { method: "multiple", min: 0, max: 2 },
    { method: "yes_no" },
    { method: "scale", steps: 7 },
    { method: "resistance" },
    { method: "dots", points: 6 },
    { method: "ranking" },
  ];
  for (const question of methods) {
    const poll = await ask(moderator, server, { secrecy: "open", results: "running", ...question });
    await voter.goto(poll.page);
    await hydrated(voter);
    await expect(voter.locator(".connection.live")).toBeVisible();
    // What the program took over reads as what the server sent.
    const [sent, shown] = await voter.evaluate(async () => {
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
      return [page, document].map((page) => {
        const app = page.querySelector("#app").cloneNode(true);
        for (const part of app.querySelectorAll(".connection")) part.remove();
        return app.textContent.replace(/\s+/g, " ").trim();
      });
    });
    expect(shown).toBe(sent);
    const marks = { yes_no: [0, 1, 0], single: [1, 0, 0], multiple: [1, 1, 0], resistance: [1, 2, 3, 4] }[question.method] ?? [1, 2, 3];
    await write(voter, server, `${poll.api}/ballots`, { round: 1, marks });
    await done(voter);
    await expect(voter.locator("section.result .outcome")).toBeVisible();
    await voter.locator("section.result summary").click();
    await expect(voter.locator("section.result table").first()).toBeVisible();
    await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
    await write(moderator, server, `${poll.api}/reveal`);
    await expect(voter.locator("a[href$='/voters']")).toBeVisible();
    for (const page of ["/print", "/voters", ""]) {
      await voter.goto(poll.page + page);
      await settled(voter);
    }
  }
  expect(errors).toEqual([]);
});
