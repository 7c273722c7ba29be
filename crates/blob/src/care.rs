//! Looking after what is stored: verifying, removing, listing, and moving keys.

use crate::{
    disk::remove,
    error::{BlobError, Damage, Doing, Flaw, Ignore},
    reader::{Reader, find},
    store::Blobs,
};
use domain::{
    Allowed, BlobId, BlobRecord, KeyId, WrappedKey,
    policy::{KeepHouse, VerifyStorage},
};
use rustix::fs::{Advice, fadvise};
use std::{
    fs::{self, ReadDir},
    io::ErrorKind,
    path::PathBuf,
    str::FromStr,
};

/// An object that is there, whether or not a row knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredObject {
    /// Which.
    pub id: BlobId,
    /// Bytes that it takes.
    pub size: u64,
}

impl Blobs {
    /// Examines an object whole: length, header, footer, every frame, the hash.
    ///
    /// The copy in memory is given up first, so that the disk is asked and not the memory of what was once written.
    pub fn verify(&self, _proof: &Allowed<VerifyStorage>, record: &BlobRecord) -> Result<(), Damage> {
        let file = find(&self.inner, record.id)?;
        const HINT: &str = "without the hint the check is still right about the bytes that it sees";
        fadvise(&file, 0, None, Advice::DontNeed).ignore(HINT);
        fadvise(&file, 0, None, Advice::Sequential).ignore(HINT);
        Ok(Reader::open(&self.inner, file, record)?.check(record.sha256)?)
    }

    /// Removes an object, settled or not. That there is none is fine.
    pub fn remove(&self, _proof: &Allowed<KeepHouse>, id: BlobId) -> Result<(), BlobError> {
        self.discard(id)?;
        remove(&self.inner.layout.object(id))?;
        self.inner.recent.forget(id);
        Ok(())
    }

    /// Every settled object, in no order. A file that is not one comes as [`BlobError::Foreign`], and the list goes on behind it.
    pub fn stored(&self, _proof: &Allowed<VerifyStorage>) -> Stored {
        Stored {
            open: Vec::new(),
            first: Some(self.inner.layout.objects.clone()),
        }
    }

    /// The data key wrapped anew by the present master key, for the row; `None` if it is already.
    ///
    /// The object itself is not touched. When no row is left with a former key, that key can be taken out of the settings,
    /// except for what is in `incoming/`.
    pub fn rewrap(
        &self,
        _proof: &Allowed<KeepHouse>,
        record: &BlobRecord,
    ) -> Result<Option<(KeyId, WrappedKey)>, BlobError> {
        let ring = &self.inner.ring;
        let present = ring.current();
        if record.key_id == present.id() {
            return Ok(None);
        }
        let former = ring
            .get(record.key_id)
            .ok_or(BlobError::WrongKey { key_id: record.key_id })?;
        let opening = former.open(record.id, &record.wrapped_key).ok_or(BlobError::Damaged {
            id: record.id,
            what: Flaw::Key,
        })?;
        let wrapped = present.wrap(record.id, &opening, self.inner.draw())?;
        Ok(Some((present.id(), wrapped)))
    }
}

/// The settled objects; made by [`Blobs::stored`]. Holds two directories open at most.
pub struct Stored {
    open: Vec<(PathBuf, ReadDir)>,
    first: Option<PathBuf>,
}

/// One level of directories, then objects.
const DEPTH: usize = 2;

impl Stored {
    fn enter(&mut self, path: PathBuf) -> Result<(), BlobError> {
        match fs::read_dir(&path) {
            Ok(entries) => self.open.push((path, entries)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(BlobError::Foreign { path }),
            Err(error) => return Err(error).doing("listing the store"),
        }
        Ok(())
    }
}

impl Iterator for Stored {
    type Item = Result<StoredObject, BlobError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(path) = self.first.take()
            && let Err(error) = self.enter(path)
        {
            return Some(Err(error));
        }
        loop {
            let depth = self.open.len();
            let (folder, entries) = self.open.last_mut()?;
            let entry = match entries.next() {
                None => {
                    self.open.pop();
                    continue;
                }
                Some(Err(error)) => return Some(Err(error).doing("listing the store")),
                Some(Ok(entry)) => entry,
            };
            let path = folder.join(entry.file_name());
            if depth < DEPTH {
                match self.enter(path) {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(error)),
                }
            }
            let id = entry.file_name().to_str().and_then(|name| BlobId::from_str(name).ok());
            return match (id, entry.metadata()) {
                (Some(id), Ok(facts)) if facts.is_file() => Some(Ok(StoredObject { id, size: facts.len() })),
                // Removed since the directory was read.
                (_, Err(error)) if error.kind() == ErrorKind::NotFound => continue,
                (_, Err(error)) => Some(Err(error).doing("listing the store")),
                _ => Some(Err(BlobError::Foreign { path })),
            };
        }
    }
}
