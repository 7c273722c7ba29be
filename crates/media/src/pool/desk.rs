//! The memory that a decoder child reads one file after the other from.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;

use rustix::fs::{SealFlags, fcntl_add_seals};

use crate::memory;
use crate::source::Source;

/// Larger files get memory of their own: what a child keeps between two files is bounded by this.
pub(super) const LARGEST: u64 = 16 << 20;

/// Memory of one child, kept between its files: where memory is touched for the first time it costs more than the copy into it.
///
/// The child has a handle that only reads, so that it cannot change what it was given, and the memory never shrinks below what it
/// looks at. The parent writes only while the child has nothing to do. No other child ever sees it, and nothing of a file is left
/// when the next one comes: whoever takes a child over finds nothing here that the child was given before.
pub(super) struct Desk {
    memory: File,
    handle: File,
    /// Bytes from here on are zero.
    used: u64,
}

impl Desk {
    pub(super) fn new() -> io::Result<Self> {
        let memory = memory::anonymous("desk")?;
        fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::SEAL)?;
        let handle = OpenOptions::new()
            .read(true)
            .open(format!("/proc/self/fd/{}", memory.as_raw_fd()))?;
        Ok(Self {
            memory,
            handle,
            used: 0,
        })
    }

    /// Lays a file on it, over what was there before.
    pub(super) fn lay(&mut self, source: &dyn Source) -> io::Result<&File> {
        let (len, before) = (source.len(), self.used);
        self.used = len.max(before);
        memory::copy(source, &self.memory, 0, len)?;
        if len < before {
            memory::copy(&Zeros(before), &self.memory, len, before)?;
        }
        self.used = len;
        Ok(&self.handle)
    }
}

/// So many bytes of nothing.
struct Zeros(u64);

impl Source for Zeros {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, buf: &mut [u8]) -> io::Result<usize> {
        buf.fill(0);
        Ok(buf.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{fcntl_get_seals, ftruncate};
    use std::os::unix::fs::FileExt;

    #[test]
    fn what_is_laid_on_it_can_be_read_and_not_changed() {
        let mut desk = Desk::new().expect("a desk");
        let handle = desk.lay(&b"first and longer".to_vec()).expect("laid");
        let mut read = [0; 16];
        handle.read_exact_at(&mut read, 0).expect("read");
        assert_eq!(&read, b"first and longer");
        assert!(handle.write_at(b"x", 0).is_err(), "written by the reader");
        assert!(ftruncate(handle, 0).is_err(), "shortened by the reader");
        assert!(
            fcntl_add_seals(handle, SealFlags::WRITE).is_err(),
            "sealed by the reader"
        );
        assert!(fcntl_get_seals(handle).expect("seals").contains(SealFlags::SHRINK));
        assert!(ftruncate(&desk.memory, 3).is_err(), "shortened");
    }

    #[test]
    fn nothing_is_left_of_the_file_before() {
        struct Broken;
        impl Source for Broken {
            fn len(&self) -> u64 {
                12
            }
            fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
                buf.fill(b'?');
                if at == 0 { Ok(5) } else { Err(io::Error::other("gone")) }
            }
        }
        let mut desk = Desk::new().expect("a desk");
        let mut of = |source: &dyn Source| {
            let mut read = [b'-'; 16];
            let laid = desk.lay(source).map(|handle| handle.read_exact_at(&mut read, 0));
            laid.map(|read| read.expect("16 bytes")).map(|()| read)
        };
        assert_eq!(&of(&b"first and longer".to_vec()).expect("laid"), b"first and longer");
        assert_eq!(&of(&b"second".to_vec()).expect("laid"), b"second\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(&of(&b"the third one is".to_vec()).expect("laid"), b"the third one is");
        assert!(of(&Broken).is_err());
        assert_eq!(&of(&b"last".to_vec()).expect("laid"), b"last\0\0\0\0\0\0\0\0\0\0\0\0");
    }
}
