//! Settings: flags go before the environment, that before one TOML file, and that before the defaults.
//! The command line loads them once; the rest of the program only reads them.
//! A wrong value stops the start with one line that names it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::address::Proxies;

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
    /// Whose `X-Forwarded-For` says from where somebody comes.
    pub trusted_proxy: Proxies,
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
            trusted_proxy: Proxies::default(),
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
        let known = ["listen", "public_url", "data", "database_url", "demo", "time_zone", "trusted_proxy"];
        let mut config: Self = figment
            .merge(Env::prefixed("STIMMWERK_").only(&known))
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| anyhow::anyhow!("setting {error}"))?;
        config.public_url = config.public_url.as_deref().map(origin).transpose()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        jiff::tz::TimeZone::get(&self.time_zone)
            .with_context(|| format!("setting time_zone: {:?} is not a time zone", self.time_zone))?;
        self.database()?;
        Ok(())
    }

    /// Makes the data folder, for its owner alone. One that is there is closed to others too if it is empty or this
    /// program's own; a folder with other things in it is not ours to close.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn make_data_folder(&self) -> Result<()> {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        let named = |what| format!("the data folder {} cannot be {what}", self.data.display());
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data).with_context(|| named("made"))?;
        let open = std::fs::metadata(&self.data).with_context(|| named("read"))?.permissions().mode() & 0o077 != 0;
        if !open {
            return Ok(());
        }
        let mut inside = std::fs::read_dir(&self.data).with_context(|| named("read"))?;
        if inside.all(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("stimmwerk."))) {
            let closed = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(&self.data, closed).with_context(|| named("closed to others"))?;
        } else {
            tracing::warn!("others can look into the data folder; `chmod 700` closes it");
        }
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

/// The origin of an address as browsers write it: in lower case and ASCII, without the port that goes without saying.
///
/// # Errors
/// It is no address, or has more than scheme, host and port.
fn origin(given: &str) -> Result<String> {
    // The parser would repair some mistakes silently. They are refused, since they are hardly meant.
    let written = given.split_once("://").is_some_and(|(scheme, host)| {
        let http = ["http", "https"].iter().any(|it| scheme.eq_ignore_ascii_case(it));
        http && !host.starts_with('/') && !host.contains(|c: char| c.is_whitespace() || matches!(c, '\\' | '@'))
    });
    let plain = |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    match Url::parse(given) {
        Ok(url) if written && plain(&url) => Ok(url.origin().ascii_serialization()),
        _ => bail!("setting public_url: {given:?} is not http(s)://host[:port] without a path"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use serde_json::json;

    use super::*;

    #[test]
    fn given_a_public_url_then_it_is_written_as_browsers_do_or_refused_in_one_line() {
        for (given, origin) in [
            ("https://stimmen.example.org", "https://stimmen.example.org"),
            ("https://stimmen.example.org/", "https://stimmen.example.org"),
            ("HTTPS://Stimmen.Example.ORG", "https://stimmen.example.org"),
            ("https://stimmen.example.org:443", "https://stimmen.example.org"),
            ("http://stimmen.example.org:80/", "http://stimmen.example.org"),
            ("https://stimmen.example.org:8443", "https://stimmen.example.org:8443"),
            ("http://stimmen.example.org:443", "http://stimmen.example.org:443"),
            ("https://bürger.example", "https://xn--brger-kva.example"),
            ("https://BÜRGER.example:443", "https://xn--brger-kva.example"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
        ] {
            let config = Config::load(None, serde_json::json!({ "public_url": given })).expect(given);
            assert_eq!(config.public_url.as_deref(), Some(origin), "{given}");
            assert_eq!(config.is_secure(), origin.starts_with("https:"), "{given}");
        }
        for given in [
            "",
            "stimmen.example.org",
            "https:stimmen.example.org",
            "https:///stimmen.example.org",
            "ftp://stimmen.example.org",
            "https://",
            "https://stimmen.example.org/forum",
            "https://stimmen.example.org?",
            "https://stimmen.example.org#",
            "https://mira@stimmen.example.org",
            "https://@stimmen.example.org",
            "https://stimmen.example.org\\",
            "https://stimmen example.org",
            "https://stimmen.example.org:port",
            "https://stimmen.example.org:70000",
            " https://stimmen.example.org",
        ] {
            let refused = Config::load(None, serde_json::json!({ "public_url": given })).expect_err(given).to_string();
            assert!(refused.contains("public_url") && refused.lines().count() == 1, "{refused}");
        }
    }

    #[test]
    fn given_a_data_folder_then_it_is_for_its_owner_alone() {
        let around = tempfile::tempdir().expect("a temporary folder");
        let config = |data: PathBuf| Config { data, ..Config::default() };
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let open = |path: &Path| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("ours");
        };
        let data = around.path().join("deep/data");
        config(data.clone()).make_data_folder().expect("made");
        assert_eq!(mode(&data), 0o700);
        // From before, or made by whoever installed it.
        open(&data);
        config(data.clone()).make_data_folder().expect("closed");
        assert_eq!(mode(&data), 0o700, "empty");
        std::fs::write(data.join("stimmwerk.db"), "").expect("written");
        open(&data);
        config(data.clone()).make_data_folder().expect("closed");
        assert_eq!(mode(&data), 0o700, "ours");
        std::fs::write(data.join("other"), "").expect("written");
        open(&data);
        config(data.clone()).make_data_folder().expect("left");
        assert_eq!(mode(&data), 0o755, "also somebody else's");
    }

    #[test]
    fn given_proxies_then_they_take_the_place_of_this_machine_and_wrong_ones_stop_the_start_with_one_line() {
        let load = |flags: serde_json::Value| Config::load(None, flags);
        assert_eq!(load(json!({})).expect("the defaults").trusted_proxy, Proxies::default());
        let one = load(json!({ "trusted_proxy": ["10.0.0.0/8", "2001:db8::1"] })).expect("two");
        assert_eq!(serde_json::to_value(&one.trusted_proxy).expect("plain"), json!(["10.0.0.0/8", "2001:db8::1/128"]));
        let wrong = load(json!({ "trusted_proxy": ["10.0.0.0/8", "proxy.example"] })).expect_err("no network");
        let line = format!("{wrong:#}");
        assert!(line.contains("proxy.example") && line.contains("trusted_proxy") && !line.contains('\n'), "{line}");
    }
}
