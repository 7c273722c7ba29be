//! The file that holds the master key.

use crate::{error::KeyError, key::MasterKey};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use zeroize::{Zeroize, Zeroizing};

/// Where a master key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was there.
    Loaded,
    /// It was made just now. If objects exist already, the right key is lost or misplaced: do not go on.
    Created,
}

/// A key file is one line and a comment; what is longer is another file.
const MAX_LEN: u64 = 4096;
const COMMENT: &str = "\
# The master key of a Media Vault. Without it nothing that is stored can be read, by anybody.
# Keep a copy in a safe place, apart from the backups.
";

impl MasterKey {
    /// Reads the key from its file (mode 0600), or makes the file with the key `fresh` when there is none.
    ///
    /// The file is durable when this returns `Created`. Two processes that start together end with the same key.
    pub fn load_or_create(path: &Path, mut fresh: [u8; 32]) -> Result<(MasterKey, Origin), KeyError> {
        let result = match load(path) {
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let key = MasterKey::from_bytes(fresh);
                match create(path, &key) {
                    Ok(()) => Ok((key, Origin::Created)),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        load(path).map(|k| (k, Origin::Loaded))
                    }
                    Err(source) => Err(failed(path, "made", source)),
                }
            }
            other => other.map(|key| (key, Origin::Loaded)),
        };
        fresh.zeroize();
        result
    }
}

fn failed(path: &Path, doing: &'static str, source: io::Error) -> KeyError {
    KeyError::Io {
        path: path.to_owned(),
        doing,
        source,
    }
}

fn load(path: &Path) -> Result<MasterKey, KeyError> {
    let malformed = |why| KeyError::Malformed {
        from: path.display().to_string(),
        why,
    };
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (facts, file) = opened.map_err(|e| failed(path, "read", e))?;
    if !facts.is_file() {
        return Err(malformed("it is not a file"));
    }
    if facts.mode() & 0o077 != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode: facts.mode() & 0o777,
        });
    }
    if facts.len() > MAX_LEN {
        return Err(malformed("it is too long"));
    }
    // Room for all of it from the start: growing would leave copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(MAX_LEN as usize + 1));
    file.take(MAX_LEN + 1)
        .read_to_string(&mut text)
        .map_err(|e| failed(path, "read", e))?;
    MasterKey::from_text(&text, &path.display().to_string())
}

/// Writes beside and links into place: the file is there whole or not at all, and never replaces another.
fn create(path: &Path, key: &MasterKey) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(name);
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        let text = Zeroizing::new(format!("{COMMENT}{}\n", *key.to_hex()));
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::hard_link(&beside, path)?;
        File::open(folder)?.sync_all()
    })();
    match fs::remove_file(&beside) {
        Err(error) if written.is_ok() => Err(error),
        _ => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_first_start_makes_the_file_and_the_second_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/master.key");
        let (first, origin) = MasterKey::load_or_create(&path, [1; 32]).unwrap();
        assert_eq!(origin, Origin::Created);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let (second, origin) = MasterKey::load_or_create(&path, [2; 32]).unwrap();
        assert_eq!(origin, Origin::Loaded);
        assert_eq!(first.id(), second.id());
        assert_eq!(fs::read_dir(dir.path().join("keys")).unwrap().count(), 1);
    }

    #[test]
    fn an_exposed_or_wrong_file_is_refused_by_name_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        MasterKey::load_or_create(&path, [1; 32]).unwrap();
        for mode in [0o640, 0o604, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = MasterKey::load_or_create(&path, [2; 32]).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { .. }), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for content in [String::new(), "0011".into(), "00".repeat(5000)] {
            fs::write(&path, &content).unwrap();
            let error = MasterKey::load_or_create(&path, [2; 32]).unwrap_err();
            assert!(error.to_string().contains("master.key"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        let error = MasterKey::load_or_create(dir.path(), [2; 32]).unwrap_err();
        assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
    }
}
