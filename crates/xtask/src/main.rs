//! Builds, runs and tests Stimmwerk: `cargo xtask <task>`.

mod checks;
mod command;
mod program;
mod site;
mod suite;
mod weight;

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

const HELP: &str = "\
cargo xtask <task>

  build            the release program with everything embedded; its path is the last line
  serve [args…]    build, then run it with --demo on target/demo-data
  test             everything: format, lints, invariants, build, tests, browser tests
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
        _ => ensure!(rest.is_empty(), "{task} takes no arguments\n\n{HELP}"),
    }
    match task.as_str() {
        "build" => {
            println!("{}", program::build()?.display());
            Ok(())
        }
        "test" => suite::run_all(),
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
