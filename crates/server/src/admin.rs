//! What `stimmwerk admin` lists and revokes.
//! The command line calls it, also beside a running server.
//! It reads and writes the account tables alone. Requests ask these tables each time, and [`crate::scheduler::revocations`]
//! closes open sockets.

use anyhow::{Context, Result, bail};
use stimmwerk_core::ids::ProcessId;
use stimmwerk_core::people::Role;
use stimmwerk_core::time::Timestamp;
use stimmwerk_eventlog::accounts::{Accounts, PersonId, PersonKind, Standing};

use crate::chance;

/// Everyone with an account and a role, a line each: address, roles.
///
/// # Errors
/// The account tables cannot be read.
pub async fn staff(accounts: &dyn Accounts) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for person in accounts.people_with_roles().await? {
        let Some(standing) = accounts.standing(person).await? else { continue };
        if standing.person.kind == PersonKind::Account {
            lines.push(format!("{}\t{}", label(&standing), roles(&standing)));
        }
    }
    lines.sort();
    Ok(lines)
}

/// Tokens of programs and links of projectors that are valid, a line each: id, what it is, name (of a link: its forum),
/// roles, until when.
///
/// # Errors
/// The account tables cannot be read.
pub async fn tokens(accounts: &dyn Accounts) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (person, expires_at) in accounts.tokens(chance::now()).await? {
        let Some(standing) = accounts.standing(person).await? else { continue };
        let kind = match standing.person.kind {
            PersonKind::Token => "token",
            PersonKind::Screen => "projector",
            PersonKind::Guest | PersonKind::Account => continue,
        };
        let until = expires_at.map_or("for good".to_owned(), until);
        lines.push(format!("{}\t{kind}\t{}\t{}\t{until}", person.0, label(&standing), roles(&standing)));
    }
    Ok(lines)
}

/// Login links that nobody used yet, a line each: address, roles, until when.
///
/// # Errors
/// The account tables cannot be read.
pub async fn invitations(accounts: &dyn Accounts) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (person, expires_at) in accounts.login_links(chance::now()).await? {
        let Some(standing) = accounts.standing(person).await? else { continue };
        lines.push(format!("{}\t{}\t{}", label(&standing), roles(&standing), until(expires_at)));
    }
    Ok(lines)
}

/// Takes one role from a member of staff, or, without one, everything by which they come in or act.
///
/// # Errors
/// There is no such account, it does not have this role, or the account tables cannot be written.
pub async fn revoke_staff(
    accounts: &dyn Accounts,
    address: &str,
    role: Option<Role>,
    process: Option<ProcessId>,
) -> Result<()> {
    let person = account(accounts, address).await?;
    let Some(role) = role else {
        if process.is_some() {
            bail!("which role in this process? Say it with --role");
        }
        return Ok(accounts.revoke_all(person).await?);
    };
    let standing = accounts.standing(person).await?.context("the account is gone")?;
    if !standing.roles.contains(&(process, role)) {
        bail!("{address} does not have this role; they have: {}", roles(&standing));
    }
    Ok(accounts.revoke(person, process, role).await?)
}

/// Makes a token of a program, or a link of a projector, useless.
///
/// # Errors
/// There is none with this id, or the account tables cannot be written.
pub async fn revoke_token(accounts: &dyn Accounts, id: PersonId) -> Result<()> {
    let standing = accounts.standing(id).await?;
    let held = standing.filter(|it| matches!(it.person.kind, PersonKind::Token | PersonKind::Screen));
    if held.is_none() {
        bail!("there is no token with the id {}; `stimmwerk admin tokens` lists them", id.0);
    }
    Ok(accounts.revoke_all(id).await?)
}

/// Makes every login link of somebody useless that was not used yet.
///
/// # Errors
/// There is no such account, or the account tables cannot be written.
pub async fn revoke_invitations(accounts: &dyn Accounts, address: &str) -> Result<()> {
    let person = account(accounts, address).await?;
    Ok(accounts.revoke_login_links(person).await?)
}

async fn account(accounts: &dyn Accounts, address: &str) -> Result<PersonId> {
    let address = address.trim().to_lowercase();
    let found = accounts.account(&address).await?;
    Ok(found.with_context(|| format!("there is no account {address:?}"))?.id)
}

fn label(standing: &Standing) -> &str {
    standing.person.label.as_deref().unwrap_or_default()
}

fn roles(standing: &Standing) -> String {
    if standing.roles.is_empty() {
        return "no role".to_owned();
    }
    let role = |(process, role): &(Option<ProcessId>, Role)| match process {
        None => role.to_string(),
        Some(process) => format!("{role} in {process}"),
    };
    standing.roles.iter().map(role).collect::<Vec<_>>().join(", ")
}

fn until(moment: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(moment.0)
        .map_or_else(|_| "for good".to_owned(), |moment| format!("until {moment:.0}"))
}
