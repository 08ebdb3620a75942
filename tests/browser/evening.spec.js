// A whole evening: two participants, one of them on a small and slow phone, a moderator, a visitor, and another phone.
const { execFileSync } = require("node:child_process");
const path = require("node:path");
const { test, expect, join, moderate, post, listed, waiting, queued, approve, hide, live, settled } = require("./people.js");

const BIN = process.env.STIMMWERK_BIN || path.resolve(__dirname, "../../target/debug/stimmwerk");

/** The API as another moderator, with a token made beside the running program. */
function colleague(server) {
  const made = ["admin", "token", "create", "--role", "admin", "--name", "colleague", "--data", path.join(server.folder, "data")];
  const token = execFileSync(BIN, made, { encoding: "utf8" }).trim();
  return async (address, body, who = token) => {
    const answer = await fetch(`${server.url}/api/v1${address}`, {
      method: "POST",
      headers: { authorization: `Bearer ${who}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.ok, `${address}: ${answer.status}`).toBe(true);
    return answer.json();
  };
}

test("an evening, from the first word to the record", async ({ server, person }) => {
  test.setTimeout(120_000);
  const api = colleague(server);
  const [amal, moderator, visitor, otherPhone] = [await person(), await person(), await person(), await person()];
  const slow = await person({ viewport: { width: 360, height: 640 } });
  const tools = await slow.context().newCDPSession(slow);
  await tools.send("Emulation.setCPUThrottlingRate", { rate: 6 });
  await tools.send("Network.enable");
  await tools.send("Network.emulateNetworkConditions", {
    offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000,
  });

  // Joining: the notice, a name, and five words to come back with.
  await amal.goto(server.participant);
  await amal.locator("#name").fill("Amal");
  await amal.locator('form[action="/api/v1/join"] button').click();
  await amal.waitForURL((url) => url.pathname.startsWith("/welcome"));
  const code = await amal.locator("ol.code-words > li").allInnerTexts();
  expect(code).toHaveLength(5);
  await amal.goto(server.url + server.forum);
  await live(amal);
  await join(slow, server, "Oksana", async (page) => expect(page.locator("#text")).toBeVisible());
  await moderate(moderator, server);

  // A first contribution waits, and its author is told so.
  const text = "Wir brauchen einen Raum am Samstag.";
  await post(amal, text);
  await expect(waiting(amal, text)).toBeVisible();
  await expect(queued(moderator, text)).toBeVisible();
  await approve(moderator, text);
  await expect(listed(amal, text)).toBeVisible();
  await expect(slow.getByText(text)).toBeVisible({ timeout: 30_000 });

  // A visitor reports it: one entry on the desk, nothing hidden.
  const id = (await listed(amal, text).getAttribute("id")).replace(/^c-/, "");
  await visitor.goto(`${server.url}${server.forum}/c/${id}/report`);
  await visitor.locator('input[name="reason"][value="insult"]').check();
  await visitor.locator('form[action="/api/v1/notices"] button.main').click();
  await visitor.waitForURL((url) => url.searchParams.has("sent"));
  const asks = moderator.locator(".attention li.asks", { hasText: text });
  await expect(asks).toBeVisible();
  await expect(listed(amal, text)).toBeVisible();

  // Hidden with a reason; the author answers once, a colleague lets it be seen again.
  await hide(moderator, text, "off_topic");
  await expect(amal.locator("li.hidden-own")).toBeVisible();
  await expect(slow.getByText(text)).toHaveCount(0, { timeout: 30_000 });
  await amal.locator("li.hidden-own form.answer textarea").fill("Es geht doch um Räume.");
  await amal.locator("li.hidden-own form.answer button").first().click();
  await expect(moderator.locator(".attention li.asks .appeal", { hasText: "Es geht doch um Räume." })).toBeVisible();
  const forum = server.forum.replace(/^\/f/, "/forums");
  await api(`${forum}/contributions/${id}/restore`, {});
  await expect(listed(amal, text)).toBeVisible();

  // Another name stands beside everything at once.
  await amal.locator("#me > summary").click();
  await amal.locator("#my-name").fill("Amal K.");
  await amal.locator('#me form button').first().click();
  await expect(listed(moderator, text).getByText("Amal K.")).toBeVisible();

  // Another phone comes back with the words, however they are written.
  await otherPhone.goto(`${server.url}/return#code=${code.join("-").toLowerCase()}`);
  await expect(otherPhone.locator('input[name="code"]')).toHaveValue(code.join("-").toLowerCase());
  await expect(otherPhone).toHaveURL(`${server.url}/return`);
  await otherPhone.locator('input[name="code"]').fill(code.join(" ").toUpperCase());
  await otherPhone.locator('form[action="/api/v1/return"] button.main').click();
  await otherPhone.waitForURL((url) => url.pathname.startsWith("/f/"));
  await live(otherPhone);
  await expect(otherPhone.locator("#contributions li.mine", { hasText: text })).toBeVisible();

  // The end: closed for everyone, and a record without names.
  await api(`${forum}/state`, { state: "closed" });
  await expect(amal.locator("#write form button.main")).toBeHidden();
  await expect(amal.locator(".badge.closed").first()).toBeVisible();
  await amal.goto(`${server.url}${server.forum}/record`);
  await expect(amal.getByText(text)).toBeVisible();
  await expect(amal.locator("main").getByText("Amal K.")).toHaveCount(0);
});

test("thirty that wait are cleared by keyboard, and by thumb", async ({ server, person }) => {
  test.setTimeout(120_000);
  const api = colleague(server);
  const forum = server.forum.replace(/^\/f/, "/forums");
  const code = new URL(server.participant).pathname.split("/").pop();
  const fill = async (round) => {
    for (let nth = 0; nth < 30; nth += 1) {
      const { token } = await api("/join", { code, name: `Gast ${round} ${nth}` });
      await api(`${forum}/contributions`, { text: `Runde ${round}, Gedanke ${nth}.` }, token);
    }
  };
  const moderator = await person({ viewport: { width: 360, height: 740 }, hasTouch: true });
  await moderate(moderator, server);
  const open = moderator.locator(".queue li.waits:not(.gone)");
  for (const by of ["keyboard", "thumb"]) {
    await fill(by);
    await expect(open.first()).toBeVisible();
    await expect.poll(() => open.count()).toBeGreaterThanOrEqual(30);
    const begin = Date.now();
    while ((await open.count()) > 0) {
      if (by === "keyboard") await moderator.keyboard.press("a");
      else await open.first().locator('form[action*="/contributions/"][action$="/approve"] button').tap();
      // A second press at once is taken for a slip.
      await moderator.waitForTimeout(360);
    }
    console.log(`cleared by ${by} in ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  }
  await expect(moderator.locator("section.undo button").first()).toBeVisible();
});
