//! What a use case answers when it does not do what was asked. `api` alone turns these into HTTP.

use domain::{Denied, Invalid};
use store::StoreError;

/// A field of a request and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the interface.
    pub field: &'static str,
    /// Plain words: "must ...".
    pub message: String,
}

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no such thing, or this actor may not know of it: the answer is the same.
    #[error("There is no such thing here. It may have been removed.")]
    NotFound,
    /// The actor sees it but may not do this.
    #[error("You may see this, but not change it in this way.")]
    Forbidden,
    /// Nobody is signed in, or not any more.
    #[error("Sign in to go on.")]
    Unauthenticated,
    /// Address or password is wrong; which of them is not told.
    #[error("The e-mail address or the password is wrong.")]
    SignInFailed,
    /// Too many failures; wait.
    #[error("Too many failed tries. Try again in {seconds} seconds.")]
    TooManyTries {
        /// How long.
        seconds: u64,
    },
    /// Fields of the request are wrong.
    #[error("Some of what was sent is not right.")]
    Invalid(Vec<FieldError>),
    /// What was asked does not fit what is true now; the text says why.
    #[error("{0}")]
    Conflict(&'static str),
    /// It changed meanwhile; load it again and decide anew.
    #[error("It was changed meanwhile. Load it again and repeat your change.")]
    Stale,
    /// The owner's room is used up.
    #[error(
        "{needed} more bytes do not fit: {used} of {quota} bytes are used. Remove something, empty the trash, or ask for more room."
    )]
    QuotaExceeded {
        /// Bytes that were to be added.
        needed: u64,
        /// Bytes used and promised.
        used: u64,
        /// The most.
        quota: u64,
    },
    /// The disk is full.
    #[error("The server's disk is full. Nothing that was stored before is affected. Try again when there is room.")]
    NoSpace,
    /// More bytes than allowed.
    #[error("The file has more than the {limit} bytes that are allowed.")]
    TooLarge {
        /// The most.
        limit: u64,
    },
    /// Not a photo, video or sound.
    #[error("{0}")]
    Unsupported(String),
    /// What arrived has another hash than announced.
    #[error("What arrived is not what was announced: the SHA-256 differs. Send the file again.")]
    HashMismatch,
    /// A part of an upload has another checksum than announced; the part was not kept.
    #[error("This part arrived damaged and was not kept. Send it again.")]
    ChecksumMismatch,
    /// The part does not begin where the upload stands.
    #[error("The upload stands at byte {expected}. Go on from there.")]
    WrongOffset {
        /// Where it stands.
        expected: u64,
    },
    /// More was sent than announced.
    #[error("More bytes were sent than the {size} that were announced.")]
    TooMuch {
        /// What was announced.
        size: u64,
    },
    /// Another request sends bytes of this upload right now.
    #[error("This upload is being written by another request. Try again in a moment.")]
    UploadBusy,
    /// The connection ended in the middle; what arrived is kept.
    #[error("The connection ended before everything arrived.")]
    Interrupted,
    /// The rendition is not there (yet).
    #[error("There is no such picture of this item: {0}")]
    NoRendition(&'static str),
    /// Stored bytes are not what was written; nothing of them is given out.
    #[error("The stored file is damaged and is not given out: {0}")]
    Damaged(String),
    /// Something that is needed cannot be reached just now.
    #[error("The server cannot do this just now. Try again in a moment.")]
    Unavailable(String),
    /// A fault of ours. The text is for the log.
    #[error("Something went wrong on the server. It was recorded.")]
    Internal(String),
}

impl VaultError {
    /// One wrong field.
    pub fn field(field: &'static str, why: impl ToString) -> Self {
        Self::Invalid(vec![FieldError {
            field,
            message: why.to_string(),
        }])
    }
}

/// Collects what is wrong with a request, so that all of it is told at once.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<FieldError>);

impl Fields {
    pub fn check<T>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(why) => {
                self.0.push(FieldError {
                    field,
                    message: why.to_string(),
                });
                None
            }
        }
    }
    pub fn done(self) -> Result<(), VaultError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(VaultError::Invalid(self.0))
        }
    }
}

impl From<Denied> for VaultError {
    fn from(why: Denied) -> Self {
        match why {
            Denied::Hidden => Self::NotFound,
            Denied::Forbidden => Self::Forbidden,
        }
    }
}

impl From<StoreError> for VaultError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Stale => Self::Stale,
            StoreError::Outdated => Self::Unauthenticated,
            StoreError::NoSpace => Self::NoSpace,
            StoreError::Busy | StoreError::Unreachable(_) => Self::Unavailable(e.to_string()),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<blob::BlobError> for VaultError {
    fn from(e: blob::BlobError) -> Self {
        use blob::BlobError;
        match e {
            BlobError::NoSpace { .. } => Self::NoSpace,
            BlobError::Busy { .. } => Self::UploadBusy,
            // A late request of an upload that was completed meanwhile.
            BlobError::Exists { .. } => Self::Conflict("This upload is complete already."),
            BlobError::Missing { .. } | BlobError::Damaged { .. } | BlobError::WrongKey { .. } => {
                Self::Damaged(e.to_string())
            }
            other => {
                let source = std::error::Error::source(&other)
                    .map(ToString::to_string)
                    .unwrap_or_default();
                Self::Internal(format!("{other}: {source}"))
            }
        }
    }
}

impl From<tokio::task::JoinError> for VaultError {
    fn from(e: tokio::task::JoinError) -> Self {
        Self::Internal(e.to_string())
    }
}
