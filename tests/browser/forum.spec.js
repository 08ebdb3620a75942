// What people do in a conversation, in a real browser against the real program.
const { test, expect, hydrated, settled, live, none, join, moderate, post, listed, waiting, queued, approve, hide, mark, marked } = require("./people.js");
const { ask } = require("./polls.js");

test("a contribution appears in the other window and goes when hidden, without a reload", async ({ server, person }) => {
  const [anna, badr, moderator] = [await person(), await person(), await person()];
  await join(anna, server, "Anna");
  await join(badr, server, "Badr");
  await moderate(moderator, server);
  for (const page of [anna, badr, moderator]) await mark(page);
  const text = "Ein Raum für alle, am Samstag.";

  await post(anna, text);
  await expect(waiting(anna, text)).toBeVisible();
  await expect(anna.locator("#text")).toHaveValue("");
  await expect(queued(moderator, text)).toBeVisible();
  await expect(listed(badr, text)).toHaveCount(0);

  await approve(moderator, text);
  await expect(listed(anna, text)).toBeVisible();
  await expect(listed(badr, text)).toBeVisible();
  await expect(waiting(anna, text)).toHaveCount(0);

  const id = await listed(badr, text).getAttribute("id");
  // An author's own card has other buttons, and another height.
  const heights = new Map();
  for (const page of [anna, badr]) heights.set(page, (await listed(page, text).boundingBox()).height);
  await hide(moderator, text, "off_topic");
  await expect(listed(anna, text)).toHaveCount(0);
  await expect(badr.getByText(text)).toHaveCount(0);
  // Its place is kept, as high as it was, and says why.
  for (const page of [anna, badr]) {
    const kept = page.locator(`[id="${id}"].hidden-place`);
    await expect(kept).toContainText("Die Moderation hat diesen Beitrag ausgeblendet.");
    await expect(kept).toContainText("Der Text passt nicht zu diesem Gespräch.");
    expect((await kept.boundingBox()).height).toBeGreaterThanOrEqual(heights.get(page) - 1);
  }
  // Its author alone still reads it, beside the reason.
  await expect(anna.locator("ul.own li.hidden-own")).toContainText(text);

  for (const page of [anna, badr, moderator]) expect(await marked(page)).toBe(true);
});

test("without JavaScript people join and post", async ({ server, person }) => {
  const page = await person({ javaScriptEnabled: false });
  await join(page, server, "Carla", none);
  const text = "Ganz ohne Skripte.";
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await post(page, text);
  expect((await answer).status()).toBe(303);
  await expect(waiting(page, text)).toBeVisible();
});

test("without JavaScript another language loses nothing that was typed", async ({ server, person }) => {
  const [page, moderator] = [await person({ javaScriptEnabled: false }), await person()];
  await moderate(moderator, server);
  const shown = (lang) => expect(page.locator("html")).toHaveAttribute("lang", lang);
  const language = async (lang) => {
    await page.locator("header.site details.language > summary").click();
    await page.locator(`header.site details.language button[lang="${lang}"]`).click();
    await shown(lang);
  };
  // Joining: the choice stands before the form, and Enter still sends the form.
  await page.goto(server.participant);
  await page.locator("#name").fill("Jelena");
  await page.locator('form.languages button[lang="ru"]').click();
  await shown("ru");
  await expect(page.locator("#name")).toHaveValue("Jelena");
  await page.locator("#name").press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/j"));
  await shown("ru");
  // A contribution.
  const typed = 'Noch nicht "fertig" & <so>.';
  await page.goto(server.url + server.forum);
  await page.locator("#text").fill(typed);
  await page.locator("#topic").selectOption({ index: 1 });
  const topic = await page.locator("#topic").inputValue();
  await language("ar");
  await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
  await expect(page.locator("#text")).toHaveValue(typed);
  await expect(page.locator("#topic")).toHaveValue(topic);
  await expect(page.locator("#lang")).toHaveValue("ar");
  await expect(page.locator(".problem")).toHaveCount(0);
  await expect(page.locator("section#kept")).toHaveCount(0);
  await language("de");
  await page.locator("#write form button.main").click();
  await expect(waiting(page, typed)).toBeVisible();
  // A reply, beside it and on the page of one contribution; a report.
  const id = (await page.locator("#contributions > li.item").first().getAttribute("id")).replace(/^[a-z]+-?/, "");
  for (const address of [`${server.forum}?reply=${id}`, `${server.forum}/c/${id}`, `${server.forum}/c/${id}/report`]) {
    await page.goto(server.url + address);
    await page.locator("#text").fill(typed);
    if (address.endsWith("report")) await page.locator('input[value="spam"]').check();
    await language("fr");
    await expect(page.locator("#text")).toHaveValue(typed);
    if (address.includes("?reply")) await expect(page.locator('#write input[name="reply_to"]')).toHaveValue(id);
    if (address.endsWith("report")) await expect(page.locator('input[value="spam"]')).toBeChecked();
    await language("de");
    await expect(page.locator("#text")).toHaveValue(typed);
  }
  // An appeal has a choice of its own.
  const own = "Das hier wird ausgeblendet.";
  await page.goto(server.url + server.forum);
  await post(page, own);
  await approve(moderator, own);
  await hide(moderator, own, "off_topic");
  await expect(listed(moderator, own)).toHaveCount(0);
  await page.goto(server.url + server.forum);
  const appeal = page.locator('ul.own form[action$="/appeal"]');
  await appeal.locator("textarea").fill(typed);
  await appeal.locator('button[lang="tr"]').click();
  await shown("tr");
  await expect(appeal.locator("textarea")).toHaveValue(typed);
  await expect(page.locator("#text")).toHaveValue("");
  // A ballot.
  const poll = await ask(moderator, server, { method: "multiple", min: 1, max: 2 });
  await page.goto(poll.page);
  await page.locator('input[name="option"]').nth(1).check();
  await page.locator('input[name="option"]').nth(2).check();
  await language("uk");
  for (const [nth, checked] of [false, true, true].entries()) {
    await expect(page.locator('input[name="option"]').nth(nth)).toBeChecked({ checked });
  }
  await page.locator("details.ballot button.main").click();
  await expect(page.locator("section.voted")).toBeVisible();
});

test("without WebAssembly the page stays plain and posts", async ({ server, person }) => {
  const page = await person();
  await page.route("**/*.wasm", (route) => route.abort());
  const plain = (page) => expect(page.locator("#app[data-plain]")).toBeAttached();
  await join(page, server, "Dilan", plain);
  const text = "Das Programm kam nicht an.";
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await post(page, text);
  expect((await answer).status()).toBe(303);
  await plain(page);
  await expect(waiting(page, text)).toBeVisible();
});

test("the page survives the server's end and start, with what was typed", async ({ server, person }) => {
  const [anna, emil, moderator] = [await person(), await person(), await person()];
  await join(anna, server, "Anna");
  await mark(anna);
  const typed = "Noch nicht fertig geschrieben …";
  await anna.locator("#text").fill(typed);

  await server.kill();
  await expect(anna.locator(".connection.live")).toHaveCount(0);
  await server.restart();
  // It tries again by itself, a few seconds apart.
  await expect(anna.locator(".connection.live")).toBeVisible({ timeout: 20_000 });
  await expect(anna.locator("#text")).toHaveValue(typed);

  await join(emil, server, "Emil");
  await moderate(moderator, server);
  const text = "Nach dem Neustart.";
  await post(emil, text);
  await approve(moderator, text);
  await expect(listed(anna, text)).toBeVisible();
  await expect(anna.locator("#text")).toHaveValue(typed);
  expect(await marked(anna)).toBe(true);
});

for (const lang of ["de", "en"]) {
  test(`pages come alive without an error in the console: ${lang}`, async ({ server, person }) => {
    const [guest, moderator] = [await person({ locale: lang }), await person({ locale: lang })];
    const errors = [];
    for (const page of [guest, moderator]) {
      page.on("pageerror", (error) => errors.push(`${page.url()}: ${error}`));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(`${page.url()}: ${message.text()}`);
      });
    }
    const shown = (page) => expect(page.locator("html")).toHaveAttribute("lang", lang);
    for (const address of [`${server.url}/`, `${server.url}/join`, server.participant]) {
      await guest.goto(address);
      // Nothing lives there, so no program is loaded.
      await settled(guest);
      await shown(guest);
    }
    await join(guest, server, "Fatma");
    await shown(guest);
    await moderate(moderator, server);
    await shown(moderator);
    expect(errors).toEqual([]);
  });
}

test("how much is too long is said in the form, before sending and after", async ({ server, person }) => {
  for (const options of [{}, { javaScriptEnabled: false }]) {
    const page = await person(options);
    await join(page, server, "Gerda", options.javaScriptEnabled === false ? none : live);
    await page.locator("#text").fill("x".repeat(2_100));
    if (options.javaScriptEnabled === false) await page.locator("#write form button.main").click();
    const said = page.locator("#write .length.over > *").first();
    await expect(said).toContainText("100");
    const [inner, outer] = [await said.boundingBox(), await page.locator("#write .length").boundingBox()];
    expect(inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height + 1, "it stands in its line").toBe(true);
  }
});

test("what was typed is there again in another language, in another topic, and on the way back", async ({ server, person }) => {
  const page = await person();
  await join(page, server, "Hanna");
  const [field, typed] = [page.locator("#text"), "Noch nicht fertig."];
  await field.fill(typed);
  await page.locator(".topics a:not([aria-current])").first().click();
  await page.waitForURL((url) => url.searchParams.has("topic"));
  await live(page);
  await expect(field).toHaveValue(typed);
  await page.locator("#contributions > li.item .reply").first().click();
  const language = async (lang) => {
    await page.locator("details.language > summary").click();
    await page.locator(`details.language button[lang="${lang}"]`).click();
    await expect(page.locator("html")).toHaveAttribute("lang", lang);
    await live(page);
  };
  await language("en");
  await expect(field).toHaveValue(typed);
  // It is still an answer.
  await expect(page.locator('#write input[name="reply_to"]')).toBeAttached();
  await page.locator("#contributions > li.item .menu > summary").first().click();
  await page.locator("#contributions > li.item .menu-list a").first().click();
  await page.waitForURL((url) => url.pathname.includes("/c/"));
  await page.goBack();
  await live(page);
  await expect(field).toHaveValue(typed);
  // What was sent does not come again.
  await page.locator("#write form button.main").click();
  await expect(waiting(page, typed)).toBeVisible();
  await language("de");
  await expect(field).toHaveValue("");
});

test("two taps at once are one support, and a reply leads back to what it answers", async ({ server, person }) => {
  const page = await person({ viewport: { width: 360, height: 740 }, hasTouch: true });
  await join(page, server, "Ida");
  const item = page.locator("#contributions > li.item:not(.mine)").nth(4);
  const support = item.locator('form[action$="/support"] button');
  await support.tap();
  await support.tap();
  await page.waitForTimeout(500);
  await expect(support).toHaveAttribute("aria-pressed", "true");
  await support.tap();
  await expect(support).toHaveAttribute("aria-pressed", "false");

  await item.locator(".reply").tap();
  await expect(page.locator("#text")).toBeFocused();
  await post(page, "Dazu habe ich etwas zu sagen.");
  await expect(item).toBeFocused();
  await expect(item).toBeInViewport();
  // What is said to it goes with the next press.
  const said = page.locator(".said:not(.empty)");
  await expect(said).toBeVisible();
  await item.locator(".reply").tap();
  await expect(said).toHaveCount(0);
});

test("a wrong code is refused at once, and who is in is told so", async ({ server, person }) => {
  const page = await person();
  await page.goto(server.url);
  await page.locator("#code").fill("WRONGONE");
  await page.locator("form.code button").click();
  await expect(page.locator('form[action="/api/v1/join"] [role="alert"]')).toBeVisible();
  await expect(page.locator("#code")).toHaveValue("WRONGONE");
  await join(page, server, "Jana");
  await page.goto(server.participant);
  await expect(page.locator("#name")).toHaveCount(0);
  await page.locator(".ways a.main").click();
  await live(page);
});

test("on a phone what opens at the desk is in sight and closes, and what is taken back has its place again", async ({ server, person }) => {
  const moderator = await person({ viewport: { width: 360, height: 740 }, hasTouch: true });
  await moderate(moderator, server);
  const texts = ["Zuerst geschrieben.", "Danach geschrieben."];
  for (const text of texts) {
    const writer = await person();
    await join(writer, server, text.split(" ")[0]);
    await post(writer, text);
    await expect(queued(moderator, text)).toBeVisible();
  }
  const card = queued(moderator, texts[0]);
  const foot = async () => (await moderator.locator("section.undo").boundingBox()).y;
  for (const over of [".hide", ".more"]) {
    await card.evaluate((card) => card.scrollIntoView({ block: "end" }));
    await card.locator(`${over} > summary`).tap();
    const panel = await card.locator(`${over} > :not(summary)`).boundingBox();
    expect(panel.y + panel.height, `${over} lies above the bar`).toBeLessThanOrEqual(await foot());
    await moderator.keyboard.press("Escape");
    await expect(card.locator(`${over}[open]`)).toHaveCount(0);
  }
  await card.locator(".hide > summary").tap();
  await card.locator('button[value="spam"]').tap();
  await expect(card).toHaveCount(0);
  const undo = moderator.locator("section.undo li button").first();
  await expect(undo).toContainText("Zuerst: ausgeblendet");
  await undo.tap();
  await expect(card).toBeVisible();
  const order = await moderator.locator(".queue li.waits:not(.gone)").allInnerTexts();
  const [first, second] = texts.map((text) => order.findIndex((card) => card.includes(text)));
  expect(first).toBeLessThan(second);
});
