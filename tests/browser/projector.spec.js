// What the hall sees: it follows the stage, stays through a restart, and goes dark when its link is revoked.
const { test, expect, axe, join, moderate, none } = require("./people.js");
const { WORDS, texts, write, ask } = require("./polls.js");

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
  { width: 1024, height: 768 },
];

const stage = (page, name) => page.locator(`.stage.${name}`);
const forumOf = (server) => `/forums/${server.forum.replace(/^\/f\//, "")}`;

/** Puts something on. */
const put = (moderator, server, body) => write(moderator, server, `${forumOf(server)}/stage`, body);

/** What is in the forum, as a moderator sees it. */
async function view(moderator, server) {
  const { view } = await (await moderator.request.get(`${server.url}/api/v1${forumOf(server)}`)).json();
  // Moderators see what is hidden too, and voices of the hall have another name than who wrote them down.
  const named = (one) => !one.hidden && !one.hall && view.people[one.author].name;
  return { ...view, contributions: view.contributions.filter(named) };
}

async function violations(page) {
  const { violations } = await axe(page).withTags(TAGS).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}

/** Everything on the stage is within the window. */
async function hangsOut(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll(".stage h1:not(.sr), .stage p, .stage li, .stage figcaption, .stage .qr, .stage .name")]
      .filter((one) => one.checkVisibility())
      .map((one) => [one.textContent.slice(0, 40), one.getBoundingClientRect()])
      .filter(([, box]) => box.left < 0 || box.top < 0 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1)
      .map(([text, box]) => `${text} ${JSON.stringify(box)}`),
  );
}

test("the hall sees what moderators put on, and nothing where nothing is to be seen", async ({ server, person }) => {
  const [hall, moderator] = [await person({ viewport: SIZES[0] }), await person()];
  const errors = [];
  hall.on("pageerror", (error) => errors.push(error.message));
  hall.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await moderate(moderator, server);
  await hall.goto(server.projector);
  await expect(stage(hall, "welcome").locator(".code")).toBeVisible();
  const { topics, contributions, people } = await view(moderator, server);

  await put(moderator, server, { shows: "topic", topic: topics[1].id });
  await expect(stage(hall, "subject").locator("h1")).toHaveText(topics[1].title.texts.de);
  await expect(hall.locator(".way-in .code")).toBeVisible();

  await put(moderator, server, { shows: "contributions", contributions: [contributions[2].id] });
  await expect(stage(hall, "quotes").locator("figcaption")).toContainText(people[contributions[2].author].name);

  await write(moderator, server, `${forumOf(server)}/speaking-list/state`, { open: true, seconds: 60 });
  await put(moderator, server, { shows: "speaking" });
  await write(moderator, server, `${forumOf(server)}/speaking-list/hall`, { name: "Frau Nguyen" });
  await expect(stage(hall, "speaking").locator(".next .name")).toHaveText("Frau Nguyen");
  await write(moderator, server, `${forumOf(server)}/speaking-list/next`);
  await expect(stage(hall, "speaking").locator("h1")).toHaveText("Frau Nguyen");
  await expect(hall.locator(".clock")).toHaveText(/^0:[345]\d$/);

  await put(moderator, server, { shows: "off" });
  await expect(stage(hall, "off")).toBeVisible();
  await expect(stage(hall, "off")).toHaveCSS("background-color", "rgb(0, 0, 0)");
  await expect(hall.locator(".foot")).toBeHidden();
  expect(errors).toEqual([]);
});

test("however often something changes, the hall sees what is put on", async ({ server, person }) => {
  const [hall, moderator, guest] = [await person(), await person(), await person()];
  await moderate(moderator, server);
  await join(guest, server, "Amal");
  await hall.goto(server.projector);
  await expect(stage(hall, "welcome")).toBeVisible();
  const { contributions } = await view(moderator, server);
  // One guest who supports and takes back, without end.
  const busy = guest.evaluate(async (address) => {
    window.taken = 0;
    for (let n = 0; !window.enough; n += 1) {
      const headers = { "content-type": "application/json", "idempotency-key": crypto.randomUUID() };
      window.taken += (await fetch(address, { method: n % 2 ? "DELETE" : "POST", headers, body: "{}" })).ok;
      await new Promise((done) => setTimeout(done, 60));
    }
  }, `/api/v1${forumOf(server)}/contributions/${contributions[0].id}/support`);
  await guest.waitForFunction(() => window.taken > 10);
  await put(moderator, server, { shows: "speaking" });
  await expect(stage(hall, "speaking")).toBeVisible();
  await put(moderator, server, { shows: "off" });
  await expect(stage(hall, "off")).toBeVisible();
  await guest.evaluate(() => (window.enough = true));
  await busy;
});

test("a poll takes the stage, its turnout grows, and its result appears when it is revealed", async ({ server, person }) => {
  const [hall, moderator, voter] = [await person(), await person(), await person({ javaScriptEnabled: false })];
  await moderate(moderator, server);
  await join(voter, server, "Amal", none);
  await hall.goto(server.projector);
  await expect(stage(hall, "welcome")).toBeVisible();
  const poll = await ask(moderator, server);
  await expect(stage(hall, "poll").locator("h1")).toHaveText(WORDS.title);
  await expect(hall.locator(".options li")).toHaveText(WORDS.options);
  await expect(hall.locator(".turnout")).toContainText("0 haben abgestimmt");
  await voter.goto(poll.page);
  await voter.locator('input[name="option"]').nth(1).check();
  await voter.locator("details.ballot button.main").click();
  await expect(hall.locator(".turnout")).toContainText("1 hat abgestimmt");
  await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
  await expect(stage(hall, "poll").locator(".calm")).toBeVisible();
  await expect(hall.locator(".bars")).toHaveCount(0);
  await write(moderator, server, `${poll.api}/reveal`);
  await expect(hall.locator(".outcome")).toContainText(WORDS.options[1]);
  await expect(hall.locator(".bars svg.bar")).toHaveCount(3);
});

test("without a connection the last stage stays with a mark, and goes on after a restart", async ({ server, person }) => {
  test.setTimeout(120_000);
  const hall = await person();
  await hall.goto(server.projector);
  await expect(stage(hall, "welcome")).toBeVisible();
  await server.kill();
  await expect(hall.locator("#lost")).toBeVisible();
  await expect(stage(hall, "welcome").locator(".code")).toBeVisible();
  await server.restart();
  await expect(hall.locator("#lost")).toBeHidden({ timeout: 60_000 });
  const moderator = await person();
  await moderate(moderator, server);
  await put(moderator, server, { shows: "speaking" });
  await expect(stage(hall, "speaking")).toBeVisible();
});

test("a page that a network puts in between changes nothing", async ({ server, person }) => {
  const [hall, moderator] = [await person(), await person()];
  await moderate(moderator, server);
  await hall.goto(server.projector);
  await expect(stage(hall, "welcome")).toBeVisible();
  await hall.evaluate(() => void (window.stimmwerkMark = true));
  await hall.route(server.projector, (route) =>
    route.fulfill({ contentType: "text/html", body: "<div id='app'><p>Bitte anmelden</p></div>" }),
  );
  await put(moderator, server, { shows: "speaking" });
  await expect(hall.locator("#lost")).toBeVisible();
  await expect(stage(hall, "welcome").locator(".code")).toBeVisible();
  await hall.unroute(server.projector);
  await expect(stage(hall, "speaking")).toBeVisible();
  expect(await hall.evaluate(() => window.stimmwerkMark)).toBe(true);
});

test("when links are revoked every projector goes dark with one line", async ({ server, person }) => {
  const [hall, other, moderator] = [await person(), await person(), await person()];
  await moderate(moderator, server);
  for (const page of [hall, other]) {
    await page.goto(server.projector);
    await expect(stage(page, "welcome")).toBeVisible();
  }
  const answer = await moderator.request.delete(`${server.url}/api/v1${forumOf(server)}/screens`, {
    headers: { origin: server.url },
  });
  expect(answer.ok()).toBe(true);
  for (const page of [hall, other]) {
    await expect(page.locator("#gone")).toBeVisible();
    await expect(page.locator(".stage")).toHaveCount(0);
    expect(await violations(page)).toEqual([]);
  }
});

test("without JavaScript the page shows the stage and comes anew by itself", async ({ server, person }) => {
  const hall = await person({ javaScriptEnabled: false });
  await hall.goto(server.projector);
  await expect(stage(hall, "welcome").locator(".code")).toBeVisible();
  await expect(hall.locator("#full")).toBeHidden();
  await expect(hall.locator('meta[http-equiv="refresh"]')).toHaveAttribute("content", "10");
});

test("one button, which is all that the keyboard finds", async ({ server, person }) => {
  const hall = await person();
  await hall.goto(server.projector);
  await expect(hall.locator("#full")).toBeVisible();
  for (let nth = 0; nth < 3; nth += 1) {
    await hall.keyboard.press("Tab");
    const found = await hall.evaluate(() => document.activeElement.id || document.activeElement.tagName);
    expect(["full", "BODY"]).toContain(found);
  }
});

for (const lang of ["de", "ar"]) {
  for (const viewport of SIZES) {
    test(`every stage is readable and within the window: ${lang}, ${viewport.width} x ${viewport.height}`, async ({ server, person }) => {
      test.setTimeout(120_000);
      const [hall, moderator] = [await person({ locale: lang, viewport }), await person()];
      await moderate(moderator, server);
      await hall.goto(server.projector);
      const found = [];
      const look = async (name) => {
        await expect(stage(hall, name)).toBeVisible();
        // What comes in calmly is seen through at first.
        await hall.waitForTimeout(700);
        for (const wrong of [...(await violations(hall)), ...(await hangsOut(hall))]) found.push(`${name} ${wrong}`);
        const path = test.info().outputPath(`${name}-${found.length}-${Date.now()}.png`);
        await hall.screenshot({ path });
      };
      await look("welcome");
      const { topics, contributions } = await view(moderator, server);
      await put(moderator, server, { shows: "topic", topic: topics[3].id });
      await look("subject");
      await put(moderator, server, { shows: "contributions", contributions: contributions.slice(0, 5).map(({ id }) => id) });
      await look("quotes");
      const forum = forumOf(server);
      await write(moderator, server, `${forum}/speaking-list/state`, { open: true, seconds: 60 });
      for (const name of ["Frau Nguyen", "Ahmad", "", "Olena"]) {
        await write(moderator, server, `${forum}/speaking-list/hall`, { name, interpreted: name === "Ahmad" });
      }
      await write(moderator, server, `${forum}/speaking-list/next`);
      await put(moderator, server, { shows: "speaking" });
      await look("speaking");
      const long = "Welche Aufgabe soll unser Netzwerk gemeinsam mit Städten und Landkreisen als Erstes angehen? ".repeat(2).slice(0, 158).trim();
      const poll = await ask(moderator, server, {
        title: texts(long),
        options: Array.from({ length: 12 }, (_, nth) => texts(`${nth + 1}. Beratung in der Mehrgenerationenhausverwaltung ausbauen`)),
      });
      await look("poll");
      await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
      await write(moderator, server, `${poll.api}/reveal`);
      await expect(hall.locator(".outcome")).toBeVisible();
      await look("poll");
      await put(moderator, server, { shows: "off" });
      await look("off");
      expect(found).toEqual([]);
    });
  }
}
