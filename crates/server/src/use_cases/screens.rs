//! Links for projectors: each reads one forum as its participants do.
//! REST makes and revokes them; the demo makes one.
//! Whoever holds such a link writes nowhere: the gate and the live connection refuse that.

use stimmwerk_core::ids::ForumId;
use stimmwerk_eventlog::accounts::{Person, PersonId, PersonKind};

use crate::app::App;
use crate::chance;
use crate::problem::Answer;

impl App {
    /// A new link for a projector of this forum, as a path.
    ///
    /// # Errors
    /// The account tables cannot be written.
    pub async fn screen_link(&self, forum: ForumId) -> Answer<String> {
        let person = PersonId(chance::id());
        let (token, hash) = chance::secret();
        let label = Some(forum.to_string());
        self.accounts.add_person(Person { id: person, kind: PersonKind::Screen, label }).await?;
        self.accounts.add_token(hash, person, None).await?;
        Ok(format!("/screen/{token}"))
    }

    /// Makes every link for a projector of this forum useless, and closes what is open by one.
    ///
    /// # Errors
    /// The account tables cannot be written.
    pub async fn revoke_screen_links(&self, forum: ForumId) -> Answer<()> {
        for person in self.accounts.labelled(PersonKind::Screen, &forum.to_string()).await? {
            self.erase_person(person).await?;
        }
        Ok(())
    }
}
