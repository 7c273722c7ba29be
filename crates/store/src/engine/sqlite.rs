//! SQLite: one thread writes, several read.

use super::{Ack, Job, Lasting, Session, near::Told};
use crate::StoreError;
use rusqlite::{Connection, config::DbConfig};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The most changes that one commit makes durable: bounds how long the first of them waits for the last.
const TOGETHER: usize = 256;
/// After so many changes the log is written back into the database: about as often as SQLite would by itself (1,000 pages).
const CHECKPOINT_EVERY: usize = 256;
/// Pages of 4 KiB in the log from which the writer itself lends a hand: 64 MB, beyond which the log's file is cut again.
const LOG_PAGES: i64 = 16_384;
/// A commit waits for neighbours at most this part of the time that the last one took: a quarter more to wait, twice as many at once.
const GATHER: u32 = 4;

/// How long a lock of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Switches a new database to its write-ahead log. For this one step SQLite does not wait for locks by itself (it could wait for
/// itself), so that programs that start on a new database at the same moment would refuse each other.
fn into_wal(c: &Connection) -> Result<(), rusqlite::Error> {
    let start = Instant::now();
    loop {
        match c.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// Waits for a lock of another process. SQLite by itself would look again after 1, 2, 5, 10, 15 ms; a commit of the worker beside the
/// server takes about one.
fn patiently() -> impl FnMut(i32) -> bool + Send {
    let mut since = Instant::now();
    move |tries| {
        if tries == 0 {
            since = Instant::now();
        }
        let waited = since.elapsed();
        std::thread::sleep((waited / 8).clamp(Duration::from_micros(100), Duration::from_millis(10)));
        waited < PATIENCE
    }
}

/// Opens a connection with the settings that every one of ours has.
pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let mut c = Connection::open(path)?;
    c.busy_handler(Some(patiently()))?;
    into_wal(&c)?;
    c.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864; \
         PRAGMA temp_store = MEMORY",
    )?;
    // Otherwise a kept statement may be prepared anew whenever a value is bound to it, because another plan could fit the value.
    c.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    c.set_prepared_statement_cache_capacity(512);
    Ok(c)
}

/// Starts the threads; gives back where reads and changes are handed in.
pub(super) fn start(
    path: &Path,
    readers: usize,
    queue: usize,
    told: &Told,
) -> Result<(flume::Sender<Job>, flume::Sender<Job>), StoreError> {
    let mut writer = Writer::open(path, told.clone())?;
    let (reads, jobs) = flume::bounded::<Job>(queue);
    for n in 0..readers {
        let (jobs, c, told) = (jobs.clone(), connect(path)?, told.clone());
        c.pragma_update(None, "query_only", 1)?;
        spawn(format!("db-read-{n}"), move || {
            for job in jobs {
                let ack = job.run(&mut Session::Sqlite(&c));
                told.more();
                ack(Ok(()));
            }
        })?;
    }
    let (writes, jobs) = flume::bounded::<Job>(queue);
    spawn("db-write".into(), move || {
        let mut left = None;
        while let Some(first) = left.take().or_else(|| jobs.recv().ok()) {
            left = writer.write_together(first, &jobs);
        }
    })?;
    Ok((reads, writes))
}

pub(super) fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let spawned = std::thread::Builder::new().name(name).spawn(work);
    spawned.map(drop).map_err(|e| StoreError::Unreachable(e.to_string()))
}

/// The one thread that changes something, and what it remembers of the commit before.
struct Writer {
    c: Connection,
    /// How lasting its commits are at present.
    lasting: Lasting,
    /// Changes of the last durable commit, and how long it took.
    last: usize,
    took: Duration,
    /// Changes since the last checkpoint was asked for.
    since: usize,
    told: Told,
    checkpoint: flume::Sender<()>,
    /// The log grows faster than it is written back beside the writer.
    behind: Arc<AtomicBool>,
}

impl Writer {
    /// The log is written back by a thread of its own, so that an acknowledgement waits for one fsync and never for a checkpoint.
    fn open(path: &Path, told: Told) -> Result<Writer, StoreError> {
        let (c, checkpointer) = (connect(path)?, connect(path)?);
        c.pragma_update(None, "wal_autocheckpoint", 0)?;
        let (checkpoint, asked) = flume::bounded(1);
        let behind = Arc::new(AtomicBool::new(false));
        let tell = behind.clone();
        spawn("db-checkpoint".into(), move || {
            for () in asked {
                match write_back(&checkpointer) {
                    Ok(left) => tell.store(left > LOG_PAGES, Ordering::Relaxed),
                    Err(e) => tracing::warn!(event = "store.checkpoint_failed", error = %e),
                }
            }
        })?;
        Ok(Writer {
            c,
            lasting: Lasting::Now,
            last: 0,
            took: Duration::ZERO,
            since: 0,
            told,
            checkpoint,
            behind,
        })
    }

    /// Runs every change that waits, each in a savepoint of its own, and keeps all of them by one commit, which is as lasting as the first of
    /// them has to be. Gives back the one that was taken from those that wait and has to be more lasting.
    fn write_together(&mut self, first: Job, jobs: &flume::Receiver<Job>) -> Option<Job> {
        if self.behind.swap(false, Ordering::Relaxed)
            && let Err(e) = write_back(&self.c)
        {
            tracing::warn!(event = "store.checkpoint_failed", error = %e);
        }
        if let Err(e) = self.begin(first.lasting) {
            first.run(&mut Session::Broken(&e))(Err(e.again()));
            return None;
        }
        let begun = Instant::now();
        let mut acks: Vec<Ack> = vec![];
        let mut next = Some(first);
        while let Some(job) = next.take_if(|job| self.lasting == Lasting::Now || job.lasting == Lasting::Soon) {
            acks.push(job.run(&mut Session::Sqlite(&self.c)));
            if self.c.is_autocommit() {
                // SQLite rolled everything back by itself, as it does when the disk is full.
                self.nudge(CHECKPOINT_EVERY);
                acks.into_iter().for_each(|ack| ack(Err(StoreError::NoSpace)));
                return None;
            }
            if acks.len() < TOGETHER {
                // Whoever was answered by the last commit is about to ask again. One caller alone is never waited for.
                let patience = if self.lasting == Lasting::Now && acks.len() < self.last {
                    self.took / GATHER
                } else {
                    Duration::ZERO
                };
                next = match jobs.try_recv() {
                    Ok(job) => Some(job),
                    Err(_) => jobs.recv_timeout(patience.saturating_sub(begun.elapsed())).ok(),
                };
            }
        }
        let committing = Instant::now();
        let kept = quickly(&self.c, "COMMIT");
        if kept.is_err()
            && !self.c.is_autocommit()
            && let Err(e) = self.c.execute_batch("ROLLBACK")
        {
            tracing::error!(event = "store.rollback_failed", error = %e);
        }
        self.told.more();
        let changes = acks.len();
        if self.lasting == Lasting::Now {
            (self.last, self.took) = (changes, committing.elapsed());
        }
        for ack in acks {
            ack(match &kept {
                Ok(()) => Ok(()),
                Err(e) => Err(e.again()),
            });
        }
        self.nudge(if kept.is_ok() { changes } else { CHECKPOINT_EVERY });
        next
    }

    fn begin(&mut self, lasting: Lasting) -> Result<(), StoreError> {
        if lasting != self.lasting {
            self.c.execute_batch(match lasting {
                Lasting::Now => "PRAGMA synchronous = FULL",
                Lasting::Soon => "PRAGMA synchronous = NORMAL",
            })?;
            self.lasting = lasting;
        }
        quickly(&self.c, "BEGIN IMMEDIATE")
    }

    fn nudge(&mut self, changes: usize) {
        self.since += changes;
        if self.since >= CHECKPOINT_EVERY {
            self.since = 0;
            match self.checkpoint.try_send(()) {
                Ok(()) | Err(flume::TrySendError::Full(())) => {} // one that is asked for already is enough
                Err(flume::TrySendError::Disconnected(())) => tracing::warn!(event = "store.checkpoint_thread_ended"),
            }
        }
    }
}

/// Runs what is run again and again.
fn quickly(c: &Connection, sql: &str) -> Result<(), StoreError> {
    Ok(c.prepare_cached(sql)?.execute([]).map(drop)?)
}

/// Writes the log back as far as nobody reads it; the pages that are in it.
fn write_back(c: &Connection) -> Result<i64, StoreError> {
    Ok(c.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |r| r.get(1))?)
}
