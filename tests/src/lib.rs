//! What the black-box suites stand on: the real program on a data folder of its own, ended by its process id.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use stimmwerk_client::{Client, Join};
use stimmwerk_core::forum::{ForumCommand, Waiting};
use stimmwerk_core::ids::{ForumId, ProcessId, StreamId};
use stimmwerk_core::network::Visibility;
use stimmwerk_core::said::{Lang, Texts};

/// The program under test: `STIMMWERK_BIN`, or the release build.
///
/// # Panics
/// There is none.
pub fn program() -> PathBuf {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/stimmwerk");
    let program = std::env::var_os("STIMMWERK_BIN").map_or_else(built, PathBuf::from);
    assert!(program.exists(), "there is no program to test: run `cargo xtask test`");
    program
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
        let mut server = Self::start_on(folder.path(), "127.0.0.1:0");
        server.folder = Some(folder);
        server
    }

    /// Starts on a data folder and an address.
    pub fn start_on(data: &Path, listen: &str) -> Self {
        let mut child = Command::new(program())
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .env("STIMMWERK_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").expect("the address it listens on").to_owned();
        Self { child, data: data.to_owned(), url, folder: None }
    }

    /// Ends it at once, as a power cut would, and starts it again on the same data and address.
    pub fn kill_and_restart(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        let listen = self.url.trim_start_matches("http://").to_owned();
        let folder = self.folder.take();
        *self = Self::start_on(&self.data.clone(), &listen);
        self.folder = folder;
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(&mut self) -> std::process::ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
        self.child.wait().expect("it ends")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A visitor.
    pub fn visitor(&self) -> Client {
        Client::new(&self.url)
    }

    /// Staff with a token, made beside the running server.
    pub fn staff(&self, role: &str) -> Client {
        let made = Command::new(program())
            .args(["admin", "token", "create", "--role", role, "--name", "test", "--data"])
            .arg(&self.data)
            .output()
            .expect("the program runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.visitor().with_token(String::from_utf8_lossy(&made.stdout).trim())
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
        let join = Join { notice: Some(1), ..Join::with_code(&self.code) }.named(name);
        server.visitor().join(&join).await.expect("a guest joins").0
    }
}

/// Writing `text`.
pub fn saying(text: &str) -> ForumCommand {
    ForumCommand::Contribute { text: text.to_owned(), lang: None, topic: None, reply_to: None }
}
