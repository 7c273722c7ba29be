//! Tests that look behind the public interface: the engine itself, the schema, statements and their plans.

mod engine;
mod everything;
mod faults;
mod lasting;
mod learning;
mod migrations;
mod near;
mod parity;
mod plans;
pub(crate) mod recorder;
#[path = "../../examples/seed/generator.rs"]
mod seed;
mod statements;
mod tls;

use crate::{Announcement, Settings, Store, StoreError, Tx, engine::Bounds, value::Value};
use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};
use testkit::Database;

/// Bounds that no test reaches unless it means to.
const WIDE: Bounds = Bounds {
    queue: 4096,
    patience: Duration::from_secs(60),
};

fn settings(database: &Database) -> Settings {
    Settings {
        url: database.url().into(),
        connections: 1,
    }
}

/// A store with one hand, and what it announced.
struct Bench {
    store: Store,
    told: Arc<Mutex<Vec<Announcement>>>,
    database: Database,
}

impl From<Database> for Bench {
    fn from(database: Database) -> Self {
        Bench::within(database, WIDE)
    }
}

impl Bench {
    fn within(database: Database, bounds: Bounds) -> Self {
        let told = Arc::new(Mutex::new(vec![]));
        let hear = told.clone();
        let announce = Arc::new(move |a| hear.lock().unwrap().push(a));
        let store = Store::open_within(&settings(&database), announce, bounds).unwrap();
        Self { store, told, database }
    }

    /// Names in the table that these tests write to.
    async fn names(&self) -> Vec<String> {
        self.store.read::<_, StoreError>(names).await.unwrap()
    }

    /// Writes one row.
    async fn put(&self, name: &'static str) {
        let kept = self.store.write::<_, StoreError>(|tx| {
            put(tx, name)?;
            Ok(tx.unaudited(()))
        });
        kept.await.unwrap();
    }

    /// Keeps the only hand that changes things busy until the sender is used. Returns when it is busy.
    async fn hold(&self) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), StoreError>>) {
        let (release, released) = mpsc::channel::<()>();
        let (tell, told) = tokio::sync::oneshot::channel();
        let store = self.store.clone();
        let held = tokio::spawn(async move {
            store
                .write(move |tx| {
                    tell.send(()).unwrap();
                    released.recv().unwrap();
                    Ok(tx.unaudited(()))
                })
                .await
        });
        told.await.unwrap();
        (release, held)
    }
}

fn names(tx: &mut Tx<'_, '_>) -> Result<Vec<String>, StoreError> {
    tx.list("SELECT name FROM setting ORDER BY name", &[], |r| r.get(0))
}

/// Writes one row; twice the same name fails.
fn put(tx: &mut Tx<'_, '_>, name: &str) -> Result<(), StoreError> {
    put_value(tx, name, "")
}

fn put_value(tx: &mut Tx<'_, '_>, name: &str, value: &str) -> Result<(), StoreError> {
    let args: [Value; 2] = [name.into(), value.into()];
    tx.post_one("INSERT INTO setting (name, value) VALUES (?1, ?2)", &args)
}
