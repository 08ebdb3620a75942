//! The programs: the server with everything embedded, and the load tool.

use std::{os::unix::process::CommandExt, path::PathBuf};

use anyhow::{Context, Result};

use crate::{
    command::{cargo, command, run, target},
    site,
};

/// The server as it is developed and tested: it reads the site from its folder.
pub fn path() -> PathBuf {
    target().join("debug/stimmwerk")
}

/// Builds the site, then the release that embeds it.
pub fn build() -> Result<PathBuf> {
    site::build()?;
    run(cargo().args(["build", "--locked", "--release", "--package", "stimmwerk-server"]))?;
    Ok(target().join("release/stimmwerk"))
}

/// Builds and becomes the server, with the sample process.
pub fn serve(arguments: &[String]) -> Result<()> {
    // Two builds that share nothing but the machine: one cannot use both processors all the time.
    std::thread::scope(|scope| {
        let site = scope.spawn(site::build);
        run(cargo().args(["build", "--locked", "--package", "stimmwerk-server"]))?;
        site.join().expect("building the site does not panic")
    })?;
    let data = target().join("demo-data");
    // Replaces this process, so that Ctrl-C and signals reach the server itself.
    let error = command(path()).args(["serve", "--demo", "--data"]).arg(data).args(arguments).exec();
    Err(error).context("cannot start the server")
}

/// Builds and becomes the load tool.
pub fn bench(arguments: &[String]) -> Result<()> {
    run(cargo().args(["build", "--locked", "--release", "--package", "stimmwerk-client", "--bin", "stimmwerk-load"]))?;
    let error = command(target().join("release/stimmwerk-load")).args(arguments).exec();
    Err(error).context("cannot start the load tool")
}
