//! The names people choose in a process: which ones can be taken, and how one is changed or taken away.
//! Joining, REST and moderators call this.
//! Names are kept in the account tables; forums are told of a new name and never asked for one.

use std::collections::HashSet;
use std::sync::LazyLock;

use stimmwerk_core::domain::PersonChange;
use stimmwerk_core::ids::{ParticipantId, ProcessId};
use stimmwerk_core::rejection::{Code, Rejection};
use stimmwerk_core::text::{TextLimits, TextProblem, clean_name, lang_tag, skeleton};

use super::admission::Admission;
use crate::app::App;
use crate::problem::{Answer, Fault};
use crate::who::Who;

impl App {
    /// Cleans a chosen name; none is fine too. It is no name the interface gives by itself.
    ///
    /// # Errors
    /// It cannot be taken.
    pub(super) async fn clean_name(&self, name: Option<&str>, own: Option<&str>) -> Answer<Option<String>> {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
        let staff = self.accounts.staff_names().await?;
        let reserved: Vec<&str> = staff.iter().map(String::as_str).filter(|have| Some(*have) != own).collect();
        let name = clean_name(name, &reserved).map_err(Rejection::from)?;
        if AUTOMATIC.contains(&automatic(name.as_str())) {
            return Err(Rejection::from(TextProblem::LooksAutomatic).into());
        }
        Ok(Some(name.as_str().to_owned()))
    }

    /// Cleans a chosen name, and numbers it where somebody else in the process has one that looks alike: "Lena (2)".
    /// Hold [`App::naming`] until the name is kept, so that two who come at once are told apart too.
    ///
    /// # Errors
    /// It cannot be taken.
    pub async fn name_in(
        &self,
        process: ProcessId,
        name: Option<&str>,
        own: Option<(ParticipantId, Option<&str>)>,
    ) -> Answer<Option<String>> {
        let Some(name) = self.clean_name(name, own.and_then(|(_, name)| name)).await? else { return Ok(None) };
        let names = self.accounts.names_in(process).await?.into_iter();
        let others = names.filter(|(id, _)| own.is_none_or(|(own, _)| *id != own)).map(|(_, name)| skeleton(&name));
        Ok(Some(told_apart(&name, &others.collect())))
    }

    /// Changes somebody's name and language in a process. The name then stands everywhere in it.
    ///
    /// # Errors
    /// They take no part there or were shut out, the name cannot be taken, or they changed it too often.
    pub async fn rename(&self, who: &Who, process: ProcessId, name: Option<&str>, lang: Option<&str>) -> Answer<()> {
        let me = who.in_process(process).ok_or_else(Fault::not_found)?.clone();
        // This is checked before anything is written.
        if me.banned {
            return Err(Rejection::Banned.into());
        }
        let naming = self.naming.lock().await;
        let name = self.name_in(process, name, Some((me.id, me.name.as_deref()))).await?;
        if name != me.name {
            let taken = self.limits.names.take(me.person.0);
            taken.map_err(|seconds| Fault::of(Code::RenamedTooOften).with("retry_after", seconds))?;
        }
        self.accounts.rename(me.id, name, lang.and_then(lang_tag)).await?;
        drop(naming);
        // Sockets keep the standing they began with. They are closed and come back with the new one.
        self.rights_changed(me.person);
        let who = self.who(Some(me.person)).await?;
        self.on_person(process, me.id, PersonChange::Renamed, &who.actor(Some(process)), me.person.0).await
    }

    /// Takes a participant's name away wherever it stands in the process meant. They can choose another one.
    ///
    /// # Errors
    /// There is no such participant, or whoever asks may not act on them.
    pub async fn reset_name(&self, admission: &Admission, participant: ParticipantId) -> Answer<ParticipantId> {
        let participant = self.participant_to_act_on(admission, participant).await?;
        let (id, process) = (participant.id, participant.process);
        self.accounts.rename(id, None, participant.lang).await?;
        self.rights_changed(participant.person);
        let (actor, owner) = (admission.actor(), admission.who.command_owner());
        self.on_person(process, id, PersonChange::NameReset, &actor, owner).await?;
        Ok(id)
    }
}

/// The names the interface gives by itself, in every language, as the eye sees them and without their numbers.
static AUTOMATIC: LazyLock<HashSet<(bool, String)>> =
    LazyLock::new(|| stimmwerk_ui::automatic_names().iter().map(|name| automatic(name)).collect());

/// Does a name have a number, and what does it look like without it? "Gast" is also what a family is called.
fn automatic(name: &str) -> (bool, String) {
    let bare = name.trim_matches(|c: char| c.is_numeric() || c.is_whitespace());
    (bare != name, skeleton(bare))
}

/// A name that looks like none of `others`: with the first free number behind it, if it must be. A number somebody chose
/// to write like that counts for nothing.
fn told_apart(name: &str, others: &HashSet<String>) -> String {
    let numbered = |name: &str| -> Option<String> {
        let (base, number) = name.strip_suffix(')')?.rsplit_once(" (")?;
        (!base.is_empty() && number.chars().all(char::is_numeric)).then(|| base.to_owned())
    };
    let base = numbered(name).unwrap_or_else(|| name.to_owned());
    if !others.contains(&skeleton(&base)) {
        return base;
    }
    // Leaves room for the number within the length of a name.
    let short: String = base.chars().take(TextLimits::NAME.max_chars as usize - 7).collect();
    let mut names = (2_u32..).map(|number| format!("{} ({number})", short.trim_end()));
    names.find(|name| !others.contains(&skeleton(name))).expect("there are more numbers than people")
}
