//! What travels around every page, and what the document around it needs to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stimmwerk_core::ids::ParticipantId;
use stimmwerk_core::live::Problem;
use stimmwerk_core::said::Texts;
use stimmwerk_core::time::Zone;

/// One page. Server and browser build the same component tree from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageData<P> {
    /// The interface language, one of [`crate::LANGUAGES`].
    pub lang: String,
    /// The network's time zone.
    pub zone: Zone,
    /// The network's name. Not for the browser.
    #[serde(skip)]
    pub network: Option<Texts>,
    /// The address of this page by GET, with its query.
    pub path: String,
    /// Who looks, if they have joined or logged in.
    pub me: Option<Me>,
    /// A form that came back: it shows the problem and keeps what was typed.
    pub refused: Option<Refused>,
    /// The page itself.
    pub page: P,
}

impl<P> PageData<P> {
    /// The same around another page.
    pub fn around<Q>(&self, page: Q) -> PageData<Q> {
        PageData {
            lang: self.lang.clone(),
            zone: self.zone.clone(),
            network: self.network.clone(),
            path: self.path.clone(),
            me: self.me.clone(),
            refused: self.refused.clone(),
            page,
        }
    }
}

/// Who looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Me {
    /// The name in the process of this page.
    pub name: Option<String>,
    /// Joined with a code, without an account.
    pub guest: bool,
    /// As whom they take part in the process of this page.
    pub participant: Option<ParticipantId>,
    /// Admin there.
    pub admin: bool,
}

/// A form that came back with its page: it was refused, or another language was chosen while it was being filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// The address the form was sent to.
    pub action: String,
    /// Its fields as they were sent (no passwords). One that was sent more than once holds a line for each.
    pub fields: BTreeMap<String, String>,
    /// All it takes to send it again, in order: its fields, and what the page added to them. Not for the browser.
    #[serde(skip)]
    pub again: Vec<(String, String)>,
    /// What is wrong, in the reader's language. `None`: nothing, it was not sent yet.
    pub problem: Option<Problem>,
}

#[cfg(feature = "ssr")]
impl Refused {
    /// Was it refused for this reason?
    pub fn is_for(&self, code: &str) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.code == code)
    }
}

/// What the document around the page needs to know.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// Of the content security policy.
    pub nonce: String,
    /// Hashed names by logical name, as in the site's manifest. Empty: a plain page without WebAssembly.
    pub assets: BTreeMap<String, String>,
    /// The address of this page by GET, on an answer to a POST.
    pub data_url: Option<String>,
}
