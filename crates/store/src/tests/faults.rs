//! What the world does to a database: its disk is full, its connections are cut.

use super::*;
use std::{path::Path, process::Command};

/// The folder on a small disk of its own, when this process was started in one.
#[expect(
    clippy::disallowed_methods,
    reason = "how a test hands a folder to the process that it starts"
)]
fn small_disk() -> Option<std::path::PathBuf> {
    std::env::var_os("MEDIA_VAULT_TEST_SMALL_DISK").map(Into::into)
}

/// Runs one test of this program once more, in a mount namespace with a file system of 16 MB.
fn on_a_small_disk(test: &str) {
    let folder = testkit::folder();
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = Command::new("unshare");
    command
        .arg(if root { "--mount" } else { "--map-root-user" })
        .arg("--mount");
    command.args([
        "sh",
        "-c",
        r#"mount -t tmpfs -o size=16m none "$1" && MEDIA_VAULT_TEST_SMALL_DISK="$1" exec "$2" --exact "$3" --nocapture"#,
        "sh",
    ]);
    command
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .arg(test);
    let out = command.output().unwrap();
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(String::from_utf8_lossy(&out.stdout).contains("1 passed"), "{out:?}");
}

#[test]
fn a_full_disk_is_told_as_such_loses_nothing_that_was_acknowledged_and_heals_by_itself() {
    match small_disk() {
        None => on_a_small_disk(
            "tests::faults::a_full_disk_is_told_as_such_loses_nothing_that_was_acknowledged_and_heals_by_itself",
        ),
        Some(folder) => testkit::block_on(fill_the_disk(&folder)),
    }
}

/// Writes rows of 20 kB, eight at a time, until most of them fail; gives back what was acknowledged.
async fn write_until_full(store: &Store, round: usize) -> Vec<String> {
    let mut acknowledged = vec![];
    for n in 0..100 {
        let writes: Vec<_> = (0..8)
            .map(|m| {
                let (store, name) = (store.clone(), format!("{round}-{n:03}-{m}"));
                tokio::spawn(async move {
                    let kept = name.clone();
                    store
                        .write::<_, StoreError>(move |tx| {
                            tx.publish(
                                domain::Event {
                                    audience: domain::UserId(uuid::Uuid::nil()),
                                    kind: domain::EventKind::MediaCreated,
                                    media: domain::MediaId(uuid::Uuid::from_u64_pair(round as u64, n * 8 + m)),
                                },
                                domain::At(0),
                            );
                            put_value(tx, &name, &"x".repeat(20_000))?;
                            Ok(tx.unaudited(()))
                        })
                        .await
                        .map(|()| kept)
                })
            })
            .collect();
        let mut full = 0;
        for write in writes {
            match write.await.unwrap() {
                Ok(name) => acknowledged.push(name),
                Err(StoreError::NoSpace) => full += 1,
                Err(other) => panic!("a full disk was told as: {other:?}"),
            }
        }
        if full == 8 {
            return acknowledged;
        }
    }
    panic!("the disk was never full");
}

async fn fill_the_disk(folder: &Path) {
    // Half of the disk: making room must leave enough for what waits in the log to be written back.
    let ballast = folder.join("ballast");
    std::fs::write(&ballast, vec![0; 8_000_000]).unwrap();
    let settings = Settings {
        url: format!("sqlite://{}", folder.join("vault.db").display()),
        connections: 2,
    };
    let told = Arc::new(Mutex::new(0));
    let count = told.clone();
    let store = Store::open(
        &settings,
        Arc::new(move |a: Announcement| *count.lock().unwrap() += a.events.len()),
    )
    .unwrap();
    let mut acknowledged = write_until_full(&store, 1).await;
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    assert_eq!(
        store.read::<_, StoreError>(names).await.unwrap(),
        acknowledged,
        "readable while the disk is full"
    );

    // Somebody makes room, and it goes on without a restart.
    std::fs::remove_file(&ballast).unwrap();
    let more = write_until_full(&store, 2).await;
    assert!(!more.is_empty());
    acknowledged.extend(more);
    assert_eq!(store.read::<_, StoreError>(names).await.unwrap(), acknowledged);
    assert_eq!(
        *told.lock().unwrap(),
        acknowledged.len(),
        "announced is what was kept, and nothing else"
    );

    // Whole, as seen by a program that opens it afterwards.
    let c = rusqlite::Connection::open(folder.join("vault.db")).unwrap();
    let check: String = c.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    let rows: i64 = c.query_row("SELECT COUNT(*) FROM setting", [], |r| r.get(0)).unwrap();
    assert_eq!((check.as_str(), rows), ("ok", acknowledged.len() as i64));
}

/// The database seen by its administrator.
fn administrator(database: &Database) -> postgres::Client {
    let (server, _) = database.url().rsplit_once('/').unwrap();
    postgres::Client::connect(&format!("{server}/postgres"), postgres::NoTls).unwrap()
}

fn name(database: &Database) -> String {
    database.url().rsplit('/').next().unwrap().to_owned()
}

/// Ends every connection to the database; how many it were.
fn cut(database: &Database) -> u64 {
    let sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
    administrator(database).query(sql, &[&name(database)]).unwrap().len() as u64
}

fn run<T>(
    store: &Store,
    work: impl Fn(&mut Tx<'_, '_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError>
where
    T: Send + 'static,
{
    testkit::block_on(store.write(move |tx| {
        let value = work(tx)?;
        Ok(tx.unaudited(value))
    }))
}

#[test]
fn after_the_server_cut_every_connection_nobody_notices() {
    let bench = Bench::from(Database::postgres());
    for n in 0..3 {
        run(&bench.store, move |tx| put(tx, &format!("{n} change"))).unwrap();
        assert!(cut(&bench.database) >= 1);
        run(&bench.store, move |tx| put(tx, &format!("{n} changed"))).unwrap();
        assert!(cut(&bench.database) >= 1);
        assert_eq!(testkit::block_on(bench.names()).len(), 2 * n + 2);
    }
}

#[test]
fn a_change_whose_connection_is_cut_in_the_middle_is_not_kept_and_says_so() {
    let bench = Arc::new(Bench::from(Database::postgres()));
    let inside = bench.clone();
    let lost = run(&bench.store, move |tx| {
        put(tx, "before")?;
        // Waits for an answer: the server knows of the change now.
        tx.events_behind(0, 1)?;
        cut(&inside.database);
        put(tx, "after")
    });
    assert!(matches!(lost, Err(StoreError::Unreachable(_))), "{lost:?}");
    let inside = bench.clone();
    let lost_at_the_end = run(&bench.store, move |tx| {
        put(tx, "last")?;
        tx.events_behind(0, 1)?;
        cut(&inside.database);
        Ok(())
    });
    assert!(
        matches!(lost_at_the_end, Err(StoreError::Unreachable(_))),
        "{lost_at_the_end:?}"
    );
    run(&bench.store, |tx| put(tx, "next")).unwrap();
    assert_eq!(testkit::block_on(bench.names()), ["next"]);
}

#[test]
fn a_change_whose_connection_is_cut_before_the_server_knows_of_it_is_kept() {
    let bench = Arc::new(Bench::from(Database::postgres()));
    let inside = bench.clone();
    run(&bench.store, move |tx| {
        put(tx, "first")?;
        cut(&inside.database);
        put(tx, "second")?;
        assert_eq!(tx.events_behind(0, 1)?, []);
        put(tx, "third")
    })
    .unwrap();
    assert_eq!(testkit::block_on(bench.names()), ["first", "second", "third"]);
}

#[test]
fn a_server_that_is_away_is_told_as_such_at_once_and_found_again_by_itself() {
    let bench = Bench::from(Database::postgres());
    let name = name(&bench.database);
    let allow = |yes: bool| {
        let sql = format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS {yes}");
        administrator(&bench.database).batch_execute(&sql).unwrap();
    };
    allow(false);
    cut(&bench.database);
    for _ in 0..10 {
        let away = run(&bench.store, |tx| put(tx, "lost"));
        assert!(
            matches!(away, Err(StoreError::Unreachable(_) | StoreError::Postgres(_))),
            "{away:?}"
        );
    }
    allow(true);
    let begun = std::time::Instant::now();
    while let Err(e) = run(&bench.store, |tx| put(tx, "found")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{e}");
        std::thread::yield_now();
    }
    assert_eq!(testkit::block_on(bench.names()), ["found"]);
}
