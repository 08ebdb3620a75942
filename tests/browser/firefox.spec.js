// Firefox ESR, as Debian ships it. Playwright drives only a Firefox of its own; this one is driven by WebDriver BiDi.
const fs = require("node:fs");
const path = require("node:path");
const puppeteer = require("puppeteer-core");
const { test: base, expect, moderate, listed, queued, approve } = require("./people.js");

const NAMES = ["firefox-esr", "firefox"];
const FIREFOX = process.env.STIMMWERK_FIREFOX || found();
const MISSING = "Firefox is missing (on Debian: apt-get install firefox-esr); nothing was tried in it";

function found() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))).find((file) => fs.existsSync(file));
}

const test = base.extend({
  /** A page in a Firefox with a profile of its own, and every error its console showed. */
  firefox: async ({}, use, { outputDir }) => {
    // Its caches and settings stay out of the home of whoever runs this.
    const home = path.join(outputDir, "home");
    fs.mkdirSync(home, { recursive: true });
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: FIREFOX,
      headless: true,
      env: { ...process.env, HOME: home },
      extraPrefsFirefox: { "intl.accept_languages": "de-DE, de" },
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(10_000);
      const errors = [];
      page.on("pageerror", (error) => errors.push(`${page.url()}: ${error}`));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(`${page.url()}: ${message.text()}`);
      });
      await use({ page, errors });
    } finally {
      await browser.close();
    }
  },
});

// A CI machine installs Firefox, so there its tests fail instead. Elsewhere the last lines of `cargo xtask test` say it.
if (!FIREFOX && !process.env.CI) {
  console.warn(`SKIPPED: ${MISSING}`);
  const list = process.env.STIMMWERK_SKIPPED_TESTS;
  // Each of Playwright's processes reads this file.
  if (list && !(fs.existsSync(list) && fs.readFileSync(list, "utf8").includes(MISSING))) fs.appendFileSync(list, `${MISSING}\n`);
}
test.skip(!FIREFOX && !process.env.CI, MISSING);

/** Presses what leads to another page, and waits for that page. */
const follow = (page, selector) => Promise.all([page.waitForNavigation(), page.locator(selector).click()]);

/** The element that a selector finds with a text in it, once it is shown. */
const shown = (page, selector, text) => page.waitForSelector(`${selector} ::-p-text(${text})`, { visible: true });

test("in Firefox people join, post and support", async ({ server, person, firefox: { page, errors } }) => {
  test.setTimeout(90_000);
  const moderator = await person();
  await moderate(moderator, server);

  // Joining: another language and back, the notice, a name.
  await page.goto(server.participant);
  const lang = () => page.$eval("html", (html) => html.lang);
  await follow(page, '.languages button[lang="en"]');
  expect(await lang()).toBe("en");
  await follow(page, '.languages button[lang="de"]');
  expect(await lang()).toBe("de");
  await page.waitForSelector(".notice", { visible: true });
  await page.locator("#name").fill("Fatma");
  await follow(page, 'form[action="/api/v1/join"] button');
  await page.waitForSelector("ol.code-words", { visible: true });
  await follow(page, ".ways a.main");
  await page.waitForSelector("#app[data-live]");
  await page.waitForSelector(".connection.live");

  // A first contribution waits, and appears when the moderator approves it, without a reload.
  const text = "Aus einem anderen Browser.";
  await page.evaluate(() => void (window.stimmwerkMark = true));
  await page.locator("#text").fill(text);
  await page.locator("#write form button.main").click();
  await shown(page, "ul.own li.waiting", text);
  await expect(queued(moderator, text)).toBeVisible();
  expect(await page.$eval("#text", (field) => field.value)).toBe("");
  await approve(moderator, text);
  await shown(page, "#contributions > li.item", text);
  await page.waitForSelector("ul.own li.waiting", { hidden: true });

  // Support goes both ways.
  const other = "#contributions > li.item:not(.mine)";
  const support = `${other} form[action$="/support"] button`;
  await page.locator(support).click();
  await page.waitForSelector(`${support}[aria-pressed="true"]`);
  const id = await page.$eval(`${other}:has([aria-pressed="true"])`, (item) => item.id);
  // The button is pressed before the count has come from the server.
  const count = () => page.$eval(`#${id} form[action$="/support"] .number`, (number) => number.textContent.trim());
  const told = moderator.locator(`#${id} .acts > .count`);
  await expect.poll(async () => (await told.textContent()).includes(await count()), { timeout: 20_000 }).toBe(true);

  expect(await page.evaluate(() => window.stimmwerkMark === true)).toBe(true);
  expect(errors).toEqual([]);
});
