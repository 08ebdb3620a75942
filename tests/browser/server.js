// The program under test, with the demo process in a data folder of its own.
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");

const BIN = process.env.STIMMWERK_BIN || path.resolve(__dirname, "../../target/debug/stimmwerk");
const LINES = { "listening on": "url", participant: "participant", moderator: "moderator", projector: "projector" };
const PATIENCE_MS = 15_000;

class Server {
  /** Starts the program on an empty data folder; `participant`, `moderator` and `projector` are the links of its demo. */
  static async start() {
    const server = new Server();
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), "stimmwerk-browser-"));
    try {
      await server.run("127.0.0.1:0", ["url", "participant", "moderator", "projector"]);
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.forum = new URL(server.moderator).searchParams.get("next").replace(/\/moderation$/, "");
    return server;
  }

  /** Starts the program again: same data, same port. */
  async restart() {
    await this.run(new URL(this.url).host, ["url"]);
  }

  /** Ends the program at once, as a power cut would. */
  async kill() {
    await this.end("SIGKILL");
  }

  /** Ends the program and deletes its data. */
  async stop() {
    const gaveUp = setTimeout(() => this.child?.kill("SIGKILL"), 5_000);
    await this.end("SIGTERM");
    clearTimeout(gaveUp);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  get data() {
    return path.join(this.folder, "data");
  }

  /** A token of an administrator, made beside the running program. */
  get staff() {
    const made = ["admin", "token", "create", "--role", "admin", "--name", "browser tests", "--data", this.data];
    this.token ??= execFileSync(BIN, made, { encoding: "utf8" }).trim();
    return this.token;
  }

  /** Asks the API with a token; writes if there is a body. */
  async api(address, body, token = this.staff) {
    const answer = await fetch(`${this.url}/api/v1${address}`, {
      method: body ? "POST" : "GET",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Lets so many people in: their tokens. */
  async crowd(people) {
    const code = new URL(this.participant).pathname.split("/").pop();
    const all = Array.from({ length: people }, (_, nth) => this.api("/join", { code, name: `Nachbar ${nth}` }));
    return (await Promise.all(all)).map(({ token }) => token);
  }

  async run(listen, wanted) {
    const child = spawn(BIN, ["serve", "--listen", listen, "--data", this.data, "--demo"], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once("exit", resolve);
      child.once("error", resolve);
    });
    let log = "";
    child.stderr.on("data", (data) => (log += data));
    const found = new Set();
    const ready = new Promise((resolve) => {
      readline.createInterface({ input: child.stdout }).on("line", (line) => {
        const match = /^(listening on|participant|moderator|projector) (http\S+)$/.exec(line);
        if (!match) return;
        this[LINES[match[1]]] = match[2];
        found.add(LINES[match[1]]);
        if (wanted.every((one) => found.has(one))) resolve("ready");
      });
    });
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, "late")));
    const outcome = await Promise.race([ready, this.ended.then(() => "ended"), late]);
    clearTimeout(timer);
    if (outcome !== "ready") {
      await this.end("SIGKILL");
      throw new Error(`${BIN} did not start (${outcome}):\n${log}`);
    }
  }

  async end(signal) {
    if (!this.child) return;
    this.child.kill(signal);
    await this.ended;
    this.child = null;
  }
}

module.exports = { Server };
