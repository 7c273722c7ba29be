//! Ids: UUIDv7, one type for each kind of thing, so that a media id is never passed where a user id is meant.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A text that is not the hyphenated form of a UUID.
#[derive(Debug, thiserror::Error)]
#[error("not an id: 36 characters such as 01890a5d-ac96-774b-bcce-b302099a8057 are expected")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            /// Reads the hyphenated form only: one thing has one spelling in a URL, a log and a cache.
            fn from_str(s: &str) -> Result<Self, NotAnId> {
                match Uuid::try_parse(s) {
                    Ok(id) if s.len() == 36 => Ok(Self(id)),
                    _ => Err(NotAnId),
                }
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A person with an account.
    UserId;
    /// A photo, video or sound, whatever version it is in.
    MediaId;
    /// One stored file of a media item; replacing the file makes a new one.
    VersionId;
    /// One stored object.
    BlobId;
    /// A file on its way in.
    UploadId;
    /// A sign-in of one person on one device, and the family of refresh tokens that descends from it.
    SessionId;
    /// A piece of background work.
    JobId;
    /// Many originals that were asked for as one file.
    DownloadId;
}
