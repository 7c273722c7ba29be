//! What can go wrong with the database.

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not any more as it was read; read again and decide anew.
    #[error("the row changed meanwhile")]
    Stale,
    /// Too much is waiting; try again in a moment.
    #[error("the database has too much to do")]
    Busy,
    /// It cannot be reached; it is tried again by itself.
    #[error("the database is not reachable: {0}")]
    Unreachable(String),
    /// Its disk is full; nothing of the change was kept.
    #[error("the disk of the database is full")]
    NoSpace,
    /// A row holds something that no version of this program writes.
    #[error("{table}.{column} of {id} holds something unknown: {found}")]
    Corrupt {
        /// Table name.
        table: &'static str,
        /// Column name.
        column: &'static str,
        /// The row's key.
        id: String,
        /// What was found, shortened.
        found: String,
    },
    /// The database was written by a newer version of this program.
    #[error("the database has schema version {found}, this program knows up to {known}: start the newer version")]
    TooNew {
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// The address of the database is not understood.
    #[error("database address {0:?} is not understood: use sqlite:///path/to/file.db or postgres://user@host/database")]
    Address(String),
    /// A bug in a change: it panicked. Nothing of it was kept.
    #[error("a change failed by a bug: {0}")]
    Panicked(String),
    /// Anything else that SQLite says.
    #[error("sqlite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// Anything else that PostgreSQL says.
    #[error("postgres: {0}")]
    Postgres(#[source] postgres::Error),
}

impl StoreError {
    /// The same reason once more, for each change that shared a lost commit or a broken connection.
    pub(crate) fn again(&self) -> StoreError {
        match self {
            Self::NoSpace => Self::NoSpace,
            Self::Busy => Self::Busy,
            other => Self::Unreachable(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, SystemIoFailure};
        match e.sqlite_error_code() {
            Some(DiskFull) => Self::NoSpace,
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy,
            // Writing the WAL to a full disk shows as a short write.
            Some(SystemIoFailure) if e.to_string().contains("disk I/O") => Self::NoSpace,
            Some(CannotOpen) => Self::Unreachable(e.to_string()),
            _ => Self::Sqlite(e),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(e: postgres::Error) -> Self {
        use postgres::error::SqlState;
        match e.code() {
            Some(c) if *c == SqlState::DISK_FULL => Self::NoSpace,
            Some(c)
                if *c == SqlState::T_R_DEADLOCK_DETECTED
                    || *c == SqlState::T_R_SERIALIZATION_FAILURE
                    || *c == SqlState::LOCK_NOT_AVAILABLE
                    || *c == SqlState::TOO_MANY_CONNECTIONS
                    || *c == SqlState::QUERY_CANCELED =>
            {
                Self::Busy
            }
            Some(_) => Self::Postgres(e),
            None => Self::Unreachable(e.to_string()),
        }
    }
}
