//! One fsync of a directory for all who wait for it at the same time, begun early where there is time for it.
//!
//! Measured on ext4: an fsync of the directory behind that of the file costs as much again, even with nothing left to
//! commit, since the disk is flushed twice. While a megabyte is being hashed and sealed it costs nothing.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use crate::error::Ignore;

/// Makes the names in a directory durable.
pub(crate) struct DirSync {
    dir: File,
    state: Mutex<State>,
    changed: Condvar,
}

/// Made by [`DirSync::ticket`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// A thread that does an fsync of the directory when it is nudged. It ends when this is dropped.
pub(crate) struct Early(SyncSender<()>);

impl Early {
    pub fn start(names: Arc<DirSync>) -> io::Result<Early> {
        let (nudge, nudged) = sync_channel(1);
        thread::Builder::new().name("blob-names".into()).spawn(move || {
            while nudged.recv().is_ok() {
                let ticket = names.ticket();
                names.wait(ticket).ignore("whoever waits for it is told");
            }
        })?;
        Ok(Early(nudge))
    }

    /// Has an fsync begun soon.
    pub fn nudge(&self) {
        self.0.try_send(()).ignore("one that has not begun yet is as good");
    }
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

    /// The number of the first fsync that surely covers the names that are there now.
    pub fn ticket(&self) -> Ticket {
        // One that is running now may have begun before the caller's name was there.
        Ticket(self.lock().begun + 1)
    }

    /// Returns when the fsync of the ticket, or a later one, has succeeded. After a failure it fails until the next start.
    pub fn wait(&self, ticket: Ticket) -> io::Result<()> {
        self.wait_by(ticket, || self.dir.sync_all())
    }

    fn wait_by(&self, Ticket(wanted): Ticket, fsync: impl Fn() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.lock();
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
                        sync.wait_by(sync.ticket(), || {
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
    fn an_early_one_spares_the_wait() {
        let dir = tempfile::tempdir().unwrap();
        let sync = Arc::new(DirSync::open(dir.path()).unwrap());
        let early = Early::start(sync.clone()).unwrap();
        let ticket = sync.ticket();
        early.nudge();
        let mut state = sync.lock();
        while state.done < ticket.0 {
            state = sync.changed.wait(state).unwrap();
        }
        drop(state);
        sync.wait_by(ticket, || Err(io::Error::other("not needed any more")))
            .unwrap();
    }

    #[test]
    fn a_failure_is_told_to_everybody_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let sync = DirSync::open(dir.path()).unwrap();
        let done = sync.ticket();
        sync.wait(done).unwrap();
        let lost = sync.ticket();
        assert!(sync.wait_by(lost, || Err(io::Error::other("pulled out"))).is_err());
        assert!(sync.wait(lost).is_err());
        assert!(sync.wait(sync.ticket()).is_err());
    }
}
