//! Which items a list may show. Lists never filter by hand: they take a [`Scope`], and `store` turns it into SQL in one function.

use super::{Denied, Facts, LibraryFacts, ListLibrary, can};
use crate::{actor::Actor, id::UserId, media::View};

/// The items of one view that one actor may see. Made only by [`scope_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    owner: UserId,
    view: View,
}

impl Scope {
    /// Whose library it is cut from.
    pub fn owner(&self) -> UserId {
        self.owner
    }
    /// Which list it is.
    pub fn view(&self) -> View {
        self.view
    }
}

/// The scope of a person's own list; anybody else has none.
pub fn scope_of(actor: &Actor, view: View) -> Result<Scope, Denied> {
    let owner = actor.person().ok_or(Denied::Hidden)?.id;
    let library = can::<ListLibrary>(actor, LibraryFacts { owner, receiving: None })?;
    Ok(Scope {
        owner: UserId(library.facts().id()),
        view,
    })
}
