//! The programs: the server with everything embedded, and the load tool.

use std::{os::unix::process::CommandExt, path::PathBuf};

use anyhow::{Context, Result};

use crate::{
    command::{cargo, command, run, target},
    site,
};

/// Where cargo puts the server.
pub fn path() -> PathBuf {
    target().join("release/stimmwerk")
}

/// Builds the site, then the server that embeds it.
pub fn build() -> Result<PathBuf> {
    site::build()?;
    run(cargo().args(["build", "--release", "--package", "stimmwerk-server"]))?;
    Ok(path())
}

/// Builds and becomes the server, with the sample process.
pub fn serve(arguments: &[String]) -> Result<()> {
    let program = build()?;
    let data = target().join("demo-data");
    // Replaces this process, so that Ctrl-C and signals reach the server itself.
    let error = command(program).args(["serve", "--demo", "--data"]).arg(data).args(arguments).exec();
    Err(error).context("cannot start the server")
}

/// Builds and becomes the load tool.
pub fn bench(arguments: &[String]) -> Result<()> {
    run(cargo().args(["build", "--release", "--package", "stimmwerk-client", "--bin", "stimmwerk-load"]))?;
    let error = command(target().join("release/stimmwerk-load")).args(arguments).exec();
    Err(error).context("cannot start the load tool")
}
