//! Big buffers that are used again, so that no call pays for a fresh megabyte of zeroed memory.

use crate::format::SLOT;
use std::sync::{Arc, Mutex, PoisonError};

/// Frames that are read or written by one system call: 1 MiB.
pub(crate) const BATCH: usize = 16;
/// One batch and the frame that is being filled.
const LEN: usize = (BATCH + 1) * SLOT;
/// More are given back to the system: 16 of them are 17 MiB.
const KEPT: usize = 16;

/// Buffers that nobody uses.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Box<[u8]>>>>);

/// A buffer of 17 slots. Goes back to its pool.
pub(crate) struct Scratch {
    bytes: Box<[u8]>,
    pool: Pool,
}

impl Pool {
    pub fn take(&self) -> Scratch {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Scratch {
            bytes: kept.unwrap_or_else(|| vec![0; LEN].into_boxed_slice()),
            pool: self.clone(),
        }
    }
}

impl std::ops::Deref for Scratch {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
impl std::ops::DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}
impl Drop for Scratch {
    fn drop(&mut self) {
        let mut kept = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(std::mem::take(&mut self.bytes));
        }
    }
}
