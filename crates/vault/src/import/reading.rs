//! A file of the folder as it is read: counted, and checked at its end.

use super::{
    Control, PlannedFile,
    walk::{modified, why_unreadable},
};
use aws_lc_rs::digest;
use domain::{At, Sha256};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// A file that is being read. It ends as it should only if the file is then what it was when it was planned: half of a file that is still
/// being copied is not taken for the whole.
pub(super) struct Reading {
    path: PathBuf,
    /// Opened at the first read, where waiting is allowed.
    file: Option<File>,
    size: u64,
    modified: At,
    /// Where the bytes are counted.
    control: Option<Arc<Control>>,
    pub trouble: Told,
}

/// What was wrong with the file, for whoever asked for it.
pub(super) type Told = Arc<Mutex<Option<String>>>;

pub(super) fn of_reader(trouble: &Told) -> Option<String> {
    trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Reading {
    /// The bytes read are counted in `control`.
    pub fn new(top: &Path, planned: &PlannedFile, control: Option<Arc<Control>>) -> Reading {
        Reading {
            path: top.join(&planned.path),
            file: None,
            size: planned.size,
            modified: planned.modified,
            control,
            trouble: Told::default(),
        }
    }

    /// The hash of all of it.
    pub fn hash(&mut self) -> io::Result<Sha256> {
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut piece = vec![0; 1 << 20];
        loop {
            match self.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => hash.update(&piece[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(hash.finish().as_ref());
        Ok(Sha256(sha256))
    }

    fn read_on(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::open(&self.path)?),
        };
        let n = file.read(buf)?;
        if n == 0 {
            let meta = file.metadata()?;
            if meta.len() != self.size || modified(&meta) != self.modified {
                return Err(io::Error::other(CHANGED));
            }
        }
        Ok(n)
    }
}

const CHANGED: &str = "it was changed while the import ran; run the import again";

impl Read for Reading {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.read_on(buf);
        match &read {
            Ok(n) => {
                if let Some(control) = &self.control {
                    control.read(*n as u64);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::Other => error.to_string(),
                    _ => why_unreadable(error),
                };
                *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
            }
        }
        read
    }
}
