//! Everything that has to hold, in one run.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    checks,
    command::{cargo, command, root, run, succeeds},
    program,
    site::{self, PROGRAMS, cargo_wasm},
};

/// The native packages. xtask is built already, and the WebAssembly must not share a build with them. The same words
/// in each step, so that cargo resolves the same features and compiles nothing twice.
const NATIVE: [&str; 6] = ["--release", "--workspace", "--exclude", "stimmwerk-wasm", "--exclude", "xtask"];

/// How a step ended.
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// Runs every step and fails when one failed.
pub fn run_all() -> Result<()> {
    let mut suite = Suite::default();
    suite.step("format", || run(cargo().args(["fmt", "--all", "--check"])));
    suite.step("invariants", checks::check);
    // Before the native lints, since the server embeds what this makes.
    let embeddable = suite.step("site", site::build);
    suite.step("lints, WebAssembly", lint_wasm);
    suite.step("lints", || {
        // Here with xtask, whose own code is linted too.
        let clippy = ["clippy", "--release", "--workspace", "--exclude", "stimmwerk-wasm", "--all-targets"];
        run(cargo().args(clippy).args(["--", "-D", "warnings"]))
    });
    let built = embeddable && suite.step("build", || run(cargo().arg("build").args(NATIVE).arg("--all-targets")));
    if built {
        suite.step("tests", tests);
        match browser() {
            Ok(chromium) => _ = suite.step("browser tests", || browser_tests(&chromium)),
            Err(missing) => suite.skip("browser tests", &missing),
        }
    }
    suite.finish()
}

/// The steps so far.
#[derive(Default)]
struct Suite {
    steps: Vec<(&'static str, Outcome, Duration)>,
}

impl Suite {
    /// Runs a step; whether it passed.
    fn step(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> bool {
        eprintln!("\n=== {name}");
        let start = Instant::now();
        let result = step();
        if let Err(error) = &result {
            eprintln!("=== {name} failed: {error:#}");
        }
        let passed = result.is_ok();
        self.steps.push((name, if passed { Outcome::Passed } else { Outcome::Failed }, start.elapsed()));
        passed
    }

    /// Leaves a step out, loudly; on a CI machine that is a failure.
    fn skip(&mut self, name: &'static str, missing: &anyhow::Error) {
        eprintln!("\n=== {name} SKIPPED: {missing:#}");
        let outcome = if on_ci() { Outcome::Failed } else { Outcome::Skipped };
        self.steps.push((name, outcome, Duration::ZERO));
    }

    fn finish(self) -> Result<()> {
        eprintln!();
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        for (name, outcome, time) in self.steps {
            let (word, count) = match outcome {
                Outcome::Passed => ("passed", &mut passed),
                Outcome::Failed => ("FAILED", &mut failed),
                Outcome::Skipped => ("SKIPPED", &mut skipped),
            };
            *count += 1;
            eprintln!("{name:<24}{word:<10}{:>6.1} s", time.as_secs_f64());
        }
        eprintln!("steps: {passed} passed, {failed} failed, {skipped} skipped");
        ensure!(failed == 0, "{failed} of the steps failed");
        Ok(())
    }
}

fn on_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn lint_wasm() -> Result<()> {
    for (_, features) in PROGRAMS {
        run(cargo_wasm("clippy", features).args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

fn tests() -> Result<()> {
    let with_program = |mut command: Command| -> Result<()> { run(command.env("STIMMWERK_BIN", program::path())) };
    if succeeds(cargo().args(["nextest", "--version"])) {
        // nextest leaves the examples in the documentation out.
        let mut documentation = cargo();
        documentation.args(["test", "--quiet", "--doc"]).args(NATIVE);
        with_program(documentation)?;
        let mut nextest = cargo();
        nextest.args(["nextest", "run"]).args(NATIVE).args(["--all-targets", "--no-fail-fast"]);
        // Names of what passed would push what failed out of sight.
        nextest.args(["--status-level", "fail", "--failure-output", "final"]);
        with_program(nextest)
    } else {
        let mut test = cargo();
        test.arg("test").args(NATIVE).arg("--no-fail-fast");
        with_program(test)
    }
}

/// Chromium, and the npm that brings the rest; a CI machine gets Debian's package.
fn browser() -> Result<PathBuf> {
    ensure!(browser_folder().join("package.json").exists(), "there is no {}", browser_folder().display());
    ensure!(succeeds(command("npm").arg("--version")), "npm is missing");
    if let Some(chromium) = find_chromium() {
        return Ok(chromium);
    }
    if !on_ci() {
        bail!("Chromium is missing (on Debian: apt-get install chromium)");
    }
    run(command("apt-get").arg("update"))?;
    run(command("apt-get").args(["install", "--yes", "--no-install-recommends", "chromium"]))?;
    find_chromium().context("Chromium was installed and cannot be found")
}

fn find_chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

fn browser_folder() -> PathBuf {
    root().join("tests/browser")
}

fn browser_tests(chromium: &Path) -> Result<()> {
    let folder = browser_folder();
    let install = if folder.join("package-lock.json").exists() { "ci" } else { "install" };
    run(command("npm")
        .current_dir(&folder)
        .args([install, "--no-audit", "--no-fund", "--loglevel=error"])
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    run(command("npx")
        .current_dir(&folder)
        .args(["playwright", "test"])
        .env("STIMMWERK_BIN", program::path())
        .env("STIMMWERK_CHROMIUM", chromium))
}
