//! Commands that name their stream or object by themselves: those of live connections, and reports.
//! Live connections and the handler of reports call this.
//! It looks up how the sender stands to the stream; whether the command is carried out is decided by the stream's room.

use serde_json::Value;
use stimmwerk_core::forum::ForumCommand;
use stimmwerk_core::ids::{CommandId, ForumId, StreamId};
use stimmwerk_core::network::{NetworkCommand, Place};
use stimmwerk_core::people::Audience;
use stimmwerk_core::rejection::Rejection;
use stimmwerk_core::time::Timestamp;

use super::admission::Admission;
use crate::access::{self, Needs};
use crate::address::Address;
use crate::app::App;
use crate::problem::{Answer, Fault};
use crate::room::Done;
use crate::who::Who;

impl App {
    /// What lives in a stream, and the audience as which `who` may read it.
    ///
    /// # Errors
    /// They may not see it, or there is no such stream.
    pub fn audience_of(&self, who: &Who, stream: StreamId) -> Answer<(Option<Place>, Audience)> {
        let directory = self.directory();
        let place = directory.place(stream);
        if place.is_none() && stream != StreamId::NETWORK {
            return Err(who.unseen());
        }
        let process = place.map(|place| place.process);
        let audience = who.position(&directory, process, place).audience.ok_or_else(|| who.unseen())?;
        Ok((place, audience))
    }

    /// Issues a command to any stream, as it came over a live connection.
    ///
    /// # Errors
    /// The sender may not see the stream or may not write, or the command was refused.
    pub async fn issue_json(
        &self,
        who: Who,
        address: Address,
        stream: StreamId,
        id: CommandId,
        command: Value,
        received_at: Timestamp,
    ) -> Answer<Done> {
        let (place, audience) = self.audience_of(&who, stream).map_err(|fault| who.or_unauthorized(fault))?;
        let process = place.map(|place| place.process);
        // Projectors write nowhere, not even what every visitor may write.
        if who.screen().is_some() {
            return Err(Fault::forbidden());
        }
        let who = match process {
            Some(process) => self.join_as_staff(who, process).await?,
            None => who,
        };
        let to_network: Option<NetworkCommand> =
            if stream == StreamId::NETWORK { serde_json::from_value(command.clone()).ok() } else { None };
        // A role for the whole network does not count in a process that somebody was shut out of. The network's stream
        // belongs to no process, so this is checked by the process that the command is about.
        let about = to_network.as_ref().and_then(NetworkCommand::process);
        if about.and_then(|process| who.in_process(process)).is_some_and(|participant| participant.banned) {
            return Err(Rejection::Banned.into());
        }
        if let Some(place) = place.and_then(|place| place.poll())
            && let Some(code) = command.get("card").and_then(Value::as_str)
        {
            self.check_card_guess(place, code, address).await?;
        }
        let live = self.live_stream(stream, audience).await?;
        let done = match live.issue_json(command, id, who.actor(process), who.sender(address), received_at).await {
            Ok(done) => done,
            Err(fault) => return Err(self.name_who_decided(fault).await),
        };
        if let Some(command) = &to_network {
            self.after_network_command(command).await;
        }
        Ok(done)
    }

    /// Issues a report to the forum that it names.
    ///
    /// # Errors
    /// The sender may not see the forum, or the report was refused.
    pub async fn report(&self, admission: &Admission, forum: ForumId, command: ForumCommand) -> Answer<Done> {
        let (who, directory) = (&admission.who, self.directory());
        let found = directory.object(forum.0).and_then(|place| Some((place, place.forum()?)));
        let (at, place) = found.ok_or_else(|| who.or_unauthorized(Fault::not_found()))?;
        let position = who.position(&directory, Some(place.process), Some(at));
        access::enter(Needs::Sight, position).map_err(|fault| who.or_unauthorized(fault))?;
        let room = self.forum(place).await?;
        let (actor, sender) = (who.actor(Some(place.process)), who.sender(admission.address));
        Ok(room.issue_received(command, admission.command, actor, sender, admission.received_at).await?)
    }
}
