//! The test databases themselves: fresh, apart, on both engines, gone afterwards.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, process::Command};

use testkit::{Database, Engine};

/// Asks the database by its own command line tool: testkit knows no driver.
fn ask(database: &Database, sql: &str) -> String {
    let output = match database.engine() {
        Engine::Sqlite => {
            let path = database.url().strip_prefix("sqlite://").unwrap();
            Command::new("sqlite3").args([path, sql]).output()
        }
        Engine::Postgres => Command::new("psql").args(["-qAtX", database.url(), "-c", sql]).output(),
    }
    .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[testkit::both]
fn two_databases_do_not_see_each_other(first: Database) {
    let second = match first.engine() {
        Engine::Sqlite => Database::sqlite(),
        Engine::Postgres => Database::postgres(),
    };
    ask(&first, "CREATE TABLE thing (id BIGINT PRIMARY KEY)");
    ask(&second, "CREATE TABLE thing (id BIGINT PRIMARY KEY)");
    ask(&first, "INSERT INTO thing VALUES (7)");
    assert_eq!(ask(&first, "SELECT COUNT(*) FROM thing"), "1");
    assert_eq!(ask(&second, "SELECT COUNT(*) FROM thing"), "0");
}

struct Wrapped(Database);

impl From<Database> for Wrapped {
    fn from(database: Database) -> Self {
        Self(database)
    }
}

#[testkit::both]
async fn a_test_may_be_async_and_take_what_is_made_from_a_database(wrapped: Wrapped) -> Result<(), std::io::Error> {
    tokio::task::yield_now().await;
    assert!(Path::new(wrapped.0.folder()).is_dir());
    Ok(())
}

#[test]
fn a_dropped_database_is_gone() {
    let keeper = Database::postgres();
    let name = {
        let database = Database::postgres();
        database.url().rsplit('/').next().unwrap().to_owned()
    };
    assert_eq!(
        ask(
            &keeper,
            &format!("SELECT COUNT(*) FROM pg_database WHERE datname = '{name}'")
        ),
        "0"
    );
}

#[test]
fn text_sorts_by_bytes_as_on_sqlite() {
    let database = Database::postgres();
    assert_eq!(ask(&database, "SELECT 'B' < 'a'"), "t");
}
