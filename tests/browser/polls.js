// Polls, made over REST as a moderator who is logged in on a page.
const { expect } = require("./people.js");

const WORDS = { title: "Was brauchen wir zuerst?", options: ["Ein Treffpunkt", "Sprachkurse", "Ein Bus am Abend"] };
const texts = (text) => ({ source: "de", texts: { de: text } });

/** Writes as whoever is logged in on a page. */
async function write(page, server, address, body = {}) {
  const answer = await page.request.post(`${server.url}/api/v1${address}`, {
    data: body,
    headers: { origin: server.url },
  });
  expect(answer.ok(), `${address}: ${answer.status()} ${await answer.text()}`).toBe(true);
  return answer.json();
}

/** An open poll of the demo's forum, made by a moderator. Returns its address and its API. */
async function ask(moderator, server, question = {}) {
  const forum = server.forum.replace(/^\/f\//, "");
  const { view } = await (await moderator.request.get(`${server.url}/api/v1/forums/${forum}`)).json();
  const { id } = await write(moderator, server, `/processes/${view.forum.process}/polls`, {
    forum,
    title: texts(WORDS.title),
    method: "single",
    options: question.method === "yes_no" ? [] : WORDS.options.map(texts),
    // With fewer than five who vote online nothing else has a result.
    secrecy: "open",
    ...question,
  });
  // Nobody could vote without a card.
  if (question.electorate === "cards") await write(moderator, server, `/polls/${id}/cards`, { count: 3 });
  await write(moderator, server, `/polls/${id}/open`);
  return { page: `${server.url}/p/${id}`, api: `/polls/${id}` };
}

module.exports = { WORDS, texts, write, ask };
