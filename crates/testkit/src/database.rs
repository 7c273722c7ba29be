//! One empty database for one test, on either engine.

use tempfile::TempDir;

use crate::postgres::{self, TestDatabase};

/// Which engine a test database lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of its own in a temporary folder.
    Sqlite,
    /// A database of its own on the shared test server.
    Postgres,
}

/// An empty database that disappears when dropped, with a folder for whatever else the test keeps on disk.
#[derive(Debug)]
pub struct Database {
    url: String,
    engine: Engine,
    // Dropped in this order: the database's connections end before its folder goes.
    _server: Option<TestDatabase>,
    folder: TempDir,
}

impl Database {
    /// An empty SQLite database: the file does not exist yet.
    pub fn sqlite() -> Self {
        let folder = crate::folder();
        let url = format!("sqlite://{}", folder.path().join("test.sqlite").display());
        Self {
            url,
            engine: Engine::Sqlite,
            _server: None,
            folder,
        }
    }

    /// An empty PostgreSQL database on the shared test server, which is started if need be.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    pub fn postgres() -> Self {
        let database = postgres::database();
        Self {
            url: database.url().to_owned(),
            engine: Engine::Postgres,
            _server: Some(database),
            folder: crate::folder(),
        }
    }

    /// Another empty one on the same engine, for a test that needs many.
    pub fn another(&self) -> Self {
        match self.engine {
            Engine::Sqlite => Self::sqlite(),
            Engine::Postgres => Self::postgres(),
        }
    }

    /// Where it is: `sqlite:///path/file` or `postgres://user@host:port/name`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which engine it lives on, for the few tests whose expectation differs.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// A folder that lives as long as the database.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}
