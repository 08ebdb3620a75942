// Every page for everyone: no violation of WCAG 2.2 A and AA, in both directions, light and dark, narrow and wide.
const { test, expect, axe, join, moderate, settled, live } = require("./people.js");
const { ask, write } = require("./polls.js");

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

// What is pressed next is pressed in the narrow window.
const LOOKS = ["light", "dark"].flatMap((colorScheme) => [1280, 320].map((width) => ({ colorScheme, width })));

/** What is wrong with a page as it stands, in a form that a failed test can show. */
async function wrong(page, { colorScheme, width }) {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.setViewportSize({ width, height: 800 });
  const { violations } = await axe(page).withTags(TAGS).analyze();
  const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
  // Nothing is wider than the window.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) found.push(`${wide} px too wide`);
  return found.map((what) => `${page.url()} ${colorScheme} ${width}: ${what}`);
}

for (const lang of ["de", "ar"]) {
  test(`pages are accessible, light and dark, narrow and wide: ${lang}`, async ({ server, person }) => {
    test.setTimeout(480_000);
    const [guest, moderator] = [await person({ locale: lang }), await person({ locale: lang })];
    const found = [];
    const look = async (page, address) => {
      if (address) await page.goto(server.url + address);
      await settled(page);
      for (const as of LOOKS) found.push(...(await wrong(page, as)));
    };
    await look(guest, "/");
    await expect(guest.locator("html")).toHaveAttribute("dir", lang === "ar" ? "rtl" : "ltr");
    await look(guest, "/join");
    await look(guest, "/return");
    await look(guest, new URL(server.participant).pathname);
    await guest.locator("#name").fill("Amal");
    await guest.locator('form[action="/api/v1/join"] button').click();
    await guest.waitForURL((url) => url.pathname.startsWith("/welcome"));
    await look(guest);
    await guest.goto(server.url + server.forum);
    await live(guest);
    await look(guest);
    for (const menu of await guest.locator("#contributions details > summary").all()) {
      await menu.click();
      await look(guest);
      break;
    }
    const contribution = await guest.locator("#contributions > li.item").first().getAttribute("id");
    const id = contribution.replace(/^[a-z]+-?/, "");
    await look(guest, `${server.forum}/c/${id}`);
    await look(guest, `${server.forum}/c/${id}/report`);
    await look(guest, `${server.forum}/list?sort=supported`);
    await look(guest, `${server.forum}/list?q=zzzz`);
    await look(guest, `${server.forum}/record`);
    await look(guest, "/nowhere");
    await moderate(moderator, server);
    await look(moderator);
    await look(moderator, `${server.forum}/log`);
    await look(moderator, `${server.forum}/record?names=1`);
    await look(moderator, "/languages");
    // Every kind of ballot and of result; the first with a card, the last with a table open.
    const methods = [
      { method: "yes_no", electorate: "cards", secrecy: "secret" },
      { method: "multiple", min: 1, max: 2 },
      { method: "scale", steps: 5 },
      { method: "resistance" },
      { method: "dots", points: 6 },
      { method: "ranking" },
      { method: "single", secrecy: "open", results: "running" },
    ];
    for (const question of methods) {
      const poll = await ask(moderator, server, question);
      const { pathname } = new URL(poll.page);
      await look(guest, pathname);
      await live(guest);
      if (question.electorate) continue;
      const marks = { multiple: [1, 1, 0], resistance: [1, 2, 3, 4], single: [0, 1, 0] }[question.method] ?? [1, 2, 3];
      await write(guest, server, `${poll.api}/ballots`, { round: 1, marks });
      await expect(guest.locator("section.voted")).toBeVisible();
      await guest.locator("details.ballot > summary").click();
      await look(guest);
      await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
      await write(moderator, server, `${poll.api}/reveal`);
      await guest.locator("section.result summary").click();
      await look(guest);
      await look(guest, `${pathname}/print`);
      if (question.secrecy) await look(guest, `${pathname}/voters`);
    }
    expect(found).toEqual([]);
  });
}
