//! What is announced to open pages after a change is durable.

use crate::{
    id::{MediaId, UserId},
    user::words,
};
use serde::{Deserialize, Serialize};

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// It is new.
    #[serde(rename = "media.created")]
    MediaCreated,
    /// Something about it changed.
    #[serde(rename = "media.updated")]
    MediaUpdated,
    /// It is gone for good.
    #[serde(rename = "media.removed")]
    MediaRemoved,
}
words!(EventKind {
    MediaCreated = "media.created",
    MediaUpdated = "media.updated",
    MediaRemoved = "media.removed",
});

/// One announcement to one person. It carries ids only: what they may see of it is asked for, and decided, anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Who is told.
    pub audience: UserId,
    /// What happened.
    pub kind: EventKind,
    /// To which item.
    pub media: MediaId,
}
