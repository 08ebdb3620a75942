//! What the black-box suites stand on: the real program on a data folder of its own, ended by its process id.

use std::fmt::Debug;
use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use stimmwerk_client::{Client, Error, Follower, ForumAnswer, Join, Joined, Written, command_id};
use stimmwerk_core::forum::{ForumCommand, ForumView, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId, ProcessId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};

/// The program under test: `STIMMWERK_BIN`, or the development build.
///
/// # Panics
/// There is none.
pub fn program() -> PathBuf {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/stimmwerk");
    let program = std::env::var_os("STIMMWERK_BIN").map_or_else(built, PathBuf::from);
    assert!(program.exists(), "there is no program to test: run `cargo xtask test`");
    program
}

/// Says that a test cannot run on this machine and why: in the last lines of `cargo xtask test`. On a CI machine, which
/// installs what tests need, it fails instead.
///
/// # Panics
/// On a CI machine.
pub fn skip_test(reason: &str) {
    assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "cannot run here: {reason}");
    note_skipped(reason);
}

/// Says that a test cannot run since this machine does not give the right to, which no installation changes: also on a CI
/// machine it is skipped and stands in the last lines of `cargo xtask test`.
///
/// # Panics
/// The list of skipped tests cannot be written.
pub fn skip_for_want_of_rights(reason: &str) {
    note_skipped(reason);
}

fn note_skipped(reason: &str) {
    eprintln!("\n*** SKIPPED: {reason}\n");
    if let Some(file) = std::env::var_os("STIMMWERK_SKIPPED_TESTS") {
        let list = std::fs::File::options().append(true).create(true).open(file);
        list.and_then(|mut list| writeln!(list, "{reason}")).expect("the list of skipped tests can be written");
    }
}

/// How long anything may take that must happen. Generous: it bounds a failure, it measures nothing.
pub const SOON: Duration = Duration::from_secs(30);

/// The program with arguments, without the settings of whoever runs the tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STIMMWERK_")) {
        command.env_remove(name);
    }
    command.args(arguments).env("STIMMWERK_LOG", "warn");
    command
}

/// A port below those the kernel hands out: while the server is down nobody else gets it, and no client that knocks
/// meanwhile is connected to itself.
fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(10_000..32_000)).find(free).expect("there are endless tries")
}

/// A running server.
pub struct Server {
    child: Child,
    /// Its data folder.
    pub data: PathBuf,
    /// Its address, as clients take it.
    pub url: String,
    folder: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts on an empty data folder.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Self::start_on(folder.path(), &format!("127.0.0.1:{}", free_port()));
        server.folder = Some(folder);
        server
    }

    /// Starts on a data folder and an address.
    pub fn start_on(data: &Path, listen: &str) -> Self {
        let mut child = command(&["serve", "--listen", listen, "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("the address it listens on").to_owned();
        Self { child, data: data.to_owned(), url, folder: None }
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Starts it again, after it has ended, on the same data and address.
    pub fn start_again(&mut self) {
        let listen = self.url.trim_start_matches("http://").to_owned();
        let folder = self.folder.take();
        *self = Self::start_on(&self.data.clone(), &listen);
        self.folder = folder;
    }

    /// Ends it at once, as a power cut would, and starts it again on the same data and address.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.start_again();
    }

    /// Asks it to stop, without waiting.
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.ended()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A visitor.
    pub fn visitor(&self) -> Client {
        Client::new(&self.url)
    }

    /// The same person on new connections: those of before a restart are dead.
    pub fn anew(&self, client: &Client) -> Client {
        self.visitor().as_identity(client.identity().clone())
    }

    /// Runs `stimmwerk admin …` on its data folder.
    pub fn admin(&self, arguments: &[&str]) -> Output {
        command(&["admin"]).args(arguments).arg("--data").arg(&self.data).output().expect("the program runs")
    }

    /// Staff with a token, made beside the running server.
    pub fn staff(&self, role: &str) -> Client {
        let made = self.admin(&["token", "create", "--role", role, "--name", "test"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.visitor().with_token(String::from_utf8_lossy(&made.stdout).trim())
    }

    /// Checks chains, numbers and texts of the log with the program's own tool.
    ///
    /// # Panics
    /// The log is damaged.
    pub fn verify(&self) {
        let verified = self.admin(&["verify"]);
        assert!(verified.status.success(), "the log is damaged: {}", String::from_utf8_lossy(&verified.stdout));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By its id, and only this one.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process with one forum.
pub struct Scene {
    /// An admin's token.
    pub staff: Client,
    /// The process.
    pub process: ProcessId,
    /// The forum.
    pub forum: ForumId,
    /// Its stream.
    pub stream: StreamId,
    /// The spoken code.
    pub code: String,
}

impl Scene {
    /// A new process and forum.
    pub async fn new(server: &Server, visibility: Visibility, waiting: Waiting) -> Self {
        let staff = server.staff("admin");
        let title = Texts::of(Lang::german(), "Probe");
        let process = staff.create_process(&title, visibility).await.expect("a process");
        let forum = staff.create_forum(process, &title, waiting).await.expect("a forum");
        let code = staff.codes(process).await.expect("codes").spoken;
        let stream = staff.forum(forum, &Default::default()).await.expect("the forum").stream;
        Self { staff, process, forum, stream, code }
    }

    /// A guest with a session.
    pub async fn guest(&self, server: &Server, name: &str) -> Client {
        self.guest_who(server, name).await.0
    }

    /// A guest with a session, and who they are.
    pub async fn guest_who(&self, server: &Server, name: &str) -> (Client, Joined) {
        let join = Join::with_code(&self.code).named(name);
        server.visitor().join(&join).await.expect("a guest joins")
    }

    /// Issues a command over REST.
    pub async fn tell(&self, client: &Client, command: ForumCommand) -> Result<Written, Error> {
        client.command(self.forum, command_id(), &command).await
    }

    /// Says something over REST.
    pub async fn say(&self, client: &Client, text: &str) -> ContributionId {
        let written = self.tell(client, saying(text)).await.expect("a contribution");
        ContributionId(written.id.expect("its id"))
    }

    /// The number of the forum's last event.
    pub async fn head(&self) -> Seq {
        self.staff.forum(self.forum, &Default::default()).await.expect("the forum").seq
    }

    /// The whole forum as a client may see it, down to a position.
    pub async fn fresh(&self, client: &Client, from: u64) -> ForumAnswer {
        let mut whole = client.whole_forum(self.forum).await.expect("the forum");
        whole.view.contributions.retain(|contribution| contribution.position >= from);
        whole.view.window.from = from;
        whole
    }

    /// A follower, once it is at the end, shows what a fresh look shows, and no promise was broken.
    pub async fn assert_follows(&self, who: &str, follower: &Follower, client: &Client) {
        let fresh = self.fresh(client, 0).await;
        let down_to = |from: u64| {
            let mut view = fresh.view.clone();
            view.contributions.retain(|contribution| contribution.position >= from);
            view.window.from = from;
            view
        };
        // Not by the number of the last event: what a reader may not see does not lead them on.
        let there = follower.shows(SOON, |view| *view == down_to(view.window.from)).await;
        assert!(follower.seen().violations.is_empty(), "{who}: {:?}", follower.seen().violations);
        let view = follower.view().expect("a view");
        assert_same_view(who, &view, &down_to(view.window.from));
        assert!(there, "{who} stays at {}, not {}: {:?}", follower.seq(), fresh.seq, follower.seen());
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

/// Tries again until it holds.
///
/// # Panics
/// It does not within [`SOON`].
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < SOON, "not within {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Status and code of a refusal.
///
/// # Panics
/// It was no refusal.
pub fn refusal<T: Debug>(result: Result<T, Error>) -> (u16, String) {
    match result {
        Err(Error::Problem(problem)) => (problem.status, problem.code),
        other => panic!("a refusal was due, not {other:?}"),
    }
}

/// The files under a folder in which these bytes stand.
pub fn where_is(needle: &str, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(where_is(needle, &path));
        } else if std::fs::read(&path).is_ok_and(|bytes| memchr::memmem::find(&bytes, needle.as_bytes()).is_some()) {
            found.push(path);
        }
    }
    found
}

/// Writing `text`.
pub fn saying(text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None, hall: None }
}

/// Answering with `text`.
pub fn replying(text: &str, to: ContributionId) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: Some(to), hall: None }
}
