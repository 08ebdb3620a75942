//! Everything that has to hold, in one run: what fails soonest comes first.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    checks,
    command::{cargo, command, root, run, succeeds, target},
    program,
    site::{self, cargo_wasm},
    weight,
};

/// The native packages. xtask is built already. The same words in each step, so that cargo resolves the same features and
/// compiles nothing twice.
const NATIVE: [&str; 4] = ["--locked", "--workspace", "--exclude", "xtask"];

/// Tests that start the program, and what else does not belong to a quick check.
const BLACK_BOX: &str = "stimmwerk-tests";

/// How a step ended.
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// Which tests are run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What a change needs before each commit.
    Check,
    /// What a change needs to land.
    Everything,
    /// That, and what takes too long for every run.
    Long,
}

/// Runs every step and fails when one failed.
pub fn run_all(extent: Extent) -> Result<()> {
    let suite = Suite::default();
    // Whatever was skipped in an earlier run is no longer true.
    fs::write(skipped_tests(), "").with_context(|| format!("cannot write {}", skipped_tests().display()))?;
    suite.step("format", || run(cargo().args(["fmt", "--all", "--check"])));
    suite.step("invariants", checks::check);
    suite.step("snapshots", no_pending_snapshots);
    if extent == Extent::Check {
        suite.step("lints", lint);
        suite.step("unit tests", || tests(&["--exclude", BLACK_BOX]));
        return suite.finish(extent);
    }
    suite.step("tools", || if on_ci() { install_tools() } else { Ok(()) });
    // Two builds that share nothing but the machine: one cannot use both processors all the time.
    let built = std::thread::scope(|scope| {
        let browsers = scope.spawn(|| {
            let built = suite.step("site", site::build);
            if built {
                suite.step("weight", weight::check);
            }
            suite.step("lints, WebAssembly", lint_wasm);
            built
        });
        suite.step("lints", lint);
        let built = suite.step("build", || run(cargo().arg("build").args(NATIVE).arg("--all-targets")));
        browsers.join().expect("steps do not panic") && built
    });
    if built {
        suite.step("tests", || tests(&[]));
        match browser() {
            Ok(chromium) => _ = suite.step("browser tests", || browser_tests(&chromium, extent)),
            Err(missing) => suite.skip("browser tests", &missing),
        }
    }
    suite.finish(extent)
}

/// The steps so far.
#[derive(Default)]
struct Suite {
    steps: Mutex<Vec<(&'static str, Outcome, Duration)>>,
}

impl Suite {
    /// Runs a step; whether it passed.
    fn step(&self, name: &'static str, step: impl FnOnce() -> Result<()>) -> bool {
        eprintln!("\n=== {name}");
        let start = Instant::now();
        let result = step();
        if let Err(error) = &result {
            eprintln!("=== {name} failed: {error:#}");
        }
        let passed = result.is_ok();
        self.add(name, if passed { Outcome::Passed } else { Outcome::Failed }, start.elapsed());
        passed
    }

    /// Leaves a step out, loudly; on a CI machine that is a failure.
    fn skip(&self, name: &'static str, missing: &anyhow::Error) {
        eprintln!("\n=== {name} SKIPPED: {missing:#}");
        self.add(name, if on_ci() { Outcome::Failed } else { Outcome::Skipped }, Duration::ZERO);
    }

    fn add(&self, name: &'static str, outcome: Outcome, time: Duration) {
        self.steps.lock().expect("no panic while held").push((name, outcome, time));
    }

    fn finish(self, extent: Extent) -> Result<()> {
        eprintln!();
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        for (name, outcome, time) in self.steps.into_inner().expect("no panic while held") {
            let (word, count) = match outcome {
                Outcome::Passed => ("passed", &mut passed),
                Outcome::Failed => ("FAILED", &mut failed),
                Outcome::Skipped => ("SKIPPED", &mut skipped),
            };
            *count += 1;
            eprintln!("{name:<24}{word:<10}{:>6.1} s", time.as_secs_f64());
        }
        for reason in fs::read_to_string(skipped_tests()).unwrap_or_default().lines() {
            eprintln!("SKIPPED test: {reason}");
        }
        match extent {
            Extent::Check => eprintln!("not run: site, tests of the program, browser tests (cargo xtask test)"),
            Extent::Everything => eprintln!("not run: what takes long (cargo xtask test --long)"),
            Extent::Long => {}
        }
        eprintln!("steps: {passed} passed, {failed} failed, {skipped} skipped");
        ensure!(failed == 0, "{failed} of the steps failed");
        Ok(())
    }
}

fn on_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// The file in which tests that cannot run here say so, for the last lines. On a CI machine they fail instead, unless no
/// installation could help: see `skip_test` and `skip_for_want_of_rights` of the tests.
fn skipped_tests() -> PathBuf {
    target().join("skipped-tests")
}

/// A snapshot that nobody has looked at would fail its test, minutes later.
fn no_pending_snapshots() -> Result<()> {
    fn pending(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("node_modules") {
                pending(&path, found)?;
            } else if path.to_string_lossy().ends_with(".snap.new") {
                found.push(path);
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    for folder in ["crates", "frontend", "tests"] {
        pending(&root().join(folder), &mut found)?;
    }
    ensure!(found.is_empty(), "snapshots wait to be looked at: {found:?}");
    Ok(())
}

fn lint() -> Result<()> {
    run(cargo().arg("clippy").args(NATIVE).args(["--all-targets", "--", "-D", "warnings"]))?;
    run(cargo().args(["clippy", "--locked", "--package", "xtask", "--all-targets", "--", "-D", "warnings"]))
}

fn lint_wasm() -> Result<()> {
    run(cargo_wasm("clippy").args(["--", "-D", "warnings"]))
}

fn tests(without: &[&str]) -> Result<()> {
    let with_program = |command: &mut Command| -> Result<()> {
        run(command.env("STIMMWERK_BIN", program::path()).env("STIMMWERK_SKIPPED_TESTS", skipped_tests()))
    };
    if !succeeds(cargo().args(["nextest", "--version"])) {
        return with_program(cargo().arg("test").args(NATIVE).args(without).arg("--no-fail-fast"));
    }
    // nextest leaves the examples in the documentation out.
    with_program(cargo().args(["test", "--quiet", "--doc"]).args(NATIVE).args(without))?;
    let mut nextest = cargo();
    nextest.args(["nextest", "run"]).args(NATIVE).args(without).args(["--all-targets", "--no-fail-fast"]);
    // Names of what passed would push what failed out of sight.
    with_program(nextest.args(["--status-level", "fail", "--failure-output", "final"]))
}

/// Chromium by its programs, the quickest first: without a window's frame the browser tests take three quarters of the
/// time.
const CHROMIUM: [&str; 4] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// Installs Debian's packages of what the suites need beside Rust, Node and a C compiler.
fn install_tools() -> Result<()> {
    let apt = |packages: &[&str]| {
        let mut apt = command("apt-get");
        apt.args(["install", "--quiet", "--yes", "--no-install-recommends"]).args(packages);
        apt
    };
    let mut missing: Vec<&str> = [("firefox-esr", &["firefox-esr", "firefox"][..]), ("sqlite3", &["sqlite3"])]
        .into_iter()
        .filter(|(_, programs)| find(programs).is_none())
        .map(|(package, _)| package)
        .collect();
    let quick = find(&CHROMIUM[..1]).is_some();
    if quick && missing.is_empty() {
        return Ok(());
    }
    let updated = succeeds(command("apt-get").args(["update", "--quiet"]));
    let quick = quick || updated && succeeds(&mut apt(&CHROMIUM[..1]));
    if !quick && find(&CHROMIUM).is_none() {
        missing.push("chromium");
    }
    if missing.is_empty() { Ok(()) } else { run(&mut apt(&missing)) }
}

/// Chromium, and the npm that brings the rest.
fn browser() -> Result<PathBuf> {
    ensure!(succeeds(command("npm").arg("--version")), "npm is missing");
    let Some(chromium) = find(&CHROMIUM) else { bail!("Chromium is missing (on Debian: apt-get install chromium)") };
    Ok(chromium)
}

/// The first of these programs on the path.
fn find(programs: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| programs.iter().map(move |program| folder.join(program)))
        .find(|file| file.is_file())
}

fn browser_tests(chromium: &Path, extent: Extent) -> Result<()> {
    let folder = root().join("tests/browser");
    run(command("npm")
        .current_dir(&folder)
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    let mut playwright = command("npx");
    playwright.current_dir(&folder).args(["playwright", "test"]);
    if extent == Extent::Long {
        playwright.env("STIMMWERK_LONG", "1");
    }
    playwright.env("STIMMWERK_BIN", program::path()).env("STIMMWERK_CHROMIUM", chromium);
    run(playwright.env("STIMMWERK_SKIPPED_TESTS", skipped_tests()))
}
