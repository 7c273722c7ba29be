//! The pure types and rules of Media Vault: ids, people, media, permission, events, jobs.
//!
//! No I/O, no async, no clock, no randomness: what happens here depends on nothing but its arguments.

mod actor;
mod blob;
mod event;
mod id;
mod job;
mod media;
pub mod policy;
mod text;
mod time;
mod user;

pub use actor::{Actor, Call, Errand, Person};
pub use blob::{BlobRecord, KeyId, Sha256, WrappedKey};
pub use event::{Event, EventKind};
pub use id::{BlobId, DownloadId, JobId, MediaId, SessionId, UploadId, UserId, VersionId};
pub use job::{JobPayload, Priority, ProcessMedia};
pub use media::{
    Camera, Description, DescriptionSource, Failure, FileName, MediaKind, MediaState, Month, Position, RenditionKind,
    Shelf, Taken, TakenSource, Title, View,
};
pub use policy::{Action, Allowed, Denied, can, scope::Scope, scope::scope_of};
pub use text::{Invalid, Lines, plain};
pub use time::At;
pub use user::{DisplayName, Email, Role, UserStatus};
