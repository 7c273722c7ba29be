//! What a loss of power may undo, and what it may not.

use super::*;
use crate::engine::{Lasting, Raw};
use tokio::task::JoinHandle;

/// As in production: PostgreSQL for tests does not wait for the disk by itself.
fn durable(database: Database) -> Bench {
    let settings = settings(&database);
    // On a thread of its own: the client of PostgreSQL cannot run on a thread that drives asynchronous tasks.
    let prepared = std::thread::spawn(move || {
        if let Raw::Postgres(mut client) = settings.connect().unwrap() {
            let lasting = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$";
            client.batch_execute(lasting).unwrap();
        }
    });
    prepared.join().unwrap();
    database.into()
}

/// Whether the commit of the change that asks waits for the disk.
fn waits_for_the_disk(tx: &mut Tx<'_, '_>) -> Result<bool, StoreError> {
    let (sql, durable) = if tx.on_postgres() {
        ("SELECT current_setting('synchronous_commit')", "on")
    } else {
        ("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous", "2")
    };
    let found: Option<String> = tx.find(sql, &[], |r| r.get(0))?;
    Ok(found.as_deref() == Some(durable))
}

/// Writes one row; whether that waited for the disk.
async fn change(store: &Store, name: &'static str, lasting: Lasting) -> Result<bool, StoreError> {
    let work = move |tx: &mut Tx<'_, '_>| {
        put(tx, name)?;
        let waits = waits_for_the_disk(tx)?;
        Ok(tx.unaudited(waits))
    };
    match lasting {
        Lasting::Now => store.write(work).await,
        Lasting::Soon => store.write_soon(work).await,
    }
}

/// Queues a change behind the one that holds the hand; it is in the queue when this returns.
async fn queue(bench: &Bench, name: &'static str, lasting: Lasting) -> JoinHandle<Result<bool, StoreError>> {
    let (store, before) = (bench.store.clone(), bench.store.waiting());
    let task = tokio::spawn(async move { change(&store, name, lasting).await });
    while bench.store.waiting() <= before {
        tokio::task::yield_now().await;
    }
    task
}

#[testkit::both]
async fn a_change_waits_for_the_disk_unless_it_is_done_again_by_itself(database: Database) {
    let bench = durable(database);
    for (name, lasting) in [
        ("1", Lasting::Now),
        ("2", Lasting::Soon),
        ("3", Lasting::Soon),
        ("4", Lasting::Now),
        ("5", Lasting::Soon),
    ] {
        let waits = change(&bench.store, name, lasting).await.unwrap();
        assert_eq!(waits, lasting == Lasting::Now, "{name}");
    }
    assert_eq!(bench.names().await, ["1", "2", "3", "4", "5"]);
}

/// Keeps the only hand busy by a change that nobody waits for the disk for.
async fn hold_softly(bench: &Bench) -> (mpsc::Sender<()>, JoinHandle<Result<(), StoreError>>) {
    let (release, released) = mpsc::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let store = bench.store.clone();
    let held = tokio::spawn(async move {
        let kept = store.write_soon(move |tx| {
            tell.send(()).unwrap();
            released.recv().unwrap();
            Ok(tx.unaudited(()))
        });
        kept.await
    });
    told.await.unwrap();
    (release, held)
}

#[testkit::both]
async fn a_durable_change_does_not_end_with_one_that_is_not(database: Database) {
    let bench = durable(database);
    let (release, held) = hold_softly(&bench).await;
    let soon = queue(&bench, "soon", Lasting::Soon).await;
    let now = queue(&bench, "now", Lasting::Now).await;
    let behind = queue(&bench, "behind", Lasting::Soon).await;
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
    assert!(!soon.await.unwrap().unwrap());
    assert!(now.await.unwrap().unwrap());
    behind.await.unwrap().unwrap();
    assert_eq!(bench.names().await, ["behind", "now", "soon"]);
}

#[testkit::both]
async fn a_change_that_fails_is_not_kept_however_lasting_it_would_be(bench: Bench) {
    let refused = bench
        .store
        .write_soon::<(), StoreError>(|tx| {
            put(tx, "half")?;
            Err(StoreError::Stale)
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    assert_eq!(bench.names().await, [""; 0]);
}
