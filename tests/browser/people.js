// People in a real browser, and what they do again and again.
const { default: AxeBuilder } = require("@axe-core/playwright");
const base = require("@playwright/test");
const { Server } = require("./server.js");

const { expect } = base;

const test = base.test.extend({
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },
  /** Opens a page of a new person: a context with cookies of its own. */
  person: async ({ browser }, use) => {
    const contexts = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({ locale: "de-DE", ...options });
      contexts.push(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

/** What looks for violations. No page has frames of others, so it needs no second page for each look. */
const axe = (page) => new AxeBuilder({ page }).setLegacyMode(true);

/** The program has taken the page over. */
const hydrated = (page) => expect(page.locator("#app[data-live]")).toBeAttached();

/** Whatever was to happen to the page has happened. */
const settled = (page) => expect(page.locator("#app[data-live], #app[data-plain]")).toBeAttached();

/** The page is connected, too. */
async function live(page) {
  await hydrated(page);
  await expect(page.locator(".connection.live")).toBeVisible();
}

/** A page that no script runs on has nothing to wait for. */
const none = async () => {};

/** Joins by the participant's link and goes to the forum. */
async function join(page, server, name, arrived = live) {
  await page.goto(server.participant);
  const form = page.locator('form[action="/api/v1/join"]');
  if (arrived !== none) await settled(page);
  await form.locator("#name").fill(name);
  await form.locator("button").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/j"));
  await page.goto(server.url + server.forum);
  await arrived(page);
}

/** Logs in by the moderator's link and goes to the moderation. */
async function moderate(page, server, arrived = live) {
  await page.goto(server.moderator);
  await page.locator('form[action="/api/v1/login/link/confirm"] button').click();
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await page.goto(`${server.url}${server.forum}/moderation`);
  await arrived(page);
}

async function post(page, text) {
  await page.locator("#text").fill(text);
  await page.locator("#write form button.main").click();
}

const listed = (page, text) => page.locator("#contributions > li.item", { hasText: text });
const waiting = (page, text) => page.locator("ul.own li.waiting", { hasText: text });
const queued = (page, text) => page.locator(".queue li.waits", { hasText: text });

/** As long as a hand needs between two presses of the desk: a second one at once is taken for a slip. */
const unhurried = (page) => page.waitForTimeout(400);

async function approve(moderator, text) {
  await unhurried(moderator);
  await queued(moderator, text).locator('form[action*="/contributions/"][action$="/approve"] button').click();
  await expect(queued(moderator, text)).toHaveCount(0);
}

/** Hides what is in the moderators' list, by the reason pressed. */
async function hide(moderator, text, reason) {
  const item = listed(moderator, text);
  await unhurried(moderator);
  await item.locator("details.hide > summary").click();
  await item.locator(`form[action$="/hide"] button[value="${reason}"]`).click();
}

/** Goes to an element by the tabulator alone. */
async function tabTo(page, selector) {
  for (let nth = 0; nth < 120; nth += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
  }
  throw new Error(`${selector} cannot be reached`);
}

/** Collects what goes wrong on a page: what nobody caught, and errors in its console, each with where it came from. */
function troubles(page) {
  const found = [];
  page.on("pageerror", (error) => found.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") found.push(`${message.location().url}: ${message.text()}`);
  });
  return found;
}

/** A mark that a reload would wipe out. */
const mark = (page) => page.evaluate(() => void (window.stimmwerkMark = true));
const marked = (page) => page.evaluate(() => window.stimmwerkMark === true);

module.exports = { test, expect, axe, hydrated, settled, live, none, join, moderate, post, listed, waiting, queued, unhurried, approve, hide, tabTo, troubles, mark, marked };
