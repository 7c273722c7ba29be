//! Forward only, with data, by one at a time, and never by a program that is older than the data.

use super::*;
use crate::{
    engine::Raw,
    migrate::{self, MIGRATIONS, Migration, SCHEMA_VERSION},
};

/// Rows as the program of each version wrote them, a row in each table: nobody may forget the specimen of a new version.
const SPECIMENS: &[&str] = &[include_str!("specimens/0001.sql")];

fn execute(settings: &Settings, sql: &str) {
    match settings.connect().unwrap() {
        Raw::Sqlite(c) => c.execute_batch(sql).unwrap(),
        // The specimens are written in SQLite's words for bytes and ids.
        Raw::Postgres(mut c) => c.batch_execute(&in_words_of_postgres(sql)).unwrap(),
    }
}

/// `x'00ff'` becomes `'\x00ff'`, which PostgreSQL reads as bytes, and as an id when it has the length of one.
fn in_words_of_postgres(sql: &str) -> String {
    let mut parts = sql.split("x'");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (digits, rest) = part.split_once('\'').unwrap();
        let prefix = if digits.len() == 32 { "" } else { "\\x" };
        out.push_str(&format!("'{prefix}{digits}'{rest}"));
    }
    out
}

fn ask(settings: &Settings, sql: &str) -> Vec<i64> {
    match settings.connect().unwrap() {
        Raw::Sqlite(c) => {
            let mut statement = c.prepare(sql).unwrap();
            let rows = statement.query_map([], |r| r.get(0)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        }
        Raw::Postgres(mut c) => c.query(sql, &[]).unwrap().iter().map(|r| r.get(0)).collect(),
    }
}

fn versions(settings: &Settings) -> Vec<i64> {
    ask(settings, "SELECT version FROM schema_migration ORDER BY version")
}

#[testkit::both]
fn data_of_every_version_lives_through_all_later_migrations(database: Database) {
    assert_eq!(SPECIMENS.len(), MIGRATIONS.len(), "each version needs its specimen");
    let settings = settings(&database);
    for (n, specimen) in SPECIMENS.iter().enumerate() {
        migrate::run(&settings, &MIGRATIONS[..=n]).unwrap();
        execute(&settings, specimen);
    }
    for _ in 0..2 {
        migrate::migrate(&settings).unwrap();
    }
    assert_eq!(versions(&settings), (1..=SCHEMA_VERSION).collect::<Vec<_>>());
    for table in super::parity::tables(&settings) {
        assert!(
            ask(&settings, &format!("SELECT COUNT(*) FROM {table}"))[0] > 0,
            "the specimens have no row of {table}"
        );
    }
    // And the program of today reads them.
    let bench = Bench::from(database);
    testkit::block_on(async {
        let read = |tx: &mut Tx<'_, '_>| {
            let (user, _) = tx.user_by_email("ann@example.org")?.ok_or(StoreError::Stale)?;
            let person = domain::Person {
                id: user.id,
                role: user.role,
                session: None,
            };
            let scope = domain::scope_of(&domain::Actor::Person(person), domain::View::Favorites).unwrap();
            tx.media_page(&scope, &crate::ListFilter::default(), None, 10)
        };
        let page = bench.store.read::<_, StoreError>(read).await.unwrap();
        assert_eq!((page.len(), page[0].title.as_str()), (1, "Na plaży"));
    });
}

fn made_up(version: i64, sql: &'static str) -> Migration {
    Migration {
        version,
        name: "made_up",
        sqlite: sql,
        postgres: sql,
    }
}

#[testkit::both]
fn a_migration_that_fails_leaves_nothing_and_runs_when_it_is_mended(database: Database) {
    let settings = settings(&database);
    let first = made_up(1, "CREATE TABLE one (a BIGINT NOT NULL); INSERT INTO one VALUES (1)");
    let broken = made_up(
        2,
        "CREATE TABLE two (a BIGINT NOT NULL); INSERT INTO one VALUES (2); INSERT INTO two VALUES (NULL)",
    );
    let mended = made_up(2, "CREATE TABLE two (a BIGINT NOT NULL); INSERT INTO one VALUES (3)");
    migrate::run(&settings, &[first, broken]).unwrap_err();
    assert_eq!(
        (versions(&settings), ask(&settings, "SELECT a FROM one")),
        (vec![1], vec![1])
    );
    migrate::run(&settings, &[first, mended]).unwrap();
    assert_eq!(
        (versions(&settings), ask(&settings, "SELECT a FROM one ORDER BY a")),
        (vec![1, 2], vec![1, 3])
    );
}

#[testkit::both]
fn a_database_from_the_future_is_refused_and_left_alone(database: Database) {
    let settings = settings(&database);
    migrate::migrate(&settings).unwrap();
    execute(
        &settings,
        "INSERT INTO schema_migration (version, name) VALUES (9999, 'of_the_future')",
    );
    let refused = Store::open(&settings, Arc::new(|_| {})).map(|_| ());
    let known = SCHEMA_VERSION;
    assert!(
        matches!(refused, Err(StoreError::TooNew { found: 9999, known: k }) if k == known),
        "{refused:?}"
    );
    assert_eq!(versions(&settings).last(), Some(&9999));
}

#[expect(
    clippy::disallowed_methods,
    reason = "how a test hands an address to the processes that it starts"
)]
fn address_for_this_process() -> Option<String> {
    std::env::var("MEDIA_VAULT_TEST_MIGRATE").ok()
}

/// Starts this test once more in several processes, which all bring the same new database up to date.
#[testkit::both]
fn programs_that_start_at_the_same_moment_migrate_once(database: Database) {
    if let Some(url) = address_for_this_process() {
        let store = Store::open(&Settings { url, connections: 1 }, Arc::new(|_| {})).unwrap();
        return testkit::block_on(async {
            let kept = store.write::<_, StoreError>(|tx| {
                put(tx, &format!("{:?}", std::process::id()))?;
                Ok(tx.unaudited(()))
            });
            kept.await.unwrap();
        });
    }
    let test = std::thread::current().name().unwrap().to_owned();
    let children: Vec<_> = (0..6)
        .map(|_| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", &test])
                .env("MEDIA_VAULT_TEST_MIGRATE", database.url())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    }
    let settings = settings(&database);
    assert_eq!(versions(&settings), (1..=SCHEMA_VERSION).collect::<Vec<_>>());
    assert_eq!(ask(&settings, "SELECT COUNT(*) FROM setting"), [6]);
}
