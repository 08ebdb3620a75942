//! What every component is handed down.

use leptos::prelude::*;
use stimmwerk_core::time::Zone;

use crate::data::Refused;
use crate::words::Words;

/// What every component needs to know.
#[derive(Clone, Copy)]
pub struct Cx {
    /// The words of the reader's language.
    pub words: Words,
    /// The network's time zone.
    pub zone: StoredValue<Zone>,
    /// The address of this page by GET.
    pub path: StoredValue<String>,
    /// The form this page refused, if it did.
    pub refused: StoredValue<Option<Refused>>,
}

impl Cx {
    /// The refused form, if it went to `action`.
    pub fn refused_by(self, action: &str) -> Option<Refused> {
        self.refused.with_value(|refused| refused.clone().filter(|refused| refused.action == action))
    }
}
