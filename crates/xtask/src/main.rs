//! Builds, runs and tests Stimmwerk: `cargo xtask <task>`.

mod checks;
mod command;
mod program;
mod site;
mod suite;
mod weight;

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

use crate::suite::Extent;

const HELP: &str = "\
cargo xtask <task>

  build            the release program with everything embedded; its path is the last line
  serve [args…]    build, then run it with --demo on target/demo-data
  check            format, lints, invariants, unit tests: what every commit needs
  test [--long]    everything: that, the site, tests of the program, browser tests; --long adds what takes too long
  checks           the invariants of the code's structure alone
  bench [args…]    the load tool, stimmwerk-load
  wasm             what browsers load, into target/site
  weight           the bytes a browser loads";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((task, rest)) = arguments.split_first() else { bail!("which task?\n\n{HELP}") };
    match task.as_str() {
        "serve" => return program::serve(rest),
        "bench" => return program::bench(rest),
        "test" if rest == ["--long"] => return suite::run_all(Extent::Long),
        _ => ensure!(rest.is_empty(), "{task} takes no arguments\n\n{HELP}"),
    }
    match task.as_str() {
        "build" => {
            println!("{}", program::build()?.display());
            Ok(())
        }
        "check" => suite::run_all(Extent::Check),
        "test" => suite::run_all(Extent::Everything),
        "checks" => checks::check(),
        "wasm" => site::build(),
        "weight" => weight::report(),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        unknown => bail!("no task named {unknown}\n\n{HELP}"),
    }
}
