//! Files as far as the system holds them in memory already: read without ever waiting for a disk.

use rustix::{
    fd::OwnedFd,
    fs::{CWD, Mode, OFlags, ResolveFlags, fstat, openat2},
    io::{ReadWriteFlags, preadv2},
};
use std::{io::IoSliceMut, path::Path};

/// A file that the system knows without looking at the disk. Where it cannot tell (Linux can since 5.12, on its usual file systems),
/// there is none.
pub(crate) struct Near {
    file: OwnedFd,
    size: u64,
}

impl Near {
    pub(crate) fn open(path: &Path) -> Option<Near> {
        // RESOLVE_CACHED: only what the cache of names knows.
        let file = openat2(
            CWD,
            path,
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::CACHED,
        )
        .ok()?;
        let size = u64::try_from(fstat(&file).ok()?.st_size).ok()?;
        Some(Near { file, size })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Exactly these bytes; `None` if some of them must be fetched from the disk, or are not there.
    pub(crate) fn read(&self, at: u64, len: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while filled < len {
            let rest = &mut [IoSliceMut::new(bytes.get_mut(filled..)?)];
            // RWF_NOWAIT: only what the cache of pages holds.
            match preadv2(&self.file, rest, at + filled as u64, ReadWriteFlags::NOWAIT) {
                Ok(0) | Err(_) => return None,
                Ok(count) => filled += count,
            }
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_written_is_at_hand_and_nothing_else_is() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        std::fs::write(&path, (0..100).collect::<Vec<u8>>()).unwrap();
        let near = Near::open(&path).unwrap();
        assert_eq!(near.size(), 100);
        assert_eq!(near.read(97, 3), Some(vec![97, 98, 99]));
        assert_eq!(near.read(97, 4), None);
        assert!(Near::open(&place.path().join("missing")).is_none());
    }
}
