//! What can go wrong with stored bytes, and what the caller can do about it.

use domain::{BlobId, KeyId};
use rustix::io::Errno;
use std::{io, path::PathBuf};

/// Why the store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The disk, the quota or the file size limit is exhausted. Answer 507; nothing acknowledged is lost, resume when there is room.
    #[error("no space left while {doing}")]
    NoSpace {
        /// What was being done.
        doing: &'static str,
    },
    /// There is no such object. If a row names it, the object was lost: restore it from a backup or a replica.
    #[error("object {id} is missing")]
    Missing {
        /// Which.
        id: BlobId,
    },
    /// An object of this id is being received already. Use `resume`, or another id.
    #[error("object {id} exists already")]
    Exists {
        /// Which.
        id: BlobId,
    },
    /// Another writer has it open. Try again when that one has ended.
    #[error("object {id} is being written by somebody else")]
    Busy {
        /// Which.
        id: BlobId,
    },
    /// The stored bytes are not what was written. Nothing of them is handed out; restore the object from a backup or a replica.
    #[error("object {id} is damaged: {what}")]
    Damaged {
        /// Which.
        id: BlobId,
        /// In which way.
        what: Flaw,
    },
    /// Sealed under a master key that is not loaded. Give the key with this id.
    #[error("the master key {} is needed and not loaded", hex::encode(key_id.0))]
    WrongKey {
        /// The key that is needed.
        key_id: KeyId,
    },
    /// The directory is not what it should be. Check that the right disk is mounted and the right directory configured.
    #[error("{} is not usable as a store: {why}", root.display())]
    NotAStore {
        /// The directory.
        root: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file that this store did not put there. Move it away.
    #[error("{} is not a file of this store", path.display())]
    Foreign {
        /// Where it lies.
        path: PathBuf,
    },
    /// A position that this writer cannot go back to: a mistake of the caller, nothing was changed.
    #[error("object {id} can be rolled back to {from}..={to} by this writer, not to {asked}")]
    OutOfRange {
        /// Which.
        id: BlobId,
        /// The position that was asked for.
        asked: u64,
        /// Where the writer began.
        from: u64,
        /// Where it is.
        to: u64,
    },
    /// It is not finished, so that it cannot be settled. Finish it, and commit the row that `finish` gives.
    #[error("object {id} is not finished")]
    Unfinished {
        /// Which.
        id: BlobId,
    },
    /// This writer failed before. Drop it and `resume`: that finds what survived.
    #[error("the writer of object {id} has failed and cannot go on")]
    Spent {
        /// Which.
        id: BlobId,
    },
    /// The operating system refused. Look at the reason; trying again may help.
    #[error("input or output failed while {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// In which way stored bytes are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is longer or shorter than its row says.
    #[error("it has {found} bytes instead of {expected}")]
    Length {
        /// Bytes that its row promises.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// It does not begin like an object of this store.
    #[error("its header is not one of this store")]
    Header,
    /// It was written by a newer version of this program, or its header was changed.
    #[error("its format version {0} is not known")]
    Version(u8),
    /// The bytes are those of another object.
    #[error("it holds another object's bytes")]
    Swapped,
    /// Its data key does not open with the master key that it names.
    #[error("its data key does not open")]
    Key,
    /// Header and footer are not the ones that its row was made for.
    #[error("its header or footer was changed")]
    Ends,
    /// A frame of up to 64 KiB does not open. Frames are counted from 0.
    #[error("frame {0} does not open")]
    Frame(u64),
    /// Every frame opens, and the whole has another hash than its row says.
    #[error("its content has another hash than its row says")]
    Hash,
}

/// What `verify` found. The first two are findings about the object, the last says that it could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// A row names it and it is not there. Restore it from a backup or a replica.
    #[error("object {id} is missing")]
    Missing {
        /// Which.
        id: BlobId,
    },
    /// It is there and is not what was written. Restore it from a backup or a replica.
    #[error("object {id} is damaged: {what}")]
    Damaged {
        /// Which.
        id: BlobId,
        /// In which way.
        what: Flaw,
    },
    /// It could not be examined; nothing is known of its state. Mend the reason and verify again.
    #[error("an object could not be examined")]
    Unexamined(#[source] BlobError),
}

impl From<BlobError> for Damage {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Missing { id } => Damage::Missing { id },
            BlobError::Damaged { id, what } => Damage::Damaged { id, what },
            other => Damage::Unexamined(other),
        }
    }
}

/// Why a master key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Others can read the key file. `chmod 600` it; if others may have read it, rotate the key.
    #[error("the master key file {} is open to others (mode {mode:03o}): chmod 600 it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a master key. Put the right file there; never let a new key be made for an old store.
    #[error("{from} is no master key: {why}")]
    Malformed {
        /// Where the text came from.
        from: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The operating system refused.
    #[error("the master key file {} cannot be {doing}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// The cipher library refused, which it does only for sizes that this crate never gives it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the cipher library refused to work")]
pub(crate) struct CipherFault;

impl From<CipherFault> for BlobError {
    fn from(fault: CipherFault) -> Self {
        BlobError::Io {
            doing: "sealing",
            source: io::Error::other(fault),
        }
    }
}

/// Says what was being done when the system refused.
pub(crate) trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, BlobError>;
}
impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, BlobError> {
        self.map_err(|error| {
            let source: io::Error = error.into();
            match Errno::from_io_error(&source) {
                // EFBIG: the file size limit of the process or of the file system; to the caller it is the same wall.
                Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => BlobError::NoSpace { doing },
                _ => BlobError::Io { doing, source },
            }
        })
    }
}

/// Goes on in spite of an error, and says why that is right.
pub(crate) trait Ignore {
    fn ignore(self, because: &'static str);
}
impl<T, E> Ignore for Result<T, E> {
    fn ignore(self, _because: &'static str) {}
}
