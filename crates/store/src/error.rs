//! What can go wrong with the database.

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not any more as it was read; read again and decide anew.
    #[error("the row changed meanwhile")]
    Stale,
    /// What the request goes by does not hold any more: its session has ended. Nothing was told, and nothing kept.
    #[error("the session has ended")]
    Outdated,
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
    #[error("postgres: {}", whole(.0))]
    Postgres(#[source] postgres::Error),
}

impl StoreError {
    /// The same reason once more, for each change that shared a lost commit or a broken connection.
    pub(crate) fn again(&self) -> StoreError {
        match self {
            Self::NoSpace => Self::NoSpace,
            Self::Busy => Self::Busy,
            Self::Panicked(said) => Self::Panicked(said.clone()),
            Self::Unreachable(said) => Self::Unreachable(said.clone()),
            other => Self::Unreachable(other.to_string()),
        }
    }

    /// What is answered to a change that goes on after a statement of it failed with this.
    pub(crate) fn poison(&self) -> StoreError {
        match self {
            Self::NoSpace | Self::Busy | Self::Unreachable(_) => self.again(),
            other => Self::Panicked(format!("it went on after a statement failed: {other}")),
        }
    }
}

/// What PostgreSQL said, with its reason: by itself the client says no more than "db error". Details, which hold values, are left out.
fn whole(e: &postgres::Error) -> String {
    match (e.as_db_error(), std::error::Error::source(e)) {
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(why)) => format!("{e}: {why}"),
        (None, None) => e.to_string(),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::{
            ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull},
            ffi,
        };
        // A full disk shows as a failed fsync, or as an index of the WAL that cannot grow, when it is not a short write.
        const FULL: [i32; 3] = [
            ffi::SQLITE_IOERR_SHMSIZE,
            ffi::SQLITE_IOERR_SHMMAP,
            ffi::SQLITE_IOERR_FSYNC,
        ];
        let extended = e.sqlite_error().map(|e| e.extended_code).unwrap_or_default();
        match e.sqlite_error_code() {
            Some(DiskFull) => Self::NoSpace,
            Some(_) if FULL.contains(&extended) => Self::NoSpace,
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy,
            Some(CannotOpen) => Self::Unreachable(e.to_string()),
            _ => Self::Sqlite(e),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(e: postgres::Error) -> Self {
        use postgres::error::SqlState as S;
        let Some(code) = e.code() else {
            // No word from the server: either the connection is gone, or the client refused a parameter or a column of ours.
            let io = std::error::Error::source(&e).is_some_and(|s| s.is::<std::io::Error>());
            let said = whole(&e);
            return if e.is_closed() || io || said.starts_with("timeout") {
                Self::Unreachable(said)
            } else {
                Self::Postgres(e)
            };
        };
        let busy = [
            &S::T_R_DEADLOCK_DETECTED,
            &S::T_R_SERIALIZATION_FAILURE,
            &S::LOCK_NOT_AVAILABLE,
            &S::TOO_MANY_CONNECTIONS,
            &S::QUERY_CANCELED,
        ];
        // The server is stopping or starting, or somebody ended the connection.
        let gone = [
            &S::ADMIN_SHUTDOWN,
            &S::CRASH_SHUTDOWN,
            &S::CANNOT_CONNECT_NOW,
            &S::DATABASE_DROPPED,
        ];
        if *code == S::DISK_FULL {
            Self::NoSpace
        } else if *code == S::DIVISION_BY_ZERO {
            // How a statement of a change says that it did not touch its one row; no other divides.
            Self::Stale
        } else if busy.contains(&code) {
            Self::Busy
        } else if gone.contains(&code) || code.code().starts_with("08") {
            Self::Unreachable(whole(&e))
        } else {
            Self::Postgres(e)
        }
    }
}
