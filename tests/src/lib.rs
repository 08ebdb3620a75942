//! Starts the program, fills it with people and a forum, and ends it: what the black-box suites share.
//!
//! Everything goes through the outside contract. The program is `STIMMWERK_BIN`, or `target/release/stimmwerk`.

use std::fmt::Debug;
use std::future::Future;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use stimmwerk_client::{Client, Error, Follow, Follower, ForumAnswer, Identity, Join, Outcome};
use stimmwerk_core::forum::{ForumCommand, ForumView, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId, ParticipantId, ProcessId, StreamId};
use stimmwerk_core::live::{LiveTypes, Seq, WindowRequest};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long anything may take that must happen. Generous: it bounds a failure, it measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test.
///
/// # Panics
/// It was not built.
pub fn program() -> PathBuf {
    let program =
        std::env::var_os("STIMMWERK_BIN").map_or_else(|| workspace().join("target/release/stimmwerk"), PathBuf::from);
    assert!(program.is_file(), "{} is missing: run `cargo xtask test`", program.display());
    program
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A seed for what is random in a test: `STIMMWERK_SEED`, or a fresh one. Printed, so that a failure can be repeated.
pub fn seeded() -> StdRng {
    let seed = std::env::var("STIMMWERK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("STIMMWERK_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Says that a test did not run. On a CI machine that is a failure.
///
/// # Panics
/// On a CI machine.
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "on CI nothing is skipped: {why}");
    eprintln!("\n*** SKIPPED: {why}\n");
}

/// A running program on a data folder.
#[derive(Debug)]
pub struct Server {
    /// Its address.
    pub url: String,
    child: Option<Child>,
    data: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    // Deleted last.
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts on an empty data folder.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        Self::start_on(folder, data, &[]).await
    }

    /// Starts on a data folder of the test's own, with more arguments.
    pub async fn start_with(data: Option<&Path>, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = data.map_or_else(|| folder.path().join("data"), Path::to_path_buf);
        Self::start_on(folder, data, arguments).await
    }

    async fn start_on(folder: tempfile::TempDir, data: PathBuf, arguments: &[&str]) -> Self {
        let log = folder.path().join("server.log");
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { url: String::new(), child: None, data, arguments, log, _folder: folder };
        let listen = format!("127.0.0.1:{}", free_port());
        server.run(&listen).await;
        server
    }

    async fn run(&mut self, listen: &str) {
        let log = std::fs::File::options().create(true).append(true).open(&self.log).expect("a log file");
        let mut child = command(&["serve", "--listen", listen])
            .arg("--data")
            .arg(&self.data)
            .args(&self.arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(url) = line.strip_prefix("listening on ") {
                    return Some(url.to_owned());
                }
            }
            None
        };
        let url = tokio::time::timeout(PATIENCE, ready).await.ok().flatten();
        let Some(url) = url else { panic!("the program does not listen:\n{}", self.log()) };
        self.url = url;
        self.child = Some(child);
        // Whatever it says later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The process id.
    pub fn pid(&self) -> Pid {
        let id = self.child.as_ref().and_then(Child::id).expect("the program runs");
        Pid::from_raw(i32::try_from(id).expect("a process id")).expect("a process id")
    }

    /// Ends it at once, as a power cut would.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("the program runs");
        child.kill().await.expect("it can be killed");
    }

    /// Asks it to stop, without waiting.
    pub fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).expect("it can be asked to stop");
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the program was running");
        tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends in time").expect("it can be waited for")
    }

    /// Starts it again: same data, same address.
    pub async fn start_again(&mut self) {
        let listen = self.url.strip_prefix("http://").expect("an address").to_owned();
        self.run(&listen).await;
    }

    /// A visitor.
    pub fn visitor(&self) -> Client {
        Client::new(&self.url)
    }

    /// An administrator's token.
    pub async fn staff(&self) -> Client {
        let output = self.admin(&["token", "create", "--role", "admin", "--name", "test"]).await;
        assert!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
        self.visitor().with_token(String::from_utf8_lossy(&output.stdout).trim())
    }

    /// Runs `stimmwerk admin …` on its data folder.
    pub async fn admin(&self, arguments: &[&str]) -> Output {
        command(&["admin"]).args(arguments).arg("--data").arg(&self.data).output().await.expect("the program starts")
    }

    /// Checks the log's chains and numbers with the program's own tool.
    pub async fn verify(&self) {
        let output = self.admin(&["verify"]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the log is damaged: {said}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(30).collect();
            eprintln!("--- the server's last words\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The program with arguments and without the settings of whoever runs the tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("STIMMWERK_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// A free port below those the kernel hands out: while the server is down, nobody else gets it, and no client that
/// knocks meanwhile is connected to itself.
fn free_port() -> u16 {
    let mut random = rand::rng();
    loop {
        let port = random.random_range(10_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A server with a process and a forum in it.
#[derive(Debug)]
pub struct World {
    /// The program.
    pub server: Server,
    /// An administrator's token.
    pub staff: Client,
    /// The process.
    pub process: ProcessId,
    /// Its spoken code.
    pub code: String,
    /// The forum.
    pub forum: ForumId,
    /// Its stream.
    pub stream: StreamId,
}

impl World {
    /// A forum in which nothing waits, for those with the code.
    pub async fn new() -> Self {
        Self::with(Visibility::Code, Waiting::None).await
    }

    /// A forum.
    pub async fn with(visibility: Visibility, waiting: Waiting) -> Self {
        Self::on(Server::start().await, visibility, waiting).await
    }

    /// A forum on a server that was started before.
    pub async fn on(server: Server, visibility: Visibility, waiting: Waiting) -> Self {
        let staff = server.staff().await;
        let process = staff.create_process(&title("Prozess"), visibility).await.expect("a process");
        let forum = staff.create_forum(process, &title("Gespräch"), waiting).await.expect("a forum");
        let code = staff.codes(process).await.expect("codes").spoken;
        let stream = staff.forum(forum, &WindowRequest::default()).await.expect("the forum").stream;
        Self { server, staff, process, code, forum, stream }
    }

    /// Another forum in the same process.
    pub async fn another_forum(&self, waiting: Waiting) -> (ForumId, StreamId) {
        let forum = self.staff.create_forum(self.process, &title("Zweites"), waiting).await.expect("a forum");
        (forum, self.staff.forum(forum, &WindowRequest::default()).await.expect("the forum").stream)
    }

    /// A new guest without a name, by token.
    pub async fn guest(&self) -> Client {
        self.guest_and_id().await.0
    }

    /// A new guest without a name, by token, and who they are.
    pub async fn guest_and_id(&self) -> (Client, ParticipantId) {
        let (client, joined) = self.staff.join(&Join::with_code(&self.code)).await.expect("a guest");
        (client, joined.participant)
    }

    /// A new guest by the code, as a browser would: with a session.
    pub async fn browser(&self, name: &str) -> Client {
        let join = Join::with_code(&self.code).named(name);
        self.server.visitor().join(&join).await.expect("a guest").0
    }

    /// Follows the forum.
    pub fn follow(&self, client: &Client) -> Follower {
        Follow::stream(client, self.stream).start()
    }

    /// Says something over REST.
    pub async fn say(&self, client: &Client, text: &str) -> ContributionId {
        let written =
            client.command(self.forum, stimmwerk_client::command_id(), &saying(text)).await.expect("a contribution");
        ContributionId(written.id.expect("its id"))
    }

    /// Issues a command over REST.
    pub async fn tell(&self, client: &Client, command: ForumCommand) -> Result<Seq, Error> {
        client.command(self.forum, stimmwerk_client::command_id(), &command).await.map(|written| written.seq)
    }

    /// The whole forum as a client may see it, down to a position.
    pub async fn fresh(&self, client: &Client, from: u64) -> ForumAnswer {
        let mut whole = client.whole_forum(self.forum).await.expect("the forum");
        whole.view.contributions.retain(|contribution| contribution.position >= from);
        whole.view.window.from = from;
        whole
    }

    /// The number of the forum's last event.
    pub async fn head(&self) -> Seq {
        self.staff.forum(self.forum, &WindowRequest::default()).await.expect("the forum").seq
    }

    /// A follower, once it is at the end, shows what a fresh look shows, and nothing was promised in vain.
    pub async fn assert_follows(&self, who: &str, follower: &Follower, client: &Client) {
        let head = self.head().await;
        assert!(
            follower.reaches(head, PATIENCE).await,
            "{who} stays at {}, not {head}: {:?}",
            follower.seq(),
            follower.seen()
        );
        assert_eq!(follower.seen().violations, [], "{who}");
        let view = follower.view().expect("a view");
        let fresh = self.fresh(client, view.window.from).await.view;
        assert_same_view(who, &view, &fresh);
    }
}

/// Two views are the same; says where they differ, since views are long.
///
/// # Panics
/// They differ.
pub fn assert_same_view(who: &str, followed: &ForumView, fresh: &ForumView) {
    let ids = |view: &ForumView| view.contributions.iter().map(|c| (c.position, c.id)).collect::<Vec<_>>();
    assert_eq!(ids(followed), ids(fresh), "{who}: contributions");
    for (followed, fresh) in followed.contributions.iter().zip(&fresh.contributions) {
        assert_eq!(followed, fresh, "{who}");
    }
    assert_eq!(followed, fresh, "{who}");
}

/// Older pages, over the socket, until the view begins at the first contribution.
///
/// # Panics
/// A page does not come.
pub async fn page_to_the_first(follower: &Follower) {
    loop {
        let from = follower.view().expect("a view").window.from;
        if from == 0 {
            return;
        }
        follower.page(from);
        assert!(
            follower.shows(PATIENCE, |view| view.window.from < from).await,
            "no page before {from}: {:?}",
            follower.seen()
        );
    }
}

/// The command that says something.
pub fn saying(text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None }
}

/// The command that answers something.
pub fn replying(text: &str, to: ContributionId) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: Some(to) }
}

/// A title in German.
pub fn title(text: &str) -> Texts {
    Texts::of(Lang::german(), text)
}

/// The id that was made.
///
/// # Panics
/// Nothing was.
pub fn made(outcome: &Outcome) -> ContributionId {
    let id = outcome.acknowledged().and_then(|written| written.id);
    ContributionId(id.unwrap_or_else(|| panic!("nothing was made: {outcome:?}")))
}

/// The code of a refusal.
///
/// # Panics
/// It was no refusal.
pub fn refusal<T: Debug>(result: Result<T, Error>) -> (u16, String) {
    match result {
        Err(Error::Problem(problem)) => (problem.status, problem.code),
        other => panic!("a refusal was due, not {other:?}"),
    }
}

/// A client without any credential in its headers, for tests that set them by hand.
pub fn bare(server: &Server) -> Client {
    server.visitor().as_identity(Identity::Nobody)
}

/// Tries again until it holds.
///
/// # Panics
/// It does not within [`PATIENCE`].
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// All bytes under a folder, file by file.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path, bytes));
        }
    }
    found
}

/// The files under a folder in which these bytes stand.
pub fn where_is(needle: &str, folder: &Path) -> Vec<PathBuf> {
    let needle = needle.as_bytes();
    let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    files(folder).into_iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path).collect()
}

/// A page put under a view, as a client does it.
pub fn under(view: &mut ForumView, page: ForumView) {
    stimmwerk_core::forum::Forum::append_page(view, page);
}

/// A member of a JSON object as text.
pub fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
