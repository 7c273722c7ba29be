//! A glance looks at a view that is kept for a moment: nobody may notice but by the time it takes.

use super::*;
use crate::engine::Raw;
use std::time::Instant;

async fn glanced(store: &Store) -> Vec<String> {
    store.glance::<_, StoreError>(names).await.unwrap()
}

#[testkit::both]
async fn a_glance_sees_what_was_kept_before_it(bench: Bench) {
    let store = &bench.store;
    let looking: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                // Others look all the time, so that views are open.
                let end = Instant::now() + Duration::from_millis(500);
                while Instant::now() < end {
                    glanced(&store).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut kept = vec![];
    for n in 100..200 {
        let name = format!("name-{n}");
        let writing = name.clone();
        let write = store.write::<_, StoreError>(move |tx| {
            put(tx, &writing)?;
            Ok(tx.unaudited(()))
        });
        write.await.unwrap();
        kept.push(name);
        assert_eq!(glanced(store).await, kept);
    }
    for one in looking {
        one.await.unwrap();
    }
}

#[testkit::both]
async fn a_glance_sees_no_less_than_a_read_before_it(bench: Bench) {
    let other = Store::open_within(&settings(&bench.database), Arc::new(|_| {}), WIDE).unwrap();
    for n in 100..200 {
        glanced(&bench.store).await;
        let name = format!("name-{n}");
        let write = other.write::<_, StoreError>(move |tx| {
            put(tx, &name)?;
            Ok(tx.unaudited(()))
        });
        write.await.unwrap();
        let read = bench.names().await;
        assert_eq!(read.len(), n - 99);
        assert_eq!(glanced(&bench.store).await, read);
    }
}

#[testkit::both]
async fn a_glance_sees_what_another_process_changed_soon(bench: Bench) {
    let other = Store::open_within(&settings(&bench.database), Arc::new(|_| {}), WIDE).unwrap();
    assert_eq!(glanced(&bench.store).await, [""; 0]);
    let write = other.write::<_, StoreError>(|tx| {
        put(tx, "theirs")?;
        Ok(tx.unaudited(()))
    });
    write.await.unwrap();
    let asked = Instant::now();
    while glanced(&bench.store).await.is_empty() {
        assert!(asked.elapsed() < Duration::from_secs(5), "it is never seen");
    }
}

#[testkit::both]
async fn a_failed_glance_does_not_spoil_the_next(bench: Bench) {
    bench.put("here").await;
    for _ in 0..10 {
        let failed = bench
            .store
            .glance::<Vec<String>, StoreError>(|tx| tx.list("SELECT name FROM nowhere", &[], |r| r.get(0)));
        assert!(failed.await.is_err());
        let panicked = bench.store.glance::<(), StoreError>(|_| panic!("a bug")).await;
        assert!(matches!(panicked, Err(StoreError::Panicked(_))));
        assert_eq!(glanced(&bench.store).await, ["here"]);
    }
}

#[tokio::test]
async fn a_view_that_nobody_looks_at_does_not_keep_the_log() {
    let bench = Bench::from(Database::sqlite());
    let Raw::Sqlite(other) = settings(&bench.database).connect().unwrap() else {
        panic!("not SQLite");
    };
    let is_cut = || {
        other
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get::<_, i64>(0))
            .unwrap()
            == 0
    };
    other.busy_timeout(Duration::ZERO).unwrap();
    bench.put("first").await;
    glanced(&bench.store).await;
    bench.put("second").await;
    assert!(!is_cut(), "the view is open, so this test tests nothing");
    let asked = Instant::now();
    while !is_cut() {
        assert!(asked.elapsed() < Duration::from_secs(30), "the view is never given up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
