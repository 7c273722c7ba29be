//! What an import took in, so that a restart does not read it again.
//!
//! One line a file: a hash of its path, size and time of change, and the item that it became. Names and places of files are in no plain text.
//! A line is written when the item is durable, and is no more than a hint: whether the item is still there is asked of the
//! database, and a lost or torn line only costs reading a file once more.

use aws_lc_rs::digest;
use domain::{MediaId, UserId};
use std::{
    collections::HashMap,
    fs::{DirBuilder, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::Path,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// Stands for one state of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

impl Key {
    /// Whose library, which file, and what tells that it was not changed.
    pub fn new(owner: UserId, path: &Path, size: u64, modified: domain::At) -> Key {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(owner.0.as_bytes());
        hash.update(&size.to_le_bytes());
        hash.update(&modified.0.to_le_bytes());
        hash.update(path.as_os_str().as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&hash.finish().as_ref()[..16]);
        Key(u128::from_be_bytes(first))
    }
}

/// The open journal of one folder and one person. Several tasks may write to it.
#[derive(Debug)]
pub struct Journal(Mutex<File>);

impl Journal {
    /// Opens or makes it; returns what it knows. Lines that are no lines, as a crash leaves them, are passed over.
    pub(super) fn open(path: &Path) -> io::Result<(Journal, HashMap<Key, MediaId>)> {
        if let Some(dir) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let mut file = File::options()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let mut known = HashMap::new();
        let mut reader = BufReader::new(&mut file);
        let mut line = vec![];
        let mut whole = true;
        loop {
            line.clear();
            // A journal's line has 69 bytes; whatever is longer is none.
            if reader.by_ref().take(200).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            whole = line.ends_with(b"\n");
            known.extend(read_line(&line));
        }
        file.seek(SeekFrom::End(0))?;
        if !whole {
            file.write_all(b"\n")?;
        }
        Ok((Journal(Mutex::new(file)), known))
    }

    /// Notes a file whose item is durable.
    pub(super) fn note(&self, key: Key, media: MediaId) -> io::Result<()> {
        let line = format!("{:032x} {}\n", key.0, media.0);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One write, so that lines of two imports at once do not mix.
        file.write_all(line.as_bytes())
    }
}

fn read_line(line: &[u8]) -> Option<(Key, MediaId)> {
    let (key, media) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split_once(' ')?;
    let key = (key.len() == 32).then(|| u128::from_str_radix(key, 16).ok())??;
    Some((Key(key), MediaId(Uuid::try_parse(media).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::At;

    fn key(path: &str, size: u64, modified: i64) -> Key {
        Key::new(UserId(Uuid::nil()), Path::new(path), size, At(modified))
    }

    #[test]
    fn a_change_of_anything_is_another_key() {
        let one = key("a/b.jpg", 5, 7);
        assert_eq!(one, key("a/b.jpg", 5, 7));
        for other in [key("a/c.jpg", 5, 7), key("a/b.jpg", 6, 7), key("a/b.jpg", 5, 8)] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_torn_line_costs_only_itself() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("import/one");
        let media = |n: u128| MediaId(Uuid::from_u128(n));
        {
            let (journal, known) = Journal::open(&path).expect("a journal");
            assert!(known.is_empty());
            journal.note(key("a", 1, 1), media(1)).expect("written");
            let mut file = File::options().append(true).open(&path).expect("open");
            file.write_all(b"00112233").expect("torn");
        }
        {
            let (journal, known) = Journal::open(&path).expect("a journal");
            assert_eq!(known.len(), 1);
            journal.note(key("b", 2, 2), media(2)).expect("written");
        }
        let (_journal, known) = Journal::open(&path).expect("a journal");
        assert_eq!(known.get(&key("a", 1, 1)), Some(&media(1)));
        assert_eq!(known.get(&key("b", 2, 2)), Some(&media(2)));
        assert_eq!(known.len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("one");
            std::fs::write(&path, &bytes).expect("written");
            drop(Journal::open(&path).expect("a journal"));
        }
    }
}
