// The moderator's console: an evening run from one page, by mouse, by keyboard, and without JavaScript.
const { test, expect, axe, none, join, moderate, post, listed, approve, unhurried, live } = require("./people.js");
const { WORDS, texts, write, ask } = require("./polls.js");

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const row = (page, title) => page.locator("li.poll-row", { hasText: title });
const said = (page, words) => expect(page.locator(".said")).toContainText(words);

/** Prepares a poll with the form. */
async function prepare(page, title, options) {
  await page.locator(".polls a", { hasText: "vorbereiten" }).click();
  await page.locator('[name="title"]').fill(title);
  await page.locator('[name="options"]').fill(options.join("\n"));
  await page.locator("form.prepare button.main").click();
  await page.waitForURL((url) => url.pathname.endsWith("/moderation"));
}

test("a poll is prepared, run and shown, and a participant is called to it", async ({ server, person }) => {
  const [moderator, anna] = [await person(), await person()];
  await moderate(moderator, server);
  await join(anna, server, "Anna");
  const title = "Wo treffen wir uns?";

  // A refused form keeps what was typed.
  await moderator.locator(".polls a", { hasText: "vorbereiten" }).click();
  await moderator.locator('[name="title"]').fill(title);
  await moderator.locator('[name="options"]').fill("Im Park");
  await moderator.locator("form.prepare button.main").click();
  await expect(moderator.locator(".problem")).toBeVisible();
  await expect(moderator.locator('[name="title"]')).toHaveValue(title);
  await expect(moderator.locator('[name="options"]')).toHaveValue("Im Park");
  await moderator.locator('[name="options"]').fill("Im Park\nIm Rathaus");
  await moderator.locator("form.prepare button.main").click();
  await moderator.waitForURL((url) => url.pathname.endsWith("/moderation"));
  await live(moderator);
  await expect(row(moderator, title)).toContainText("Entwurf");
  await expect(anna.getByText(title)).toHaveCount(0);

  // Cancelled, nothing happens; then it starts.
  await row(moderator, title).getByRole("button", { name: "Starten" }).click();
  await expect(moderator.locator(".counting")).toBeVisible();
  await moderator.keyboard.press("Escape");
  await said(moderator, "Abgebrochen");
  await moderator.waitForTimeout(3_500);
  await expect(row(moderator, title)).toContainText("Entwurf");
  // By thumb, too, and what is said of it stays to be read.
  await row(moderator, title).getByRole("button", { name: "Starten" }).click();
  await moderator.locator("#count-cancel").click();
  await said(moderator, "Abgebrochen");
  await row(moderator, title).getByRole("button", { name: "Starten" }).click();
  await said(moderator, "Die Umfrage läuft.");
  const called = anna.locator(".vote-now", { hasText: title });
  await expect(called).toBeVisible();
  await expect(moderator.locator(".preview")).toContainText(title);

  await called.locator("a").click();
  await anna.getByLabel("Im Park").check();
  await anna.getByRole("button", { name: "Abstimmen" }).click();
  await expect(row(moderator, title)).toContainText("1 Stimme");

  await row(moderator, title).locator("summary", { hasText: "Hände zählen" }).click();
  await row(moderator, title).locator('[name="mark_1"]').fill("3");
  await row(moderator, title).getByRole("button", { name: "Hände eintragen" }).click();
  await expect(row(moderator, title)).toContainText("4 Stimmen");

  await row(moderator, title).getByRole("button", { name: "Beenden", exact: true }).click();
  await expect(row(moderator, title).getByRole("button", { name: "Sofort beenden" })).toBeVisible({ timeout: 8_000 });
  // Pressed at once it is a thumb that came down twice.
  await row(moderator, title).getByRole("button", { name: "Sofort beenden" }).click();
  await moderator.waitForTimeout(1_000);
  await expect(row(moderator, title)).toContainText("Endet gleich.");
  await moderator.waitForTimeout(1_500);
  await row(moderator, title).getByRole("button", { name: "Sofort beenden" }).click();
  await row(moderator, title).getByRole("button", { name: "Ergebnis zeigen" }).click();
  await said(moderator, "Das Ergebnis ist für alle da.");
  await expect(anna.locator(".outcome").first()).toBeVisible();
});

test("the stage changes with one press, also for the other moderator", async ({ server, person }) => {
  const [first, second] = [await person(), await person()];
  await moderate(first, server);
  await second.context().addCookies(await first.context().cookies());
  await second.goto(`${server.url}${server.forum}/moderation`);
  await live(second);
  const stage = first.locator("section.stage");
  await stage.getByRole("button", { name: "Aus", exact: true }).click();
  await expect(second.locator(".preview")).toContainText("dunkel");
  await stage.getByRole("button", { name: "Willkommen" }).click();
  await expect(second.locator("section.stage").getByRole("button", { name: "Willkommen" })).toHaveAttribute("aria-pressed", "true");

  const listed = first.locator("#contributions > li.item").first();
  const words = (await listed.locator(".text").first().innerText()).slice(0, 20);
  await listed.getByRole("button", { name: "Auf die Leinwand" }).click();
  await expect(second.locator(".preview")).toContainText(words);
  await expect(listed.getByRole("button", { name: "Von der Leinwand" })).toBeVisible();
  await first.keyboard.press("b");
  await expect(second.locator(".preview")).toContainText("dunkel");
  // In a field a letter is a letter, and who wants no keys has none.
  await stage.getByRole("button", { name: "Willkommen" }).click();
  await first.locator("#hall-text").fill("");
  await first.locator("#hall-text").press("b");
  await expect(first.locator("#hall-text")).toHaveValue("b");
  await first.locator("section.keys button").click();
  await first.keyboard.press("b");
  await expect(second.locator(".preview")).not.toContainText("dunkel");
});

test("what is to be shown stays chosen, and the focus where it is, whatever others do", async ({ server, person }) => {
  const page = await person();
  await moderate(page, server);
  const shown = await ask(page, server);
  const chosen = shown.page.split("/").pop();
  const select = page.locator("#stage-poll");
  await expect(select.locator(`option[value="${chosen}"]`)).toBeAttached();
  await select.selectOption(chosen);
  const put = page.locator("#contributions > li.item").first().getByRole("button", { name: "Auf die Leinwand" });
  await put.focus();
  await ask(page, server, { title: texts("Und danach?") });
  await expect(page.locator(".preview")).toContainText("Und danach?");
  await expect(select.locator("option", { hasText: "Und danach?" })).toBeAttached();
  await expect(select).toHaveValue(chosen);
  const show = page.locator("form.pick", { has: select }).getByRole("button", { name: "Zeigen" });
  await expect(show).toHaveAttribute("aria-pressed", "false");
  await expect(put).toBeFocused();
  await expect(row(page, "Und danach?").locator(".last")).toContainText("hat die Umfrage gestartet.");
  await show.click();
  await expect(page.locator(".preview")).toContainText(WORDS.title);
  await expect(show).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("section.stage .last")).toContainText("hat die Leinwand geändert.");
});

test("on the speaking list the focus stays with what was pressed, or goes to the next row", async ({ server, person }) => {
  const page = await person();
  await moderate(page, server);
  const floor = page.locator("section.floor");
  await floor.getByRole("button", { name: "Wortmeldungen öffnen" }).click();
  const forum = server.forum.replace(/^\/f\//, "");
  for (const name of ["Frau Berger", "Herr Yıldız", "Frau Nguyen"]) {
    await write(page, server, `/forums/${forum}/speaking-list/hall`, { name });
  }
  await expect(floor.locator(".entries > li")).toHaveCount(3);
  const entry = (name) => floor.locator(".entries > li", { hasText: name });
  const pin = entry("Frau Nguyen").getByRole("button", { name: "Vorziehen" });
  await pin.focus();
  await page.keyboard.press("Enter");
  await expect(floor.locator(".entries > li").first()).toContainText("Frau Nguyen");
  await expect(entry("Frau Nguyen").getByRole("button", { name: "Nicht mehr vorziehen" })).toBeFocused();
  await entry("Frau Nguyen").getByRole("button", { name: "Streichen" }).focus();
  await page.keyboard.press("Enter");
  await expect(floor.locator(".entries > li")).toHaveCount(2);
  await expect(entry("Frau Berger")).toBeFocused();
  // Two presses at once are one; after the last person the button stays where the focus is.
  const next = floor.getByRole("button", { name: "Nächste Person" });
  await next.dblclick();
  await expect(floor.locator(".speaks")).toContainText("Frau Berger");
  await page.waitForTimeout(500);
  await expect(floor.locator(".entries > li")).toHaveCount(1);
  await next.focus();
  await page.keyboard.press("Enter");
  await expect(floor.locator(".entries > li")).toHaveCount(0);
  await expect(next).toHaveAttribute("aria-disabled", "true");
  await expect(next).toBeFocused();
});

test("the stage opens in a window of its own", async ({ server, person }) => {
  const page = await person();
  await moderate(page, server);
  const open = page.locator("section.stage").getByRole("button", { name: "Leinwand öffnen" });
  const opened = page.context().waitForEvent("page");
  await open.click();
  const stage = await opened;
  await expect(stage.locator(".stage.welcome .code")).toBeVisible();
  expect(page.context().pages()).toHaveLength(2);
  await expect(page.locator("#stage-warning")).toBeVisible();
});

test("people ask for the floor online and in the hall, and speak in turn", async ({ server, person }) => {
  const [moderator, anna] = [await person(), await person()];
  await moderate(moderator, server);
  await join(anna, server, "Anna");
  await expect(anna.locator(".floor-list")).toBeHidden();
  const floor = moderator.locator("section.floor");
  await floor.getByRole("button", { name: "Wortmeldungen öffnen" }).click();
  await anna.getByLabel("Ich habe jemanden zum Dolmetschen dabei").check();
  await anna.getByRole("button", { name: "Ich möchte sprechen" }).click();
  await expect(anna.locator(".own-turn")).toContainText("als Nächstes");
  await expect(anna.locator("#floor-take-back")).toBeFocused();
  await expect(floor.locator(".entries")).toContainText("mit Dolmetschen");

  await floor.locator("summary").click();
  await floor.getByLabel("Name (freiwillig)").fill("Frau Berger");
  await floor.getByRole("button", { name: "Eintragen" }).click();
  await expect(floor.locator(".entries > li")).toHaveCount(2);
  await expect(anna.locator(".floor-list .entries")).toContainText("Frau Berger");
  await floor.locator(".entries > li", { hasText: "Frau Berger" }).getByRole("button", { name: "Vorziehen" }).click();
  await expect(anna.locator(".own-turn")).toContainText("2");

  await moderator.locator("h1").click();
  await moderator.keyboard.press("n");
  await expect(floor.locator(".speaks")).toContainText("Frau Berger");
  await expect(floor.locator(".clock")).toContainText(/1:5|2:00/);
  await unhurried(moderator);
  await floor.getByRole("button", { name: "Nächste Person" }).click();
  await expect(anna.locator(".own-turn")).toContainText("Sie sind jetzt dran");
  await unhurried(moderator);
  await floor.getByRole("button", { name: "Fertig gesprochen" }).click();
  await expect(floor.locator("div.turn")).toBeHidden();
  await floor.getByRole("button", { name: "Wortmeldungen schließen" }).click();
  await expect(anna.locator(".floor-list")).toBeHidden();
});

test("whoever types while three seconds are counted goes on typing", async ({ server, person }) => {
  const page = await person();
  await moderate(page, server);
  await prepare(page, "Weiter?", ["Ja", "Nein"]);
  await live(page);
  await row(page, "Weiter?").getByRole("button", { name: "Starten" }).click();
  await expect(page.locator(".counting")).toBeVisible();
  const field = page.locator("#hall-text");
  if (!(await field.isVisible())) await field.evaluate((field) => (field.closest("details").open = true));
  await field.focus();
  await said(page, "Die Umfrage läuft.");
  await page.waitForTimeout(500);
  await expect(field).toBeFocused();
  await page.keyboard.type("ban");
  await expect(field).toHaveValue("ban");
  await expect(row(page, "Weiter?")).toContainText("läuft");
  await expect(page.locator(".preview")).toContainText("Weiter?");
});

test("by keyboard alone a poll is prepared, started and closed", async ({ server, person }) => {
  const page = await person();
  await moderate(page, server);
  await page.locator(".polls a", { hasText: "vorbereiten" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.endsWith("/polls/new"));
  await page.locator('[name="title"]').focus();
  await page.keyboard.type("Machen wir weiter?");
  await page.locator('[name="method"]:checked').focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator('[name="options"]')).toBeHidden();
  await page.locator('[name="title"]').focus();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.endsWith("/moderation"));
  await live(page);
  const poll = row(page, "Machen wir weiter?");
  await poll.getByRole("button", { name: "Starten" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#count-cancel")).toBeFocused();
  await said(page, "Die Umfrage läuft.");
  await expect(poll).toBeFocused();
  await poll.getByRole("button", { name: "Beenden", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(poll).toContainText("Endet gleich.", { timeout: 8_000 });
});

test("no live update closes what somebody has opened", async ({ server, person }) => {
  const [first, guest] = [await person(), await person()];
  await moderate(first, server);
  const second = await first.context().newPage();
  await second.goto(first.url());
  await live(second);
  await join(guest, server, "Oleg");
  const text = "Ein Beitrag mit Menü.";
  await post(guest, text);
  await approve(first, text);
  // On the desk: the list of who speaks opens and closes, and people come and go on it.
  const floor = (moderator) => moderator.locator("section.floor");
  const enter = floor(first).locator("details.from");
  await enter.locator("summary").click();
  await enter.getByLabel("Name (freiwillig)").fill("Frau Nowak");
  const open = async () => {
    await expect(enter).toHaveAttribute("open", "");
    await expect(enter.getByLabel("Name (freiwillig)")).toHaveValue("Frau Nowak");
  };
  const presses = [[second, "Wortmeldungen öffnen"], [first, "Wortmeldungen schließen"], [first, "Wortmeldungen öffnen"]];
  for (const [moderator, name] of presses) {
    await unhurried(moderator);
    await floor(moderator).getByRole("button", { name }).click();
    const other = name === "Wortmeldungen schließen" ? "Wortmeldungen öffnen" : "Wortmeldungen schließen";
    await expect(floor(first).getByRole("button", { name: other })).toBeVisible();
    await open();
  }
  await guest.locator('form[action$="/speaking-list"] button').first().click();
  await expect(floor(first).locator(".entries > li")).toHaveCount(1);
  await open();
  await floor(second).getByRole("button", { name: "Nächste Person" }).click();
  await expect(floor(first).locator("div.turn")).toBeVisible();
  await open();
  // In the conversation: a menu stays open while its contribution gets support and other words.
  const reader = await person();
  await join(reader, server, "Petra");
  const row = (page) => listed(page, text);
  await row(reader).locator("details.menu > summary").click();
  const supporter = await person();
  await join(supporter, server, "Quirin");
  await row(supporter).locator('form[action$="/support"] button').click();
  await expect(row(reader)).toContainText("1 Person unterstützt das");
  await expect(row(reader).locator("details.menu")).toHaveAttribute("open", "");
  // The words change: the row is drawn anew, on the desk too, where it is about to be hidden.
  const other = "Noch einer, der sich ändert.";
  await post(guest, other);
  // What comes is held back while somebody is in the list.
  await reader.reload();
  await live(reader);
  await listed(reader, other).locator("details.menu > summary").click();
  await listed(first, other).locator("details.hide > summary").click();
  await listed(guest, other).locator("details.menu > summary").click();
  await listed(guest, other).locator('a[href*="edit="]').click();
  await guest.locator("#text").fill(`${other} Mit anderen Worten.`);
  await guest.locator("#write form button.main").click();
  await expect(listed(reader, "Mit anderen Worten.")).toBeVisible();
  await expect(listed(reader, other).locator("details.menu")).toHaveAttribute("open", "");
  await expect(listed(first, "Mit anderen Worten.")).toBeVisible();
  await expect(listed(first, other).locator("details.hide")).toHaveAttribute("open", "");
});

test("without JavaScript the console is forms", async ({ server, person }) => {
  const page = await person({ javaScriptEnabled: false });
  await moderate(page, server, none);
  await prepare(page, "Ganz ohne Skripte?", ["Ja, gern", "Nein"]);
  await row(page, "Ganz ohne Skripte?").getByRole("button", { name: "Starten" }).click();
  await expect(row(page, "Ganz ohne Skripte?")).toContainText("läuft");
  await page.locator("section.stage").getByRole("button", { name: "Aus", exact: true }).click();
  await expect(page.locator(".preview")).toContainText("dunkel");
  await page.locator("section.floor").getByRole("button", { name: "Wortmeldungen öffnen" }).click();
  await expect(page.locator("section.floor").getByRole("button", { name: "Wortmeldungen schließen" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 360, 1280]) {
    test(`the console is accessible: ${colorScheme}, ${width} px`, async ({ server, person }) => {
      test.setTimeout(120_000);
      const page = await person({ colorScheme, viewport: { width, height: 800 } });
      await moderate(page, server);
      await prepare(page, "Was zuerst, und warum gerade das?", ["Ein Treffpunkt", "Sprachkurse", "Ein Bus am Abend"]);
      await live(page);
      const floor = page.locator("section.floor");
      await floor.getByRole("button", { name: "Wortmeldungen öffnen" }).click();
      // The panel is drawn anew when the list has opened.
      await expect(floor.getByRole("button", { name: "Wortmeldungen schließen" })).toBeVisible();
      await floor.locator("summary").click();
      for (const name of ["Frau Berger", "Herr Yıldız"]) {
        await floor.getByLabel("Name (freiwillig)").fill(name);
        await floor.getByRole("button", { name: "Eintragen" }).click();
        await expect(floor.locator(".entries")).toContainText(name);
      }
      await floor.getByRole("button", { name: "Nächste Person" }).click();
      await row(page, "Was zuerst").getByRole("button", { name: "Starten" }).click();
      await look(page);
      await expect(row(page, "Was zuerst")).toContainText("läuft", { timeout: 8_000 });
      for (const summary of await page.locator(".polls .from > summary:visible, section.stage summary:visible").all()) await summary.click();
      await look(page);
      await page.goto(`${server.url}${server.forum}/polls/new`);
      for (const summary of await page.locator(".prepare .more > summary").all()) await summary.click();
      for (const method of ["multiple", "scale", "dots"]) {
        await page.locator(`[name="method"][value="${method}"]`).check();
        await look(page);
      }
    });
  }
}

/** Nothing that axe finds, and nothing wider than the window. */
async function look(page) {
  const { violations } = await axe(page).withTags(TAGS).analyze();
  expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`))).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBe(0);
}
