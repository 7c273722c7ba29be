//! Connections for those who only glance at a few rows, on the thread that asks.

use super::{Session, found::Found, sqlite::connect};
use crate::StoreError;
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How old a view may be that nobody was told anything newer than, but by another process.
const FRESH: Duration = Duration::from_millis(5);
/// How often a view that nobody uses any more is given up, so that the log can be cut again.
const SWEEP: Duration = Duration::from_secs(1);
/// Moves on whenever this process tells somebody what it changed or read: a later glance must not see less.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<AtomicU64>);

impl Told {
    /// To be called just before somebody is told something.
    pub(super) fn more(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
    fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// They are few, and each keeps little: the pages are in the system's memory anyway.
pub(super) struct Near {
    free: Mutex<Vec<Viewer>>,
    told: Told,
}

/// Taking and giving up a lock of SQLite costs as much as finding a row. So a view of the database is kept while nothing changes.
struct Viewer {
    c: Connection,
    /// The open view: how much had been told before it was opened, and when that was.
    view: Option<(u64, Instant)>,
    found: Found,
}

impl Viewer {
    fn look(&mut self, told: u64) -> Result<(), StoreError> {
        match self.view {
            Some((then, since)) if then == told && since.elapsed() < FRESH && !self.c.is_autocommit() => return Ok(()),
            Some(_) => self.turn_away()?,
            None => {}
        }
        let since = Instant::now();
        self.c.prepare_cached("BEGIN")?.execute([])?;
        self.view = Some((told, since));
        Ok(())
    }

    fn turn_away(&mut self) -> Result<(), StoreError> {
        self.found.clear();
        // After some failures SQLite has ended the transaction by itself.
        if self.view.take().is_some() && !self.c.is_autocommit() {
            self.c.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }
}

impl Near {
    pub(super) fn open(path: &Path, told: Told) -> Result<Arc<Near>, StoreError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let viewers = (0..processors).map(|_| {
            let c = connect(path)?;
            c.execute_batch("PRAGMA query_only = 1; PRAGMA cache_size = -2000")?;
            Ok(Viewer {
                c,
                view: None,
                found: Found::default(),
            })
        });
        let free = Mutex::new(viewers.collect::<Result<_, StoreError>>()?);
        let near = Arc::new(Near { free, told });
        let swept = Arc::downgrade(&near);
        super::sqlite::spawn("db-views".into(), move || sweep(&swept))?;
        Ok(near)
    }

    fn free(&self) -> MutexGuard<'_, Vec<Viewer>> {
        // Taking and giving are whole steps: nothing is half done if something panicked between them.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `work` use a connection, if one is free, and what was found in its view. It sees all that was told before.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Session<'_>, &mut Found) -> T) -> Option<T> {
        let told = self.told.count();
        let mut viewer = self.free().pop()?;
        let out = match viewer.look(told) {
            Ok(()) => work(&mut Session::Sqlite(&viewer.c), &mut viewer.found),
            Err(e) => work(&mut Session::Broken(&e), &mut viewer.found),
        };
        self.free().push(viewer);
        Some(out)
    }
}

/// Gives up what is not looked at any more, as long as there is somebody who could look.
fn sweep(near: &Weak<Near>) {
    loop {
        std::thread::sleep(SWEEP);
        let Some(near) = near.upgrade() else { return };
        for viewer in near.free().iter_mut() {
            let is_old = viewer.view.is_some_and(|(_, since)| since.elapsed() > FRESH);
            if is_old && let Err(error) = viewer.turn_away() {
                tracing::warn!(event = "store.view_kept", %error);
            }
        }
    }
}
