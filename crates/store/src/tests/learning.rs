//! What one connection to PostgreSQL was asked, all of them know.

use super::*;
use crate::engine::numbered;
use std::{collections::BTreeMap, time::Instant};

const ASKED_ONCE: &str = "SELECT value FROM setting WHERE name = ?1";

/// Which connection this is, and how often it has that statement ready.
fn ready(tx: &mut Tx<'_, '_>) -> Result<Option<(i64, i64)>, StoreError> {
    let sql = "SELECT pg_backend_pid()::bigint, (SELECT COUNT(*) FROM pg_prepared_statements WHERE statement = ?1)";
    tx.find(sql, &[numbered(ASKED_ONCE).into()], |r| Ok((r.get(0)?, r.get(1)?)))
}

#[tokio::test]
async fn what_one_connection_was_asked_all_of_them_have_ready() {
    let database = Database::postgres();
    let settings = Settings {
        connections: 3,
        ..settings(&database)
    };
    let store = Store::open_within(&settings, Arc::new(|_| ()), WIDE).unwrap();
    let asked = store.read(|tx| tx.find(ASKED_ONCE, &["nobody".into()], |r| r.get::<String>(0)));
    assert_eq!(asked.await.unwrap(), None);

    let (mut times, until) = (BTreeMap::new(), Instant::now() + Duration::from_secs(20));
    while times.len() < 3 || times.values().any(|times| *times != 1) {
        assert!(Instant::now() < until, "{times:?}");
        let (one, another) = tokio::join!(store.read(ready), store.read(ready));
        times.extend([one.unwrap(), another.unwrap()].into_iter().flatten());
    }
}
