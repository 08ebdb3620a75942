//! The program `stimmwerk`: its command line.
//! People and service managers start it.
//! It reads flags and prints; everything else is done by the library.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use stimmwerk_core::domain::FollowUp;
use stimmwerk_core::ids::ProcessId;
use stimmwerk_core::people::Role;
use stimmwerk_eventlog::accounts::{Accounts, Person, PersonId, PersonKind};
use stimmwerk_eventlog::lock::DataLock;
use stimmwerk_eventlog::log::EventLog;
use stimmwerk_eventlog::sqlite::SqliteStore;
use stimmwerk_server::config::Config;
use stimmwerk_server::{admin, backup, chance, verify};
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

/// Live dialogue forums for everyone.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until stopped.
    Serve(Serve),
    /// Write a copy of the database to a new file, also beside a running server.
    Backup {
        /// The new file.
        file: PathBuf,
        #[command(flatten)]
        place: Installation,
    },
    /// Put a backup in the place of the database, while no server runs.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Replace the database there is; it is lost.
        #[arg(long)]
        overwrite: bool,
        #[command(flatten)]
        place: Installation,
    },
    /// Work on an installation, also beside a running server.
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Args, Serialize)]
struct Serve {
    #[command(flatten)]
    #[serde(flatten)]
    place: Installation,
    /// Where to listen; port 0 takes a free one.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<String>,
    /// The network's time zone, an IANA name.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    /// Whose X-Forwarded-For says from where people come: addresses or networks, repeated or with commas. Left out: this
    /// machine.
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trusted_proxy: Vec<String>,
    /// Fill an empty database with a sample process.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    demo: bool,
}

/// Where the installation is.
#[derive(Args, Serialize)]
struct Installation {
    /// One TOML file with the same settings.
    #[arg(long, env = "STIMMWERK_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,
    /// sqlite:FILE; left out: a file in the data folder.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    database_url: Option<String>,
    /// The address people type, behind a proxy: scheme and host.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
}

#[derive(Subcommand)]
enum Admin {
    /// Make a login link for a member of staff; it lasts seven days and works once.
    Invite {
        /// Their e-mail address.
        email: String,
        /// moderator, facilitator, editor, advisor or admin.
        #[arg(long, default_value = "moderator")]
        role: String,
        /// For this process only.
        #[arg(long)]
        process: Option<Uuid>,
        #[command(flatten)]
        place: Installation,
    },
    /// Tokens for programs.
    #[command(subcommand)]
    Token(Token),
    /// List who has which role.
    Staff {
        #[command(flatten)]
        place: Installation,
    },
    /// List tokens of programs and links of projectors.
    Tokens {
        #[command(flatten)]
        place: Installation,
    },
    /// List login links that nobody used yet.
    Invitations {
        #[command(flatten)]
        place: Installation,
    },
    /// Take away what lets somebody in. Open pages of theirs are closed within seconds.
    #[command(subcommand)]
    Revoke(Revoke),
    /// Check every chain, number and text of the log.
    Verify {
        #[command(flatten)]
        place: Installation,
    },
}

#[derive(Subcommand)]
enum Token {
    /// Make a token and print it, and nothing else.
    Create {
        /// moderator, facilitator, editor, advisor or admin.
        #[arg(long)]
        role: String,
        /// What it is for.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        place: Installation,
    },
}

#[derive(Subcommand)]
enum Revoke {
    /// All that a member of staff has, or one role.
    Staff {
        /// Their e-mail address.
        email: String,
        /// This role alone: moderator, facilitator, editor, advisor or admin.
        #[arg(long)]
        role: Option<String>,
        /// The role in this process, rather than the one for the whole network.
        #[arg(long)]
        process: Option<Uuid>,
        #[command(flatten)]
        place: Installation,
    },
    /// A token or a projector's link.
    Token {
        /// Its id, as `admin tokens` lists it.
        id: Uuid,
        #[command(flatten)]
        place: Installation,
    },
    /// Login links that nobody used yet.
    Invitation {
        /// The e-mail address they are for.
        email: String,
        #[command(flatten)]
        place: Installation,
    },
}

/// How long an invitation lasts, in milliseconds.
const INVITATION_MS: i64 = 7 * 24 * 3_600 * 1_000;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let filter = EnvFilter::try_from_env("STIMMWERK_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse().command).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stimmwerk: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(flags) => {
            let config = Config::load(flags.place.config.as_ref(), &flags)?;
            // Thousands of sockets are as many open files.
            let _ = rlimit::increase_nofile_limit(u64::MAX);
            let listener = tokio::net::TcpListener::bind(config.listen)
                .await
                .with_context(|| format!("cannot listen on {}", config.listen))?;
            stimmwerk_server::serve(listener, config, stopped()).await
        }
        Command::Backup { file, place } => {
            let config = Config::load(place.config.as_ref(), &place)?;
            backup::backup(&config, &file).await?;
            println!("{}", file.display());
            Ok(())
        }
        Command::Restore { file, overwrite, place } => {
            let config = Config::load(place.config.as_ref(), &place)?;
            backup::restore(&config, &file, overwrite).await?;
            println!("{}", config.database()?.display());
            Ok(())
        }
        Command::Admin(Admin::Invite { email, role, process, place }) => {
            let config = Config::load(place.config.as_ref(), &place)?;
            let role = parse_role(&role)?;
            let email = email.trim().to_lowercase();
            if !email.contains('@') || email.contains(char::is_whitespace) {
                bail!("{email:?} is not an e-mail address");
            }
            let store = accounts(&config).await?;
            let person = match store.account(&email).await? {
                Some(person) => person.id,
                None => add(&store, PersonKind::Account, email).await?,
            };
            store.grant(person, process.map(ProcessId), role).await?;
            let (secret, hash) = chance::secret();
            store.add_login_link(hash, person, chance::now().plus_ms(INVITATION_MS)).await?;
            let base = config.base(config.listen);
            println!("{base}/login/link?token={secret}");
            store.close().await;
            Ok(())
        }
        Command::Admin(Admin::Token(Token::Create { role, name, place })) => {
            let config = Config::load(place.config.as_ref(), &place)?;
            let role = parse_role(&role)?;
            let store = accounts(&config).await?;
            let person = add(&store, PersonKind::Token, name).await?;
            store.grant(person, None, role).await?;
            let (secret, hash) = chance::secret();
            store.add_token(hash, person, None).await?;
            println!("{secret}");
            store.close().await;
            Ok(())
        }
        Command::Admin(Admin::Staff { place }) => list(&place, admin::staff).await,
        Command::Admin(Admin::Tokens { place }) => list(&place, admin::tokens).await,
        Command::Admin(Admin::Invitations { place }) => list(&place, admin::invitations).await,
        Command::Admin(Admin::Revoke(revoke)) => {
            let (Revoke::Staff { place, .. } | Revoke::Token { place, .. } | Revoke::Invitation { place, .. }) =
                &revoke;
            let store = accounts(&Config::load(place.config.as_ref(), place)?).await?;
            match revoke {
                Revoke::Staff { email, role, process, .. } => {
                    let role = role.as_deref().map(parse_role).transpose()?;
                    admin::revoke_staff(&*store, &email, role, process.map(ProcessId)).await?;
                }
                Revoke::Token { id, .. } => admin::revoke_token(&*store, PersonId(id)).await?,
                Revoke::Invitation { email, .. } => admin::revoke_invitations(&*store, &email).await?,
            }
            store.close().await;
            Ok(())
        }
        Command::Admin(Admin::Verify { place }) => {
            let config = Config::load(place.config.as_ref(), &place)?;
            let database = config.database()?;
            let damage = verify::damage_of(&database).await?;
            let store = SqliteStore::open_reading(&database).await.map_err(|error| anyhow::anyhow!("{error}"))?;
            for (follow_up, why) in store.refused_follow_ups().await? {
                let FollowUp { id, stream, .. } = follow_up;
                println!("follow-up {id} to stream {stream} was refused for good ({why}): it was set aside");
            }
            store.close().await;
            for found in &damage {
                println!("{found}");
            }
            if !damage.is_empty() {
                bail!("the log is damaged in {} places", damage.len());
            }
            println!("the log is whole");
            Ok(())
        }
    }
}

/// Prints what there is, a line each.
async fn list(place: &Installation, lines: impl AsyncFn(&dyn Accounts) -> Result<Vec<String>>) -> Result<()> {
    let store = accounts(&Config::load(place.config.as_ref(), place)?).await?;
    for line in lines(&*store).await? {
        println!("{line}");
    }
    store.close().await;
    Ok(())
}

/// Opens the account tables, beside a running server if there is one.
async fn accounts(config: &Config) -> Result<std::sync::Arc<SqliteStore>> {
    config.make_data_folder()?;
    let path = config.database()?;
    let store = match DataLock::acquire(&config.data) {
        Ok(_lock) => SqliteStore::open(&path).await,
        Err(_) => SqliteStore::open_beside(&path).await,
    };
    store.map_err(|error| anyhow::anyhow!("{error}"))
}

async fn add(store: &SqliteStore, kind: PersonKind, label: String) -> Result<PersonId> {
    let id = PersonId(chance::id());
    store.add_person(Person { id, kind, label: Some(label) }).await?;
    Ok(id)
}

fn parse_role(name: &str) -> Result<Role> {
    Role::parse(name).with_context(|| {
        let known: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
        format!("{name:?} is not a role; there are {}", known.join(", "))
    })
}

/// Ctrl-C, or what a service manager sends.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
