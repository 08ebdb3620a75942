// A ballot that is half filled in while the others vote: nothing of it is lost, wherever else its owner is.
const { test, expect, live, join, moderate } = require("./people.js");
const { WORDS, write, ask } = require("./polls.js");

const PEOPLE = 50;
const CHANGES = 20;
const ORDERS = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

const field = (page, option) => page.locator(`[name="mark_${option}"]`);
const values = (page) => page.locator('[name^="mark_"]').evaluateAll((all) => all.map((one) => one.value));
const done = (page) => expect(page.locator("section.voted")).toBeVisible();

/** What a ballot of each kind looks like; `marks` of a person never stay the same from one change to the next. */
const KINDS = {
  dots: {
    question: { method: "dots", points: 100 },
    marks: (person, change) => [(person + change) % 30, (person * 7 + change) % 30, 10],
    // The caret stands before the 5.
    begin: async (page) => {
      await field(page, 0).fill("30");
      await field(page, 1).press("5");
      await field(page, 1).press("Home");
    },
    half: ["30", "5", ""],
    goOn: (page) => page.keyboard.type("4"),
    begun: ["30", "45", ""],
    finish: (page) => field(page, 2).fill("20"),
    whole: [30, 45, 20],
    sum: (marks, option) => marks[option],
  },
  ranking: {
    question: { method: "ranking" },
    marks: (person, change) => ORDERS[(person + change) % ORDERS.length],
    begin: async (page) => {
      await field(page, 0).selectOption("2");
      await field(page, 1).focus();
      await page.keyboard.press("ArrowDown");
    },
    half: ["2", "1", ""],
    goOn: async () => {},
    begun: ["2", "1", ""],
    finish: (page) => field(page, 2).selectOption("3"),
    whole: [2, 1, 3],
    sum: (marks, option) => (marks[option] === 1 ? 1 : 0),
  },
};

for (const [kind, ballot] of Object.entries(KINDS)) {
  test(`half a ballot (${kind}) survives a thousand updates, a restart and another language, and counts once`, async ({ server, person }) => {
    const [voter, moderator] = [await person(), await person()];
    await moderate(moderator, server);
    // Everything is shown while it runs: each update changes the page around the ballot.
    const poll = await ask(moderator, server, { ...ballot.question, secrecy: "open", results: "running" });
    const crowd = await server.crowd(PEOPLE);
    let frames = 0;
    voter.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => (frames += /^.{0,20}"deltas"/.test(payload))));
    await join(voter, server, "Amal");
    await voter.goto(poll.page);
    await live(voter);
    await ballot.begin(voter);
    expect(await values(voter)).toEqual(ballot.half);
    await voter.evaluate(() => {
      window.begun = document.activeElement;
      window.losses = 0;
      window.begun.addEventListener("blur", () => (window.losses += 1));
    });
    const untouched = async (fields) => {
      expect(await values(voter)).toEqual(fields);
      expect(await voter.evaluate(() => document.activeElement === window.begun && window.begun.isConnected)).toBe(true);
      expect(await voter.evaluate(() => window.losses)).toBe(0);
    };
    await untouched(ballot.half);
    expect(await voter.evaluate(() => document.activeElement.name)).toBe("mark_1");

    const before = await server.api(poll.api);
    const cast = [];
    for (let change = 0; change < CHANGES; change += 1) {
      const seen = frames;
      const all = crowd.map((token, person) => {
        cast[person] = ballot.marks(person, change);
        return server.api(`${poll.api}/ballots`, { round: 1, marks: cast[person] }, token);
      });
      await Promise.all(all);
      await expect.poll(() => frames, "the updates come to this page").toBeGreaterThan(seen);
      await untouched(ballot.half);
    }
    const after = await server.api(poll.api);
    expect(after.seq - before.seq).toBe(PEOPLE * CHANGES);
    await expect(voter.locator(".turnout .count")).toHaveText(`Bisher ${PEOPLE} Stimmen`);
    await untouched(ballot.half);
    await ballot.goOn(voter);
    await untouched(ballot.begun);

    await server.kill();
    await expect(voter.locator(".connection.live")).toHaveCount(0);
    await untouched(ballot.begun);
    await server.restart();
    await expect(voter.locator(".connection.live")).toBeVisible();
    await untouched(ballot.begun);

    await voter.locator("details.language > summary").click();
    await voter.locator('button[name="lang"][value="ar"]').click();
    await expect(voter.locator("html")).toHaveAttribute("dir", "rtl");
    await live(voter);
    expect(await values(voter)).toEqual(ballot.begun);

    await ballot.finish(voter);
    await voter.locator("details.ballot button.main").dblclick();
    await done(voter);
    const { seq, view } = await server.api(poll.api);
    expect(seq - after.seq).toBe(1);
    expect(view.turnout.online).toBe(PEOPLE + 1);
    const all = [...cast, ballot.whole];
    expect(view.result.tally.ballots).toBe(all.length);
    expect(view.result.tally.sums).toEqual([0, 1, 2].map((option) => all.reduce((sum, marks) => sum + ballot.sum(marks, option), 0)));
  });
}

test("with two tabs: a vote in one is seen in the other, whose half-filled ballot stays and replaces it", async ({ server, person }) => {
  const [first, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  const poll = await ask(moderator, server, { method: "multiple", min: 1, max: 3 });
  await join(first, server, "Amal");
  const second = await first.context().newPage();
  for (const page of [first, second]) {
    await page.goto(poll.page);
    await live(page);
  }
  const box = (page, option) => page.locator('input[name="option"]').nth(option);
  await box(second, 0).check();
  await box(second, 2).check();
  await second.evaluate(() => void (window.begun = document.activeElement));
  await box(first, 1).check();
  await first.locator("details.ballot button.main").click();
  await done(first);

  await done(second);
  await expect(second.locator("section.voted .chosen li")).toHaveText([WORDS.options[1]]);
  await expect(box(second, 0)).toBeChecked();
  await expect(box(second, 1)).not.toBeChecked();
  await expect(box(second, 2)).toBeChecked();
  await expect(second.locator("details.ballot"), "what is being filled in stays open").toHaveAttribute("open");
  expect(await second.evaluate(() => document.activeElement === window.begun)).toBe(true);

  const { seq } = await server.api(poll.api);
  await second.locator("details.ballot button.main").click();
  for (const page of [second, first]) {
    await expect(page.locator("section.voted .chosen li")).toHaveText([WORDS.options[0], WORDS.options[2]]);
  }
  await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
  await write(moderator, server, `${poll.api}/reveal`);
  const now = await server.api(poll.api);
  // A ballot, an end, the clock, and what was revealed.
  expect(now.seq - seq).toBe(4);
  expect(now.view.turnout.online).toBe(1);
  expect(now.view.result.tally.sums).toEqual([1, 0, 1]);
});
