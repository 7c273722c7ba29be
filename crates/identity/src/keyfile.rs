//! Secret keys of 32 bytes in files that only their owner may read.

use aws_lc_rs::digest::{SHA256, digest as sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Why a key file cannot be used. Each text says which file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Reading or writing failed: look at the folder's permissions and at the disk.
    #[error("key file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not 64 hexadecimal digits: restore it from a backup, or remove it to have a new one made.
    #[error("key file {0}: 64 hexadecimal digits are expected")]
    Malformed(PathBuf),
    /// Others may read it: `chmod 600` it, and replace the key if others have had access.
    #[error("key file {0} can be read by others than its owner: chmod 600 it")]
    Exposed(PathBuf),
}

/// Reads the key, or writes `fresh` (which the caller took from a random source) as a new one with mode 0600.
///
/// The file appears under its name only when it is complete and durable; of two processes that start at once, both end with
/// the same key.
pub fn load_or_create(path: &Path, fresh: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let failed = |source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    };
    match load(path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
        other => return other,
    }
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut name = path.as_os_str().to_owned();
    // Process ids repeat across containers that share a folder; the random key does not. A digest of it tells nothing.
    let tag = sha256(&SHA256, fresh);
    let tag: String = tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    name.push(format!(".new-{tag}"));
    let new = PathBuf::from(name);
    let written = write_new(&new, fresh).and_then(|()| match fs::hard_link(&new, path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&new);
    written
        .and(removed)
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(failed)?;
    load(path)
}

fn write_new(path: &Path, key: &[u8; 32]) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key {
        text.push_str(&Zeroizing::new(format!("{byte:02x}")));
    }
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn load(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let failed = |source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyFileError::Exposed(path.to_owned()));
    }
    let mut text = Zeroizing::new(String::with_capacity(128));
    file.take(128).read_to_string(&mut text).map_err(failed)?;
    let digits = text.trim_end();
    let mut key = Zeroizing::new([0; 32]);
    if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(KeyFileError::Malformed(path.to_owned()));
    }
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = digits
            .get(at..at + 2)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .ok_or_else(|| KeyFileError::Malformed(path.to_owned()))?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_private_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/token.key");
        assert_eq!(*load_or_create(&path, &[7; 32]).unwrap(), [7; 32]);
        assert_eq!(*load_or_create(&path, &[8; 32]).unwrap(), [7; 32]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "no temporary file stays"
        );
    }
    #[test]
    fn an_exposed_or_broken_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        fs::write(&path, "zz").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load_or_create(&path, &[1; 32]), Err(KeyFileError::Exposed(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(
            load_or_create(&path, &[1; 32]),
            Err(KeyFileError::Malformed(_))
        ));
        assert_eq!(fs::read(&path).unwrap(), b"zz");
    }
    #[test]
    fn two_starts_at_once_end_with_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|n| {
                    scope.spawn({
                        let path = &path;
                        move || *load_or_create(path, &[n; 32]).unwrap()
                    })
                })
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
