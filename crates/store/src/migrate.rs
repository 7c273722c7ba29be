//! Migrations: forward only, one text for each database, each in a transaction of its own.

use crate::{Settings, StoreError, engine::Raw};
use std::fmt;

/// One step of the schema.
#[derive(Clone, Copy)]
pub struct Migration {
    /// Its number; they run in this order.
    pub version: i64,
    /// What it is called in the folders.
    pub name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}
impl fmt::Debug for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}_{}", self.version, self.name)
    }
}

macro_rules! migrations {
    ($($version:literal $name:literal),* $(,)?) => {
        /// Every migration, oldest first.
        pub(crate) const MIGRATIONS: &[Migration] = &[$(Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }),*];
        /// The schema version that this program needs.
        pub const SCHEMA_VERSION: i64 = [$($version),*][MIGRATIONS.len() - 1];
    };
}
migrations! { 1 "0001_vault" }

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL)";

/// Brings the schema up to date.
pub(crate) fn migrate(settings: &Settings) -> Result<(), StoreError> {
    run(settings, MIGRATIONS)
}

/// Runs what of these is still to be run. Each is kept whole, together with its line in the ledger, or not at all.
pub(crate) fn run(settings: &Settings, migrations: &[Migration]) -> Result<(), StoreError> {
    match settings.connect()? {
        Raw::Sqlite(mut c) => {
            c.execute_batch(LEDGER)?;
            loop {
                // Programs that start side by side take turns.
                let tx = c.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                let found: i64 = tx.query_row(NEWEST, [], |r| r.get(0))?;
                let Some(next) = next(found, migrations)? else {
                    return Ok(());
                };
                tx.execute_batch(next.sqlite)?;
                tx.execute(ENTRY, (next.version, next.name))?;
                tx.commit()?;
                tracing::info!(event = "store.migrated", migration = ?next);
            }
        }
        Raw::Postgres(mut c) => {
            // A migration takes as long as it takes, and so does waiting for another server's.
            c.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
            // Servers that start side by side take turns. The number names this lock and nothing else.
            c.batch_execute("SELECT pg_advisory_lock(7205759403792793)")?;
            c.batch_execute(LEDGER)?;
            loop {
                let mut tx = c.transaction()?;
                let found: i64 = tx.query_one(NEWEST, &[])?.try_get(0)?;
                let Some(next) = next(found, migrations)? else {
                    return Ok(());
                };
                tx.batch_execute(next.postgres)?;
                tx.execute(&crate::engine::numbered(ENTRY), &[&next.version, &next.name])?;
                tx.commit()?;
                tracing::info!(event = "store.migrated", migration = ?next);
            }
        }
    }
}

const NEWEST: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_migration";
const ENTRY: &str = "INSERT INTO schema_migration (version, name) VALUES (?1, ?2)";

fn next(found: i64, migrations: &[Migration]) -> Result<Option<&Migration>, StoreError> {
    let known = migrations.last().map_or(0, |m| m.version);
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    Ok(migrations.iter().find(|m| m.version > found))
}

impl Settings {
    /// Looks at a database without changing it: its schema version, if it is sound.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::TooNew`], or what the database says is wrong with it.
    pub fn examine(&self) -> Result<i64, StoreError> {
        const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_migration";
        let found: i64 = match self.connect()? {
            Raw::Sqlite(c) => {
                let said: String = c.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))?;
                if said != "ok" {
                    return Err(StoreError::Unreachable(format!("the file is damaged: {said}")));
                }
                c.query_row(VERSION, [], |r| r.get(0))?
            }
            Raw::Postgres(mut c) => c.query_one(VERSION, &[])?.try_get(0)?,
        };
        if found > SCHEMA_VERSION {
            Err(StoreError::TooNew {
                found,
                known: SCHEMA_VERSION,
            })
        } else {
            Ok(found)
        }
    }
}
