//! What the rules look at. Read in the transaction that acts, so that the decision is about what is true then.

use super::Facts;
use crate::{
    actor::Actor,
    id::{MediaId, SessionId, UploadId, UserId},
    media::Shelf,
    user::{Role, UserStatus},
};
use uuid::Uuid;

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFacts {
    /// Which.
    pub id: MediaId,
    /// Whose.
    pub owner: UserId,
    /// Counts changes; a write names the one that it saw.
    pub revision: i64,
    /// Where it lies.
    pub shelf: Shelf,
}
impl Facts for MediaFacts {
    const RESOURCE: &'static str = "media";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn visible(&self, to: &Actor) -> bool {
        to.is(self.owner)
    }
}

/// A person's whole library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryFacts {
    /// Whose.
    pub owner: UserId,
    /// The upload of this owner that is being completed: whoever holds its signed address may add that one file.
    pub receiving: Option<UploadId>,
}
impl Facts for LibraryFacts {
    const RESOURCE: &'static str = "library";
    fn id(&self) -> Uuid {
        self.owner.0
    }
    fn visible(&self, to: &Actor) -> bool {
        to.is(self.owner)
    }
}

/// A file on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFacts {
    /// Which.
    pub id: UploadId,
    /// Whose.
    pub owner: UserId,
}
impl Facts for UploadFacts {
    const RESOURCE: &'static str = "upload";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn visible(&self, to: &Actor) -> bool {
        to.is(self.owner) || *to == Actor::UploadLink(self.id)
    }
}

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFacts {
    /// Whose.
    pub id: UserId,
    /// In which role.
    pub role: Role,
    /// Whether they may sign in.
    pub status: UserStatus,
}
impl Facts for UserFacts {
    const RESOURCE: &'static str = "user";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn visible(&self, to: &Actor) -> bool {
        to.is(self.id) || to.person().is_some_and(|p| p.role == Role::Admin)
    }
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
}
impl Facts for SessionFacts {
    const RESOURCE: &'static str = "session";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn visible(&self, to: &Actor) -> bool {
        to.is(self.user)
    }
}

/// The installation as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationFacts {
    /// Whether anybody has an account yet.
    pub has_users: bool,
}
impl Facts for InstallationFacts {
    const RESOURCE: &'static str = "installation";
    fn id(&self) -> Uuid {
        Uuid::nil()
    }
    fn visible(&self, _: &Actor) -> bool {
        true
    }
}
