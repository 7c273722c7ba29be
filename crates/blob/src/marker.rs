//! The file `.media-vault-store`, which tells a store from an empty directory where a disk should be mounted.
//!
//! It is written before the first object and names the master keys that the store was used with, so that a start with a
//! wrong key fails at once and not at the first photo.

use crate::{
    error::{BlobError, Doing},
    key::KeyRing,
};
use domain::KeyId;
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

const NAME: &str = ".media-vault-store";
const FIRST_LINE: &str = "media-vault object store, format 1";

/// The names of the keys in the marker; `None` when there is no marker.
pub(crate) fn read(root: &Path) -> Result<Option<Vec<KeyId>>, BlobError> {
    let text = match fs::read_to_string(root.join(NAME)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).doing("reading the marker of the store"),
    };
    parse(&text).map(Some).ok_or(BlobError::NotAStore {
        root: root.to_owned(),
        why: "its .media-vault-store file is of a newer version or damaged",
    })
}

fn parse(text: &str) -> Option<Vec<KeyId>> {
    let mut lines = text.lines();
    if lines.next() != Some(FIRST_LINE) {
        return None;
    }
    lines
        .map(|line| {
            let mut id = [0; 8];
            hex::decode_to_slice(line.strip_prefix("key ")?, &mut id).ok()?;
            Some(KeyId(id))
        })
        .collect()
}

/// Whether a store whose marker names these keys opens with that ring. If not, the key that is needed.
pub(crate) fn admits(known: &[KeyId], ring: &KeyRing) -> Result<(), BlobError> {
    match known.last() {
        Some(newest) if !known.iter().any(|id| ring.get(*id).is_some()) => Err(BlobError::WrongKey { key_id: *newest }),
        _ => Ok(()),
    }
}

/// Writes the marker, durably and whole.
pub(crate) fn write(root: &Path, keys: &[KeyId]) -> Result<(), BlobError> {
    let beside = root.join(format!("{NAME}.new"));
    let mut text = format!("{FIRST_LINE}\n");
    for key in keys {
        text += &format!("key {}\n", hex::encode(key.0));
    }
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, root.join(NAME))?;
        File::open(root)?.sync_all()
    })();
    written.doing("writing the marker of the store")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_a_marker_or_refused(text: String) {
            prop_assert!(parse(&text).is_none() || text.starts_with(FIRST_LINE));
        }
    }

    #[test]
    fn a_marker_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        let keys = vec![KeyId([1; 8]), KeyId([0xfe; 8])];
        write(dir.path(), &keys).unwrap();
        assert_eq!(read(dir.path()).unwrap(), Some(keys));
        fs::write(dir.path().join(NAME), "media-vault object store, format 2\n").unwrap();
        assert!(matches!(read(dir.path()), Err(BlobError::NotAStore { .. })));
    }
}
