//! Anonymous memory: files that are on no disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use crate::source::{Source, read_fully};

/// Copied at a time: large enough for few calls, small enough for the cache.
const CHUNK: usize = 256 * 1024;

/// New empty anonymous memory. `name` shows up in `/proc` only.
pub(crate) fn anonymous(name: &str) -> io::Result<File> {
    Ok(File::from(memfd_create(
        name,
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    )?))
}

/// Makes the memory unchangeable for good.
pub(crate) fn seal(memory: &File) -> io::Result<()> {
    Ok(fcntl_add_seals(
        memory,
        SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    )?)
}

/// The whole source in sealed memory.
pub(crate) fn load(source: &dyn Source) -> io::Result<File> {
    let memory = anonymous("media")?;
    copy(source, &memory, 0, source.len())?;
    seal(&memory)?;
    Ok(memory)
}

/// Copies the bytes from `start` up to `end`, or to where the source ends.
pub(crate) fn copy(source: &dyn Source, memory: &File, start: u64, end: u64) -> io::Result<()> {
    let longest = usize::try_from(end.saturating_sub(start)).unwrap_or(CHUNK).min(CHUNK);
    let mut buffer = vec![0; longest];
    let mut at = start;
    while at < end {
        let want = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
        let got = read_fully(source, at, &mut buffer[..want])?;
        if got == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file is shorter than it says",
            ));
        }
        memory.write_all_at(&buffer[..got], at)?;
        at += got as u64;
    }
    Ok(())
}

/// The first `limit` bytes of the memory.
pub(crate) fn read_all(memory: &File, limit: u64) -> io::Result<Vec<u8>> {
    let len = memory.metadata()?.len().min(limit);
    let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    memory.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}
