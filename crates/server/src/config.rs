//! Settings: flags over environment over one TOML file over defaults. A wrong value stops the start with one line.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// How the program serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address people type, if a proxy stands before the program: scheme and host, no path.
    #[serde(default)]
    pub public_url: Option<String>,
    /// The folder of the database and its lock.
    pub data: PathBuf,
    /// `sqlite:FILE`; left out: a file in the data folder.
    #[serde(default)]
    pub database_url: Option<String>,
    /// Fill an empty database with a sample process.
    #[serde(default)]
    pub demo: bool,
    /// The network's time zone, an IANA name.
    pub time_zone: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            data: PathBuf::from("data"),
            database_url: None,
            demo: false,
            time_zone: "Europe/Berlin".to_owned(),
        }
    }
}

impl Config {
    /// Reads file and environment, with `flags` over both.
    ///
    /// # Errors
    /// A value is wrong; the message names it and where it came from.
    pub fn load(file: Option<&PathBuf>, flags: impl Serialize) -> Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                bail!("config file {} does not exist", file.display());
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let known = ["listen", "public_url", "data", "database_url", "demo", "time_zone"];
        let config: Self = figment
            .merge(Env::prefixed("STIMMWERK_").only(&known))
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| anyhow::anyhow!("setting {error}"))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        if let Some(url) = &self.public_url {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if rest.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', '@', ' '])) {
                bail!("setting public_url: {url:?} is not http(s)://host[:port] without a path");
            }
        }
        jiff::tz::TimeZone::get(&self.time_zone)
            .with_context(|| format!("setting time_zone: {:?} is not a time zone", self.time_zone))?;
        self.database()?;
        Ok(())
    }

    /// The database file.
    ///
    /// # Errors
    /// The address is of a kind this program does not serve.
    pub fn database(&self) -> Result<PathBuf> {
        match &self.database_url {
            None => Ok(self.data.join("stimmwerk.db")),
            Some(url) => match url.strip_prefix("sqlite:") {
                Some(path) if !path.is_empty() => Ok(PathBuf::from(path.trim_start_matches("//"))),
                _ => bail!("setting database_url: {url:?} is not sqlite:FILE"),
            },
        }
    }

    /// Where people reach this site: the address it is known by, or `host`, where it listens or was asked.
    pub fn base(&self, host: impl fmt::Display) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{host}"))
    }

    /// Do browsers come over TLS?
    pub fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
}
