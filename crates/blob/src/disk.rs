//! Where things lie on disk, and the lock of a file that is being received.

use crate::error::{BlobError, Doing, Ignore};
use domain::BlobId;
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind},
    ops::Deref,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    str::FromStr,
};

/// The directories of a store.
pub(crate) struct Layout {
    pub root: PathBuf,
    pub incoming: PathBuf,
    pub objects: PathBuf,
}

const TAIL: &str = ".tail";
const NEW_TAIL: &str = ".tail.new";

impl Layout {
    pub fn new(root: PathBuf) -> Layout {
        Layout {
            incoming: root.join("incoming"),
            objects: root.join("objects"),
            root,
        }
    }

    /// Makes the directories, for the owner alone.
    pub fn make(&self) -> Result<(), BlobError> {
        for path in [&self.root, &self.incoming, &self.objects] {
            make_dir(path).doing("making the directories of the store")?;
        }
        Ok(())
    }

    /// Where an object lies while it is received.
    pub fn staged(&self, id: BlobId) -> PathBuf {
        self.incoming.join(id.to_string())
    }

    /// Where the beginning of its next frame lies between two sessions.
    pub fn tail(&self, id: BlobId) -> PathBuf {
        self.incoming.join(format!("{id}{TAIL}"))
    }

    /// Where a tail lies until it is whole.
    pub fn new_tail(&self, id: BlobId) -> PathBuf {
        self.incoming.join(format!("{id}{NEW_TAIL}"))
    }

    /// Where a settled object lies: spread by the last byte of its id, which is random (the first are the time). One level of directories:
    /// two would be made anew for nearly every object of a library of some ten thousand.
    pub fn object(&self, id: BlobId) -> PathBuf {
        let last = id.0.as_bytes()[15];
        let mut path = self.objects.join(format!("{last:02x}"));
        path.push(id.to_string());
        path
    }
}

/// The object that a name in `incoming/` belongs to.
pub(crate) fn staged_id(name: &str) -> Option<BlobId> {
    let stem = name.strip_suffix(NEW_TAIL).or_else(|| name.strip_suffix(TAIL));
    BlobId::from_str(stem.unwrap_or(name)).ok()
}

/// Makes a directory with its parents, mode 0700.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Removes a file; that it is gone already is fine.
pub(crate) fn remove(path: &Path) -> Result<(), BlobError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).doing("removing a file"),
        _ => Ok(()),
    }
}

/// A new file for the owner alone, open for reading and writing.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// A file in `incoming/` that nobody else has.
pub(crate) struct Locked(File);

impl Locked {
    /// Makes the file; it must not be there.
    pub fn create(path: &Path, id: BlobId) -> Result<Locked, BlobError> {
        match options().create_new(true).open(path) {
            Ok(file) => Locked::take(file, path, id),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Tells whether somebody has it open or it was left behind.
                drop(Locked::open(path, id)?);
                Err(BlobError::Exists { id })
            }
            Err(error) => Err(error).doing("making a file for a new object"),
        }
    }

    /// Opens the file; it must be there.
    pub fn open(path: &Path, id: BlobId) -> Result<Locked, BlobError> {
        match options().open(path) {
            Ok(file) => Locked::take(file, path, id),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(BlobError::Missing { id }),
            Err(error) => Err(error).doing("opening a received object"),
        }
    }

    fn take(file: File, path: &Path, id: BlobId) -> Result<Locked, BlobError> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(BlobError::Busy { id }),
            Err(error) => return Err(error).doing("locking a received object"),
        }
        let locked = Locked(file);
        // Between opening and locking it may have been settled or discarded.
        if locked.is_at(path)? {
            Ok(locked)
        } else {
            Err(BlobError::Missing { id })
        }
    }

    /// Whether the path still leads to this file.
    pub fn is_at(&self, path: &Path) -> Result<bool, BlobError> {
        let mine = self.0.metadata().doing("looking at a received object")?;
        match fs::symlink_metadata(path) {
            Ok(there) => Ok((there.dev(), there.ino()) == (mine.dev(), mine.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).doing("looking at a received object"),
        }
    }
}

impl Deref for Locked {
    type Target = File;
    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing alone is not enough: a child process that is just being started holds a copy of the handle until it
        // executes, and the lock would live on with that.
        flock(&self.0, FlockOperation::Unlock).ignore("closing unlocks too, a moment later");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn objects_are_spread_by_the_random_end_of_their_id() {
        let layout = Layout::new("/store".into());
        let id = BlobId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_abcd));
        assert_eq!(
            layout.object(id),
            Path::new("/store/objects/cd/01900000-0000-7000-8000-00000000abcd")
        );
    }

    #[test]
    fn names_in_incoming_tell_their_object() {
        let id = BlobId(Uuid::from_u128(7));
        for suffix in ["", TAIL, NEW_TAIL] {
            assert_eq!(staged_id(&format!("{id}{suffix}")), Some(id));
        }
        for name in ["", ".tail", "lost+found", &format!("{id}.tail.tail")] {
            assert_eq!(staged_id(name), None);
        }
    }
}
