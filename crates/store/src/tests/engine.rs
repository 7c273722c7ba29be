//! One request's failure is one request's failure, and nothing is said before it is true.

use super::*;
use crate::engine::{Connection, Raw, Session, Texts};
use domain::{At, Event, EventKind, MediaId, UserId};
use std::sync::OnceLock;
use tokio::task::JoinHandle;
use uuid::Uuid;

type Outcome = JoinHandle<Result<(), StoreError>>;

/// Queues a change behind the one that holds the hand; it is in the queue when this returns.
async fn queue(
    bench: &Bench,
    work: impl FnOnce(&mut Tx<'_, '_>) -> Result<(), StoreError> + Send + 'static,
) -> Outcome {
    let (store, before) = (bench.store.clone(), bench.store.waiting());
    let task = tokio::spawn(async move {
        store
            .write(move |tx| {
                work(tx)?;
                Ok(tx.unaudited(()))
            })
            .await
    });
    while bench.store.waiting() <= before {
        tokio::task::yield_now().await;
    }
    task
}

fn event(n: u64) -> Event {
    Event {
        audience: UserId(Uuid::from_u64_pair(1, 1)),
        kind: EventKind::MediaUpdated,
        media: MediaId(Uuid::from_u64_pair(2, n)),
    }
}

#[testkit::both]
async fn a_bug_in_one_change_costs_one_request_and_leaves_nothing(bench: Bench) {
    let store = &bench.store;
    let bug = store
        .write::<(), StoreError>(|tx| {
            put(tx, "half")?;
            panic!("a bug");
        })
        .await;
    assert!(
        matches!(&bug, Err(StoreError::Panicked(said)) if said == "a bug"),
        "{bug:?}"
    );
    let bug = store.read::<(), StoreError>(|_| panic!("another")).await;
    assert!(matches!(bug, Err(StoreError::Panicked(_))));
    assert_eq!(bench.names().await, [""; 0]);
    bench.put("next").await;
    assert_eq!(bench.names().await, ["next"]);
}

#[testkit::both]
async fn a_failed_change_takes_none_of_its_neighbours_with_it(bench: Bench) {
    let (release, held) = bench.hold().await;
    let mut tasks = vec![];
    tasks.push(queue(&bench, |tx| put(tx, "1")).await);
    tasks.push(
        queue(&bench, |tx| {
            put(tx, "2")?;
            Err(StoreError::Stale)
        })
        .await,
    );
    tasks.push(queue(&bench, |tx| put(tx, "3")).await);
    tasks.push(
        queue(&bench, |tx| {
            put(tx, "4")?;
            panic!("a bug")
        })
        .await,
    );
    // A statement that fails: the name is taken by a neighbour in the same commit.
    tasks.push(
        queue(&bench, |tx| {
            put(tx, "5")?;
            put(tx, "1")
        })
        .await,
    );
    tasks.push(queue(&bench, |tx| put(tx, "6")).await);
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
    let mut kept = vec![];
    for task in tasks {
        kept.push(task.await.unwrap().is_ok());
    }
    assert_eq!(kept, [true, false, true, false, false, true]);
    assert_eq!(bench.names().await, ["1", "3", "6"]);
}

#[testkit::both]
async fn statements_that_nobody_waits_for_run_in_their_order_before_whatever_is_asked_next(bench: Bench) {
    const APPEND: &str = "UPDATE setting SET value = value || ?2 WHERE name = ?1";
    let value = |tx: &mut Tx<'_, '_>| {
        let found = tx.find("SELECT value FROM setting WHERE name = ?1", &["letters".into()], |r| {
            r.get::<String>(0)
        });
        Ok::<_, StoreError>(found?.unwrap_or_default())
    };
    let letters = |to: char| ('a'..=to).map(String::from).collect::<String>().repeat(8);
    let asked = bench.store.write::<_, StoreError>(move |tx| {
        put_value(tx, "letters", "")?;
        for letter in letters('z').chars() {
            tx.post_one(APPEND, &["letters".into(), letter.to_string().into()])?;
        }
        assert_eq!(value(tx)?, letters('z'));
        tx.post(APPEND, &["nobody".into(), "!".into()])?;
        tx.post_one(APPEND, &["letters".into(), "!".into()])?;
        assert_eq!(tx.execute(APPEND, &["letters".into(), "?".into()])?, 1);
        tx.post_one(APPEND, &["letters".into(), ".".into()])?;
        Ok(tx.unaudited(()))
    });
    asked.await.unwrap();
    let kept = bench.store.read::<_, StoreError>(move |tx| value(tx)).await.unwrap();
    assert_eq!(kept, letters('z') + "!?.");
}

#[testkit::both]
async fn a_row_that_is_gone_fails_the_change_although_nobody_waited_for_it(bench: Bench) {
    let gone = |tx: &mut Tx<'_, '_>| tx.post_one("DELETE FROM setting WHERE name = ?1", &["gone".into()]);
    let at_the_end = bench.store.write::<(), StoreError>(move |tx| {
        put(tx, "before")?;
        gone(tx)?;
        put(tx, "after")?;
        Ok(tx.unaudited(()))
    });
    assert!(matches!(at_the_end.await, Err(StoreError::Stale)));
    let on_the_way = bench.store.write::<(), StoreError>(move |tx| {
        gone(tx)?;
        names(tx)?;
        unreachable!("it must not learn anything more");
    });
    assert!(matches!(on_the_way.await, Err(StoreError::Stale)));
    assert_eq!(bench.names().await, [""; 0]);
    bench.put("next").await;
}

#[testkit::both]
async fn a_change_that_goes_on_after_a_failed_statement_is_not_kept(bench: Bench) {
    bench.put("taken").await;
    let swallowed = bench
        .store
        .write::<_, StoreError>(|tx| {
            put(tx, "before")?;
            assert!(put(tx, "taken").is_err());
            // Nothing runs any more, not even a read.
            assert!(put(tx, "after").is_err() && names(tx).is_err());
            Ok(tx.unaudited("done"))
        })
        .await;
    assert!(matches!(swallowed, Err(StoreError::Panicked(_))), "{swallowed:?}");
    assert_eq!(bench.names().await, ["taken"]);
}

#[testkit::both]
async fn a_change_is_kept_even_when_nobody_waits_for_it_any_more(bench: Bench) {
    let (release, held) = bench.hold().await;
    let left = queue(&bench, |tx| put(tx, "left")).await;
    left.abort();
    assert!(left.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
    bench.put("next").await;
    assert_eq!(bench.names().await, ["left", "next"]);
}

#[testkit::both]
async fn who_comes_when_too_much_waits_is_told_so(database: Database) {
    let narrow = Bounds {
        queue: 2,
        patience: Duration::from_millis(20),
    };
    let bench = Bench::within(database, narrow);
    let (release, held) = bench.hold().await;
    let first = queue(&bench, |tx| put(tx, "1")).await;
    let second = queue(&bench, |tx| put(tx, "2")).await;
    assert_eq!(bench.store.waiting(), 2);
    let refused = bench
        .store
        .write::<(), StoreError>(|tx| {
            put(tx, "3")?;
            Ok(tx.unaudited(()))
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    release.send(()).unwrap();
    for task in [held, first, second] {
        task.await.unwrap().unwrap();
    }
    assert_eq!(bench.names().await, ["1", "2"]);
}

#[testkit::both]
async fn reads_do_not_wait_for_changes(database: Database) {
    let settings = Settings {
        connections: 2,
        ..settings(&database)
    };
    let store = Store::open(&settings, Arc::new(|_| {})).unwrap();
    let bench = Bench {
        store,
        told: Arc::default(),
        database,
    };
    let (release, held) = bench.hold().await;
    assert_eq!(bench.names().await, [""; 0]);
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
}

#[testkit::both]
async fn what_was_rolled_back_is_never_announced(bench: Bench) {
    let (release, held) = bench.hold().await;
    let tell = |n: u64, end: fn() -> Result<(), StoreError>| {
        move |tx: &mut Tx<'_, '_>| {
            tx.publish(event(n), At(0));
            tx.nudge_workers();
            end()
        }
    };
    let kept = queue(&bench, tell(1, || Ok(()))).await;
    let failed = queue(&bench, tell(2, || Err(StoreError::Stale))).await;
    let panicked = queue(&bench, tell(3, || panic!("a bug"))).await;
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
    assert!(kept.await.unwrap().is_ok() && failed.await.unwrap().is_err() && panicked.await.unwrap().is_err());
    let told: Vec<_> = bench.told.lock().unwrap().drain(..).collect();
    let expected = Announcement {
        events: vec![event(1)],
        work: true,
    };
    assert_eq!(told, [expected]);
    let rows = bench
        .store
        .read::<_, StoreError>(|tx| tx.events_behind(0, 10))
        .await
        .unwrap();
    assert_eq!(rows.iter().map(|r| r.media).collect::<Vec<_>>(), [event(1).media]);
}

/// Asks on a connection of its own, as another program would.
fn events_seen_from_outside(settings: &Settings) -> usize {
    let count = |session: &mut Session<'_>| Tx::new(session).events_behind(0, 100).unwrap().len();
    match settings.connect().unwrap() {
        Raw::Sqlite(c) => count(&mut Session::Sqlite(&c)),
        Raw::Postgres(_) => count(&mut Session::Postgres(
            &mut Connection::open(&settings.url, Texts::default()).unwrap(),
        )),
    }
}

#[testkit::both]
async fn an_announcement_comes_after_the_commit_and_before_the_answer(database: Database) {
    let settings = settings(&database);
    let seen = Arc::new(OnceLock::new());
    let (ask, tell) = (settings.clone(), seen.clone());
    let announce = Arc::new(move |_| tell.set(events_seen_from_outside(&ask)).unwrap());
    let store = Store::open(&settings, announce).unwrap();
    store
        .write::<_, StoreError>(|tx| {
            tx.publish(event(1), At(0));
            Ok(tx.unaudited(()))
        })
        .await
        .unwrap();
    assert_eq!(
        seen.get(),
        Some(&1),
        "told already, and others could see it when it was told"
    );
}

#[testkit::both]
async fn a_listener_that_panics_breaks_nothing(database: Database) {
    let store = Store::open(&settings(&database), Arc::new(|_| panic!("a listener's bug"))).unwrap();
    for n in 0..2 {
        let kept = store
            .write::<_, StoreError>(move |tx| {
                tx.publish(event(n), At(0));
                Ok(tx.unaudited(n))
            })
            .await;
        assert_eq!(kept.unwrap(), n);
    }
}

#[test]
fn an_address_that_is_not_understood_is_refused_without_telling_its_password() {
    for url in [
        "",
        "mysql://root:secret@db/x",
        "sqlite://",
        "/var/lib/x.db",
        "postgres:/x",
    ] {
        let settings = Settings {
            url: url.into(),
            connections: 1,
        };
        let refused = Store::open(&settings, Arc::new(|_| {})).map(|_| ()).unwrap_err();
        assert!(matches!(refused, StoreError::Address(_)), "{url}: {refused:?}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
    let settings = Settings {
        url: "postgres://u:secret@127.0.0.1:1/x".into(),
        connections: 1,
    };
    let refused = Store::open(&settings, Arc::new(|_| {})).map(|_| ()).unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable(_)), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("secret"), "{refused}");
}

#[tokio::test]
async fn a_lock_of_another_process_is_waited_for() {
    let bench = Bench::from(Database::sqlite());
    let Raw::Sqlite(other) = settings(&bench.database).connect().unwrap() else {
        panic!("not SQLite");
    };
    other
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO setting (name, value) VALUES ('theirs', '')")
        .unwrap();
    let store = bench.store.clone();
    let ours = tokio::spawn(async move {
        let kept = store.write::<_, StoreError>(|tx| {
            put(tx, "ours")?;
            Ok(tx.unaudited(()))
        });
        kept.await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!ours.is_finished(), "it did not wait");
    assert_eq!(bench.names().await, [""; 0], "who reads waits for nobody");
    other.execute_batch("COMMIT").unwrap();
    ours.await.unwrap().unwrap();
    assert_eq!(bench.names().await, ["ours", "theirs"]);
}
