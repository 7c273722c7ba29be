//! SQLite: one thread writes, several read.

use super::{Ack, Job, Session};
use crate::StoreError;
use rusqlite::Connection;
use std::path::Path;

/// The most changes that one commit makes durable: bounds how long the first of them waits for the last.
const TOGETHER: usize = 256;

/// Opens a connection with the settings that every one of ours has.
pub(crate) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let c = Connection::open(path)?;
    c.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY",
    )?;
    c.set_prepared_statement_cache_capacity(512);
    Ok(c)
}

/// Starts the threads; gives back where reads and changes are handed in.
pub(super) fn start(
    path: &Path,
    readers: usize,
    queue: usize,
) -> Result<(flume::Sender<Job>, flume::Sender<Job>), StoreError> {
    let writer = connect(path)?;
    let (reads, jobs) = flume::bounded::<Job>(queue);
    for n in 0..readers {
        let (jobs, c) = (jobs.clone(), connect(path)?);
        c.pragma_update(None, "query_only", 1)?;
        spawn(format!("db-read-{n}"), move || {
            for job in jobs {
                job(&mut Session::Sqlite(&c))(Ok(()));
            }
        })?;
    }
    let (writes, jobs) = flume::bounded::<Job>(queue);
    spawn("db-write".into(), move || {
        while let Ok(first) = jobs.recv() {
            write_together(&writer, first, &jobs);
        }
    })?;
    Ok((reads, writes))
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let spawned = std::thread::Builder::new().name(name).spawn(work);
    spawned.map(drop).map_err(|e| StoreError::Unreachable(e.to_string()))
}

/// Runs every change that waits, each in a savepoint of its own, and makes all of them durable by one commit.
fn write_together(c: &Connection, first: Job, jobs: &flume::Receiver<Job>) {
    if let Err(e) = c.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from) {
        return first(&mut Session::Broken(&e))(Err(e.again()));
    }
    let mut acks: Vec<Ack> = vec![];
    let mut next = Some(first);
    while let Some(job) = next.take() {
        acks.push(job(&mut Session::Sqlite(c)));
        if c.is_autocommit() {
            // SQLite rolled everything back by itself, as it does when the disk is full.
            return acks.into_iter().for_each(|ack| ack(Err(StoreError::NoSpace)));
        }
        if acks.len() < TOGETHER {
            next = jobs.try_recv().ok();
        }
    }
    let kept = c.execute_batch("COMMIT").map_err(StoreError::from);
    if kept.is_err()
        && !c.is_autocommit()
        && let Err(e) = c.execute_batch("ROLLBACK")
    {
        tracing::error!(event = "store.rollback_failed", error = %e);
    }
    for ack in acks {
        ack(match &kept {
            Ok(()) => Ok(()),
            Err(e) => Err(e.again()),
        });
    }
}
