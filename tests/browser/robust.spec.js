// Old phones, page translators and broken programs: the page stays usable.
const { test, expect, join, moderate, post, listed, waiting, queued, approve, live, settled } = require("./people.js");
const { texts, write, ask } = require("./polls.js");

const plain = (page) => expect(page.locator("#app[data-plain]")).toBeAttached();

test("a program that comes late takes over what was typed meanwhile", async ({ server, person }) => {
  const page = await person();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await join(page, server, "Nadia", async () => {});
  const typed = "Schon geschrieben, bevor alles da war.";
  await page.locator("#text").fill(typed);
  release();
  await live(page);
  await expect(page.locator("#text")).toHaveValue(typed);
  await page.locator("#write form button.main").click();
  await expect(waiting(page, typed)).toBeVisible();
});

test("a program that cannot be run leaves a page that posts", async ({ server, person }) => {
  const page = await person();
  await page.route("**/*.wasm", (route) => route.fulfill({ contentType: "application/wasm", body: "no program" }));
  await join(page, server, "Omar", plain);
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await post(page, "Trotzdem gesagt.");
  expect((await answer).status()).toBe(303);
  await expect(waiting(page, "Trotzdem gesagt.")).toBeVisible();
});

// What a browser can do to a program that runs already. Either way ends in a panic inside it.
const BREAKS = {
  // The program is given no element when it draws the next contribution.
  "it cannot draw": () => {
    const refuse = () => {
      throw new Error("no element");
    };
    Document.prototype.createElement = refuse;
    Node.prototype.cloneNode = refuse;
  },
  // An error thrown through it leaves its store half way; the next call finds the store taken.
  "its store is stuck": () => {
    const { now } = Date;
    Date.now = () => {
      Date.now = now;
      throw new Error("no time");
    };
  },
};

/** Everything that comes by itself has come: what breaks the program now is what it is told to do. */
const quiet = (page) => expect(page.locator(".people")).toBeVisible();

/** Listens for a panic; what it returns waits until the page is plain, and finds that there was one. */
function panics(page) {
  const said = [];
  page.on("console", (message) => {
    if (message.type() === "error") said.push(message.text());
  });
  return async () => {
    await plain(page);
    expect(said.join("\n")).toContain("panicked at");
  };
}

for (const [how, broken] of Object.entries(BREAKS)) {
  test(`a program that panics while it runs leaves the words and a page that posts: ${how}`, async ({ server, person }) => {
    const [page, writer, moderator] = [await person(), await person(), await person()];
    await join(page, server, "Ulla");
    await join(writer, server, "Viktor");
    await moderate(moderator, server);
    const typed = "Halb geschrieben, als es geschah.";
    await page.locator("#text").fill(typed);
    await quiet(page);
    await page.evaluate(broken);
    const panicked = panics(page);
    const [first, second] = ["Dabei zerbricht es.", "Danach erst recht."];
    await post(writer, first);
    await approve(moderator, first);
    await expect(listed(writer, first)).toBeVisible();
    // Only a guest's first one waits.
    await post(writer, second);
    await panicked();
    await expect(page.locator("#text")).toHaveValue(typed);

    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await page.locator("#write form button.main").click();
    expect((await answer).status()).toBe(303);
    await expect(waiting(page, typed)).toBeVisible();
    for (const text of [first, second]) await expect(listed(page, text)).toBeVisible();
    await expect(page.locator("#text")).toHaveValue("");
    // It stays plain in this tab: no round of panic and reload.
    await plain(page);
  });
}

test("a program that panics while it sends has sent, once", async ({ server, person }) => {
  const page = await person();
  // What is on its way takes longer than the next page would.
  await page.routeWebSocket("**/api/v1/live*", (socket) => {
    const connection = socket.connectToServer();
    socket.onMessage((frame) => setTimeout(() => connection.send(frame), String(frame).includes('"type":"command"') ? 700 : 0));
  });
  await join(page, server, "Wanda");
  await quiet(page);
  await page.evaluate(BREAKS["it cannot draw"]);
  const panicked = panics(page);
  const text = "Beim Senden zerbrochen.";
  await post(page, text);
  await panicked();
  await expect(waiting(page, text)).toHaveCount(1);
  await expect(page.locator("#text")).toHaveValue("");
});

test("a program that panics before its words were taken puts them back, and they count once", async ({ server, person }) => {
  const page = await person();
  const lost = [];
  await page.routeWebSocket("**/api/v1/live*", (socket) => {
    const connection = socket.connectToServer();
    socket.onMessage((frame) => (String(frame).includes('"type":"command"') ? lost.push(JSON.parse(frame)) : connection.send(frame)));
  });
  await join(page, server, "Xenia");
  await quiet(page);
  await page.locator("#contributions > li.item .reply").first().click();
  await page.locator("#lang").selectOption("en");
  await page.evaluate(BREAKS["it cannot draw"]);
  const panicked = panics(page);
  const text = "Auf dem Weg verloren.";
  await post(page, text);
  await panicked();
  await expect(page.locator("#text")).toHaveValue(text);
  await expect(page.locator('#write input[name="idempotency_key"]')).toHaveValue(lost[0].id);
  await expect(page.locator('#write input[name="reply_to"]')).toHaveValue(lost[0].command.reply_to);
  // It was taken after all: sent again it is the same.
  const answer = await page.evaluate(async ([{ id, command }, forum]) => {
    const headers = { "content-type": "application/json", "idempotency-key": id };
    return (await fetch(`/api/v1/forums/${forum}/contributions`, { method: "POST", headers, body: JSON.stringify(command) })).status;
  }, [lost[0], server.forum.split("/").pop()]);
  expect(answer).toBe(201);
  const sent = page.waitForResponse((response) => response.request().method() === "POST");
  await page.locator("#write form button.main").click();
  expect((await sent).status()).toBe(303);
  await expect(waiting(page, text)).toHaveCount(1);
  await expect(page.locator("#text")).toHaveValue("");
});

test("a page translator that wraps every text does not stop the conversation", async ({ server, person }) => {
  const [reader, writer, moderator] = [await person(), await person(), await person()];
  const errors = [];
  reader.on("pageerror", (error) => errors.push(String(error)));
  await join(reader, server, "Pavel");
  await reader.evaluate(() => {
    const walker = document.createTreeWalker(document.querySelector("#app"), NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode);
    for (const text of texts) {
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      inner.textContent = `[${text.data}]`;
      outer.append(inner);
      text.replaceWith(outer);
    }
  });
  await join(writer, server, "Rosa");
  await moderate(moderator, server);
  const text = "Was die Übersetzung nicht kennt.";
  await post(writer, text);
  await approve(moderator, text);
  await expect(listed(reader, text)).toBeVisible();
  await listed(reader, text).locator('form[action$="/support"] button').click();
  await expect(listed(writer, text).getByText("1", { exact: false }).first()).toBeVisible();
  const own = "Ich schreibe weiter.";
  await reader.locator("#text").fill(own);
  await reader.locator("#write form button.main").click();
  await expect(waiting(reader, own)).toBeVisible();
  expect(errors).toEqual([]);
});

test("everything by keyboard: joining, writing, supporting", async ({ server, person }) => {
  const page = await person();
  const to = async (selector) => {
    for (let nth = 0; nth < 120; nth += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
    }
    throw new Error(`${selector} cannot be reached`);
  };
  await page.goto(server.participant);
  await settled(page);
  await to("#name");
  await page.keyboard.type("Selma");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.startsWith("/welcome"));
  await to("a.main");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.startsWith("/f/"));
  await live(page);
  await to("#text");
  await page.keyboard.type("Ganz ohne Maus.");
  await to("#write form button.main");
  await page.keyboard.press("Enter");
  await expect(waiting(page, "Ganz ohne Maus.")).toBeVisible();
  await to('form[action$="/support"] button');
  await page.keyboard.press("Enter");
  await expect(page.locator('form[action$="/support"] button[aria-pressed="true"]').first()).toBeVisible();
});

// Words as long as their limits allow, an address of 300 letters, and compound titles: nothing is wider than the window
// or the paper, and what is read stays within its box.
const LONG = { word: "Ü".repeat(400), title: "Donaudampfschifffahrtsgesellschaft".repeat(4), name: "Wolfeschlegelsteinhausenbergerdorffer" };

/** What reaches over the edge of the window, or of a box that cuts it off without a way to see the rest. */
const tooWide = (page) =>
  page.evaluate(() => {
    const found = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page: ${scrollWidth} of ${clientWidth} px`);
    const scrolls = (one) => one && (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
    for (const one of document.querySelectorAll("body *")) {
      if (!one.checkVisibility() || one.closest("svg, .sr, .skip, select, option") || scrolls(one)) continue;
      const { left, right, width } = one.getBoundingClientRect();
      if (width > 0 && (left < -1 || right > clientWidth + 1)) found.push(`${one.tagName}.${one.className}: ${left} to ${right}`);
    }
    return found;
  });

test("long words, addresses and titles wrap: on a phone, on paper and for the hall", async ({ server, person }) => {
  test.setTimeout(240_000);
  const [guest, moderator] = [await person({ viewport: { width: 320, height: 640 } }), await person({ viewport: { width: 320, height: 640 } })];
  await moderate(moderator, server);
  const forum = server.forum.replace(/^\/f\//, "");
  const { id: topic } = await write(moderator, server, `/forums/${forum}/topics`, { title: texts(LONG.title) });
  await write(moderator, server, `/forums/${forum}/summary`, { text: `${LONG.word} ${LONG.title}` });
  await write(moderator, server, `/forums/${forum}/waiting`, { waiting: "none" });
  await join(guest, server, LONG.name);
  await guest.goto(server.url);
  const text = `${LONG.word}\nhttps://example.org/${"a".repeat(300)}\n${LONG.title}`;
  const { id: said } = await write(guest, server, `/forums/${forum}/contributions`, { text, topic });
  await write(guest, server, `/forums/${forum}/contributions`, { text, reply_to: said });
  const { id: hidden } = await write(guest, server, `/forums/${forum}/contributions`, { text });
  await write(moderator, server, `/forums/${forum}/contributions/${hidden}/hide`, { reason: "spam", note: LONG.word });
  await write(moderator, server, `/forums/${forum}/speaking-list/state`, { open: true, seconds: 60 });
  await write(moderator, server, `/forums/${forum}/speaking-list/hall`, { name: LONG.name });
  await write(guest, server, `/forums/${forum}/speaking-list`);
  const found = [];
  const look = async (page, address) => {
    await page.goto(server.url + address);
    await settled(page);
    for (const media of ["screen", "print"]) {
      // Paper of A4 with its margins is wider than a phone.
      await page.setViewportSize({ width: media === "print" ? 680 : 320, height: 640 });
      await page.emulateMedia({ media });
      found.push(...(await tooWide(page)).map((what) => `${address} (${media}): ${what}`));
    }
    await page.emulateMedia({ media: "screen" });
  };
  const asked = [{ method: "yes_no" }, { method: "multiple", min: 1, max: 2 }, { method: "scale", steps: 5 }, { method: "resistance" }, { method: "dots", points: 6 }, { method: "ranking" }];
  for (const question of asked) {
    const options = question.method === "yes_no" ? [] : [LONG.title, "W".repeat(160), "Kurz"].map(texts);
    const ends = question.method === "scale" ? { ends: [texts(LONG.title), texts("W".repeat(160))] } : {};
    const poll = await ask(moderator, server, { ...question, ...ends, options, title: texts(LONG.title), note: texts(LONG.title) });
    const { pathname } = new URL(poll.page);
    await look(guest, pathname);
    const marks = { yes_no: [1, 0, 0], multiple: [1, 1, 0], resistance: [1, 2, 3, 4] }[question.method] ?? [1, 2, 3];
    await write(guest, server, `${poll.api}/ballots`, { round: 1, marks });
    await write(moderator, server, `${poll.api}/close`, { seconds: 0 });
    await write(moderator, server, `${poll.api}/reveal`);
    for (const address of [pathname, `${pathname}/print`, `${pathname}/voters`]) await look(guest, address);
  }
  const pages = ["", `?topic=${topic}`, `?reply=${said}`, "/list", `/list?q=${LONG.title}`, `/c/${said}`, `/c/${said}/report`, "/record"];
  for (const page of pages) await look(guest, server.forum + page);
  for (const page of ["/moderation", "/log", "/record?names=1", "/polls/new"]) await look(moderator, server.forum + page);
  for (const address of ["/", "/join", "/return", `/nowhere/${LONG.title}`]) await look(guest, address);
  const hall = await person({ viewport: { width: 1280, height: 720 } });
  for (const shows of [{ shows: "topic", topic }, { shows: "contributions", contributions: [said] }, { shows: "speaking" }]) {
    await write(moderator, server, `/forums/${forum}/stage`, shows);
    await hall.goto(server.projector);
    found.push(...(await tooWide(hall)).map((what) => `projector ${shows.shows}: ${what}`));
  }
  expect(found).toEqual([]);
});

test("with text twice as large and forced colours nothing is cut off or lost", async ({ server, person }) => {
  const page = await person({ viewport: { width: 640, height: 800 }, forcedColors: "active" });
  await join(page, server, "Tarek");
  for (const address of ["/", "/join", server.forum, `${server.forum}/list`, `${server.forum}/record`, "/return"]) {
    await page.goto(server.url + address);
    await page.evaluate(() => document.documentElement.style.setProperty("font-size", "36px"));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, `${address} is ${wide} px too wide`).toBeLessThanOrEqual(0);
  }
  await page.goto(server.url + server.forum);
  const border = await page.locator("#write form button.main").evaluate((button) => getComputedStyle(button).borderStyle);
  expect(border, "a button is seen as one").not.toBe("none");
});
