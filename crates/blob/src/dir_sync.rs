//! One fsync of a directory for all who wait for it at the same time.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Makes the names in a directory durable.
pub(crate) struct DirSync {
    dir: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Number of the latest fsync that has begun.
    begun: u64,
    /// Number of the latest fsync that has succeeded.
    done: u64,
    running: bool,
    /// A failed fsync is reported once by the kernel and then forgotten: names that were lost would look durable.
    broken: Option<i32>,
}

impl DirSync {
    pub fn open(path: &Path) -> io::Result<DirSync> {
        Ok(DirSync {
            dir: File::open(path)?,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements that hold the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when an fsync that began after this call has succeeded. After a failure it fails until the next start.
    pub fn sync(&self) -> io::Result<()> {
        self.sync_by(|| self.dir.sync_all())
    }

    fn sync_by(&self, fsync: impl Fn() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.lock();
        // One that is running now may have begun before the caller's name was there.
        let wanted = state.begun + 1;
        loop {
            if let Some(errno) = state.broken {
                return Err(io::Error::from_raw_os_error(errno));
            }
            if state.done >= wanted {
                return Ok(());
            }
            if state.running {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.running = true;
            state.begun += 1;
            let mine = state.begun;
            drop(state);
            let result = fsync();
            state = self.lock();
            state.running = false;
            match result {
                Ok(()) => state.done = mine,
                Err(error) => state.broken = Some(error.raw_os_error().unwrap_or(rustix::io::Errno::IO.raw_os_error())),
            }
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Barrier,
        atomic::{AtomicU64, Ordering},
    };

    #[test]
    fn many_who_wait_share_few_fsyncs_and_each_gets_one_that_began_after_it_asked() {
        let dir = tempfile::tempdir().unwrap();
        let sync = DirSync::open(dir.path()).unwrap();
        let (clock, count) = (AtomicU64::new(0), AtomicU64::new(0));
        let last_begin = AtomicU64::new(0);
        let gate = Barrier::new(16);
        std::thread::scope(|threads| {
            for _ in 0..16 {
                threads.spawn(|| {
                    gate.wait();
                    for _ in 0..50 {
                        let asked = clock.fetch_add(1, Ordering::SeqCst);
                        sync.sync_by(|| {
                            last_begin.store(clock.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                            count.fetch_add(1, Ordering::SeqCst);
                            std::thread::yield_now();
                            Ok(())
                        })
                        .unwrap();
                        assert!(last_begin.load(Ordering::SeqCst) > asked);
                    }
                });
            }
        });
        assert!(count.load(Ordering::SeqCst) <= 800);
    }

    #[test]
    fn a_failure_is_told_to_everybody_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let sync = DirSync::open(dir.path()).unwrap();
        sync.sync().unwrap();
        assert!(sync.sync_by(|| Err(io::Error::other("pulled out"))).is_err());
        assert!(sync.sync().is_err());
    }
}
