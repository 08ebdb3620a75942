// The whole scene in five browsers at once: the console, the projector, and three people who vote, each in their way and
// their language: on a slow phone in Arabic, by keyboard alone in German, without JavaScript in English.
const { test, expect, live, none, join, moderate, unhurried, approve, tabTo, troubles } = require("./people.js");
const { write } = require("./polls.js");

// The question in each language; the moderator writes it in German.
const WORDS = {
  de: { title: "Wo treffen wir uns?", options: ["Im Park", "Im Rathaus", "In der Schule"], head: ["Antwort", "Stimmen", "Anteil", "online", "Hände"] },
  ar: { title: "أين نلتقي؟", options: ["في الحديقة", "في البلدية", "في المدرسة"], head: ["الإجابة", "الأصوات", "النسبة", "عبر الإنترنت", "الأيدي"] },
  en: { title: "Where do we meet?", options: ["In the park", "In the town hall", "At the school"], head: ["Answer", "Votes", "Share", "online", "hands"] },
};
const [PARK, TOWN_HALL, SCHOOL] = [0, 1, 2];
const CAST = { amal: PARK, kerem: SCHOOL, wren: TOWN_HALL };
const HANDS = [2, 1, 5];
const ONLINE = HANDS.map((_, option) => Object.values(CAST).filter((chosen) => chosen === option).length);
const SUMS = HANDS.map((hands, option) => hands + ONLINE[option]);
const ALL = SUMS.reduce((all, sum) => all + sum);

const row = (page) => page.locator("li.poll-row", { hasText: WORDS.de.title });
const button = (part, name) => part.getByRole("button", { name, exact: true });
const said = (page, words) => expect(page.locator(".said")).toContainText(words);
const stage = (page, name) => page.locator(`.stage.${name}`);
const plain = (text) => text.replace(/\s+/g, " ").trim();

/** The result as the page's table has it: its head, and a line for each option. */
async function table(page) {
  const lines = page.locator("section.result .as-table tr");
  const cells = await lines.evaluateAll((all) => all.map((line) => [...line.children].map((cell) => cell.textContent)));
  return cells.map((line) => line.map(plain));
}

/** What it has to be: the best first. */
function counted(lang) {
  const { options, head } = WORDS[lang];
  const order = [PARK, TOWN_HALL, SCHOOL].sort((one, other) => SUMS[other] - SUMS[one]);
  const share = (option) => `${Math.round((SUMS[option] * 100) / ALL)}${lang === "de" ? " %" : "%"}`;
  return [head, ...order.map((option) => [options[option], `${SUMS[option]}`, share(option), `${ONLINE[option]}`, `${HANDS[option]}`])];
}

test("an evening in five browsers: prepared, voted, counted, shown, and dark again", async ({ server, person }) => {
  const [moderator, hall, amal, kerem, wren] = [
    await person(),
    await person({ viewport: { width: 1280, height: 720 } }),
    await person({ locale: "ar", viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true }),
    await person(),
    await person({ locale: "en-GB", javaScriptEnabled: false }),
  ];
  const wrong = Object.fromEntries(Object.entries({ moderator, hall, amal, kerem, wren }).map(([who, page]) => [who, troubles(page)]));
  const tools = await amal.context().newCDPSession(amal);
  await tools.send("Emulation.setCPUThrottlingRate", { rate: 6 });
  /** What the hall sees while people vote, and until somebody shows the result. */
  const noResult = async () => {
    await expect(hall.locator(".bars, .outcome, .chart")).toHaveCount(0);
    expect(plain(await hall.locator("#app").innerText())).not.toMatch(/%|Stimmen ·/);
  };

  await moderate(moderator, server);
  await hall.goto(server.projector);
  await expect(stage(hall, "welcome")).toBeVisible();
  await Promise.all([join(amal, server, "Zeynab"), join(kerem, server, "Kerem"), join(wren, server, "Wren", none)]);
  for (const [page, lang] of [[amal, "ar"], [kerem, "de"], [wren, "en"]]) {
    await expect(page.locator("html")).toHaveAttribute("lang", lang);
  }
  await amal.locator("#text").fill("الحديقة هادئة.");
  await amal.locator("#write form button.main").tap();
  await expect(amal.locator("ul.own li.waiting")).toBeVisible();

  await test.step("a poll is prepared by hand", async () => {
    await moderator.locator(".polls a", { hasText: "vorbereiten" }).click();
    await moderator.locator('[name="title"]').fill(WORDS.de.title);
    await moderator.locator('[name="options"]').fill(WORDS.de.options.join("\n"));
    // Open: then hands stand apart however few they are.
    await moderator.locator('[name="secrecy"][value="open"]').check();
    await moderator.locator("details.more:has(.translation) > summary").click();
    for (const lang of ["ar", "en"]) {
      await moderator.locator(`summary[lang="${lang}"]`).click();
      await moderator.locator(`[name="title.${lang}"]`).fill(WORDS[lang].title);
      await moderator.locator(`[name="options.${lang}"]`).fill(WORDS[lang].options.join("\n"));
    }
    await moderator.locator("form.prepare button.main").click();
    await moderator.waitForURL((url) => url.pathname.endsWith("/moderation"));
    await live(moderator);
    await expect(row(moderator)).toContainText("Entwurf");
  });
  const id = (await row(moderator).getAttribute("id")).replace(/^poll-/, "");
  const api = `/polls/${id}`;
  const called = `.vote-now a[href="/p/${id}"]`;
  /** What a page keeps of a ballot that is not through yet. */
  const kept = (page) => page.evaluate(() => Object.keys(sessionStorage).filter((key) => /ballot|pending/.test(key)));
  /** The poll as a participant may read it. */
  const asked = async () => (await wren.request.get(`${server.url}/api/v1${api}`)).json();

  await test.step("it is started, once too soon", async () => {
    const number = moderator.locator(".counting .number");
    await button(row(moderator), "Starten").click();
    await expect(number).toHaveText("3");
    await expect(number).toHaveText("2");
    await moderator.keyboard.press("Escape");
    await expect(moderator.locator(".counting")).toBeHidden();
    await moderator.waitForTimeout(3_500);
    expect((await server.api(api)).view.poll.phase).toBe("draft");
    await expect(stage(hall, "welcome")).toBeVisible();
    for (const page of [amal, kerem]) await expect(page.locator(called)).toHaveCount(0);

    await button(row(moderator), "Starten").click();
    for (const left of ["3", "2", "1"]) await expect(number).toHaveText(left);
    await said(moderator, "Die Umfrage läuft.");
  });

  await test.step("the hall sees the question and the turnout alone", async () => {
    await expect(stage(hall, "poll").locator("h1")).toHaveText(WORDS.de.title);
    await expect(hall.locator(".options li")).toHaveText(WORDS.de.options);
    await expect(hall.locator(".turnout")).toContainText("0 haben abgestimmt");
    await noResult();
  });

  await test.step("by keyboard alone", async () => {
    await expect(kerem.locator(called)).toBeVisible();
    await tabTo(kerem, called);
    await kerem.keyboard.press("Enter");
    await kerem.waitForURL((url) => url.pathname === `/p/${id}`);
    await live(kerem);
    await tabTo(kerem, 'input[name="option"]');
    await kerem.keyboard.press("ArrowDown");
    await tabTo(kerem, "details.ballot button.main");
    await kerem.keyboard.press("Enter");
    await expect(kerem.locator("section.voted .chosen")).toHaveText(WORDS.de.options[TOWN_HALL]);
    await expect(hall.locator(".turnout")).toContainText("1 hat abgestimmt");
  });

  await test.step("without JavaScript", async () => {
    await wren.reload();
    await wren.locator(called).click();
    await expect(wren.locator("h1")).toHaveText(WORDS.en.title);
    await wren.getByLabel(WORDS.en.options[CAST.wren]).check();
    await button(wren, "Vote").click();
    await expect(wren.locator("section.voted .chosen")).toHaveText(WORDS.en.options[CAST.wren]);
    await expect(hall.locator(".turnout")).toContainText("2 haben abgestimmt");
  });

  await test.step("on a phone that loses its connection; meanwhile somebody thinks again", async () => {
    await amal.locator(called).tap();
    await amal.waitForURL((url) => url.pathname === `/p/${id}`);
    await live(amal);
    await expect(amal.locator("h1")).toHaveText(WORDS.ar.title);
    const { seq } = await asked();
    const before = wrong.amal.length;
    await amal.locator("label.radio", { hasText: WORDS.ar.options[CAST.amal] }).tap();
    await amal.context().setOffline(true);
    await expect(amal.locator(".connection.live")).toHaveCount(0);
    await amal.locator("details.ballot button.main").tap();
    await expect(amal.locator(".sending")).toContainText("يجري إرسال صوتك");

    await tabTo(kerem, "details.ballot > summary");
    await kerem.keyboard.press("Enter");
    await tabTo(kerem, 'input[name="option"]');
    await kerem.keyboard.press("ArrowDown");
    await tabTo(kerem, "details.ballot button.main");
    await kerem.keyboard.press("Enter");
    await expect(kerem.locator("section.voted .chosen")).toHaveText(WORDS.de.options[CAST.kerem]);
    const meanwhile = await asked();
    expect(meanwhile.seq).toBe(seq + 1);
    expect(meanwhile.view.turnout.online).toBe(2);
    await expect(amal.locator(".sending")).toBeVisible();
    expect(await kept(amal)).not.toEqual([]);

    await amal.context().setOffline(false);
    await expect(amal.locator("section.voted .chosen")).toHaveText(WORDS.ar.options[CAST.amal]);
    await expect(amal.locator(".sending")).toBeHidden();
    await expect(hall.locator(".turnout")).toContainText("3 haben abgestimmt");
    await live(amal);
    // Once: nothing is left to be sent, and nothing came after it.
    expect(await kept(amal)).toEqual([]);
    expect((await asked()).seq).toBe(seq + 2);
    // What could not be loaded without a network is no fault.
    const lost = wrong.amal.splice(before);
    expect(lost.filter((one) => !/ERR_INTERNET_DISCONNECTED/.test(one))).toEqual([]);
    await noResult();
  });

  await test.step("hands of the hall", async () => {
    const { seq } = await asked();
    await row(moderator).locator("summary", { hasText: "Hände zählen" }).click();
    for (const [option, hands] of HANDS.entries()) await row(moderator).locator(`[name="mark_${option}"]`).first().fill(`${hands}`);
    await button(row(moderator), "Hände eintragen").click();
    await expect(row(moderator)).toContainText(`${ALL} Stimmen · Hände im Saal: 8`);
    await expect(hall.locator(".turnout")).toContainText(`${ALL} haben abgestimmt`);
    // Nothing but this has come since.
    expect((await asked()).seq).toBe(seq + 1);
    await noResult();
  });

  await test.step("closing is announced, then it is closed, and nobody sees a result", async () => {
    await tabTo(kerem, "details.ballot > summary");
    await kerem.keyboard.press("Enter");
    await button(row(moderator), "Beenden").click();
    await expect(moderator.locator(".counting .number")).toHaveText("1");
    await said(moderator, "Die Umfrage endet in 20 Sekunden.");
    await expect(kerem.locator("details.ballot .ending")).toContainText(/Noch (1\d|20) Sekunden/);
    await expect(hall.locator(".countdown .clock")).toHaveText(/^0:[01]\d$/);
    await noResult();
    // At once it would be a thumb that came down twice.
    await moderator.waitForTimeout(2_500);
    await button(row(moderator), "Sofort beenden").click();
    await said(moderator, "Die Umfrage ist beendet.");
    await expect(stage(hall, "poll").locator(".calm")).toBeVisible();
    await noResult();
    await expect(amal.locator(".note", { hasText: "انتهى التصويت" })).toBeVisible();
    await expect(kerem.locator("details.ballot")).toBeHidden();
    for (const page of [amal, kerem]) await expect(page.locator("section.result")).toBeHidden();
    await wren.reload();
    await expect(wren.locator(".note", { hasText: "Voting has ended." })).toBeVisible();
    await expect(wren.locator("section.result")).toBeHidden();
    const { view } = await asked();
    expect(view.poll.phase).toBe("closed");
    expect(view.result).toBeUndefined();
  });

  await test.step("the result is the same everywhere: what was cast", async () => {
    await button(row(moderator), "Ergebnis zeigen").click();
    await said(moderator, "Das Ergebnis ist für alle da.");
    await expect(hall.locator(".outcome")).toContainText(WORDS.de.options[SCHOOL]);
    const bars = await hall.locator(".bars .row").evaluateAll((all) =>
      all.map((one) => [one.querySelector(".name > span").textContent, one.querySelector(".value").textContent]),
    );
    const shown = counted("de").slice(1).map(([option, votes, share]) => [option, `${votes} Stimmen · ${share}`]);
    expect(bars.map((bar) => bar.map(plain))).toEqual(shown);

    await expect(row(moderator)).toContainText(`${ALL} Stimmen · Hände im Saal: 8`);
    await row(moderator).getByRole("link", { name: "Ansehen" }).click();
    await wren.reload();
    for (const [page, lang] of [[moderator, "de"], [amal, "ar"], [kerem, "de"], [wren, "en"]]) {
      await expect(page.locator("section.result .outcome")).toContainText(WORDS[lang].options[SCHOOL]);
      await expect(page.locator("html")).toHaveAttribute("lang", lang);
      expect(await table(page)).toEqual(counted(lang));
    }
    const { view } = await asked();
    expect(view.turnout).toEqual({ online: 3, hands: 8, paper: 0 });
    expect(view.result.tally.ballots).toBe(ALL);
    expect(view.result.tally.sums).toEqual(SUMS);
    expect(view.result.parts).toEqual([
      { source: "online", ballots: 3, sums: ONLINE },
      { source: "hands", ballots: 8, sums: HANDS },
    ]);
    await moderator.goto(`${server.url}${server.forum}/moderation`);
    await live(moderator);
  });

  await test.step("two ask for the floor, and only an approved name is on the screen", async () => {
    const floor = moderator.locator("section.floor");
    await button(floor, "Wortmeldungen öffnen").click();
    await amal.goto(server.url + server.forum);
    await live(amal);
    await button(amal, "أريد أن أتكلم").tap();
    await expect(amal.locator(".own-turn")).toContainText("دورك هو التالي.");
    await tabTo(kerem, ".way-back a");
    await kerem.keyboard.press("Enter");
    await kerem.waitForURL((url) => url.pathname.startsWith("/f/"));
    await live(kerem);
    await tabTo(kerem, ".floor-list form button");
    await kerem.keyboard.press("Enter");
    await expect(kerem.locator(".own-turn")).toContainText("2");
    // Staff read all names.
    await expect(floor.locator(".entries > li bdi")).toHaveText(["Zeynab", "Kerem"]);

    await button(moderator.locator("section.stage"), "Redeliste").click();
    const names = stage(hall, "speaking").locator("h1 bdi, .next bdi");
    await expect(stage(hall, "speaking").locator(".next bdi")).toHaveText([/^Gast \d+$/, /^Gast \d+$/]);
    await expect(hall.locator("#app")).not.toContainText(/Zeynab|Kerem/);
    await approve(moderator, "الحديقة هادئة.");
    await expect(names).toHaveText(["Zeynab", /^Gast \d+$/]);

    await unhurried(moderator);
    await button(floor, "Nächste Person").click();
    await expect(amal.locator(".own-turn")).toContainText("حان دورك الآن");
    await expect(floor.locator(".speaks")).toContainText("Zeynab");
    await expect(stage(hall, "speaking").locator("h1")).toHaveText("Zeynab");
    await expect(names).toHaveText(["Zeynab", /^Gast \d+$/]);
    await expect(hall.locator(".clock")).toHaveText(/^(2:00|1:5\d)$/);
    await expect(hall.locator("#app")).not.toContainText("Kerem");
    // Whoever gives the floor has read the name.
    await unhurried(moderator);
    await moderator.locator("h1").click();
    await moderator.keyboard.press("n");
    await expect(kerem.locator(".own-turn")).toContainText("Sie sind jetzt dran");
    await expect(names).toHaveText(["Kerem"]);
  });

  await test.step("one key, and the screen is dark; then its link is worth nothing", async () => {
    await moderator.keyboard.press("b");
    await expect(stage(hall, "off")).toBeVisible();
    await expect(stage(hall, "off")).toHaveCSS("background-color", "rgb(0, 0, 0)");
    await expect(hall.locator(".foot")).toBeHidden();
    await expect(hall.locator("bdi, .options, .bars")).toHaveCount(0);
    expect(wrong.hall).toEqual([]);

    await moderator.locator("section.stage summary", { hasText: "Alle Leinwand-Links sperren" }).click();
    await button(moderator.locator("section.stage details"), "Alle Leinwand-Links sperren").click();
    await expect(hall.locator("#gone")).toHaveText("Diese Leinwand ist abgeschaltet.");
    await expect(hall.locator(".stage")).toHaveCount(0);
    // The page asked for itself, perhaps for a new socket first, and learned that it is gone.
    const link = new URL(server.projector).pathname.split("/").pop();
    const learned = (one) => one.includes(link) && /WebSocket connection to .* failed|status of 404/.test(one);
    expect(wrong.hall.filter((one) => !learned(one))).toEqual([]);
    wrong.hall.length = 0;
  });

  expect(wrong).toEqual({ moderator: [], hall: [], amal: [], kerem: [], wren: [] });
});

test("a name that nobody has read does not come to the screen by another way: its bearer speaks, and changes it", async ({ server, person }) => {
  const [hall, moderator, kerem] = [await person(), await person(), await person()];
  await moderate(moderator, server);
  await join(kerem, server, "Kerem");
  await hall.goto(server.projector);
  const forum = server.forum.replace(/^\/f/, "/forums");
  await write(moderator, server, `${forum}/speaking-list/state`, { open: true, seconds: 60 });
  await write(moderator, server, `${forum}/stage`, { shows: "speaking" });
  await write(kerem, server, `${forum}/speaking-list`);
  await expect(stage(hall, "speaking").locator(".next bdi")).toHaveText(/^Gast \d+$/);
  await write(moderator, server, `${forum}/speaking-list/next`);
  await expect(stage(hall, "speaking").locator("h1 bdi")).toHaveText("Kerem");
  await kerem.locator("#me > summary").click();
  await kerem.locator("#my-name").fill("Was niemand las");
  await kerem.locator("#me form button").first().click();
  await expect(moderator.locator("section.floor .speaks")).toContainText("Was niemand las");
  // What comes to the screen comes within a second.
  await hall.waitForTimeout(2_000);
  expect(await hall.locator("#app").innerText()).not.toContain("Was niemand las");
});
