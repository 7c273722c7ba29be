//! Whether the parts that everything needs are there, for load balancers and operators.

use crate::{Vault, VaultError};
use std::time::Duration;

/// A part and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartState {
    /// database, storage or queue.
    pub name: &'static str,
    /// Whether it is there.
    pub ok: bool,
    /// Which it is, or what is wrong with it. Nothing that a stranger may not read.
    pub detail: String,
}

/// The longest that a part is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// With less room than this, uploads are about to be refused.
const LITTLE_ROOM: u64 = 64 << 20;

/// Each part that the use cases need, with its state. It takes two seconds at most, whatever hangs.
pub async fn parts(vault: &Vault) -> Vec<PartState> {
    let (database, storage) = tokio::join!(database(vault), storage(vault));
    let [database, queue] = database;
    vec![database, storage, queue]
}

async fn database(vault: &Vault) -> [PartState; 2] {
    // Anybody may ask, so it costs a look at one row and tells no numbers; those are in the metrics.
    let asked = vault.store().read::<_, VaultError>(|tx| Ok(tx.next_job_at()?));
    let engine = vault.store().engine();
    let (ok, said, queue) = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(next)) => {
            let queue = if next.is_some() {
                "there is work"
            } else {
                "nothing waits"
            };
            (true, engine.to_owned(), queue.to_owned())
        }
        Ok(Err(error)) => {
            tracing::warn!(event = "health.database", %error);
            let said = "it does not answer; the log says why";
            (false, said.to_owned(), "the database does not answer".to_owned())
        }
        Err(_) => {
            let said = format!("it did not answer within {} s", PATIENCE.as_secs());
            (false, said.clone(), said)
        }
    };
    let state = |name, detail| PartState { name, ok, detail };
    [state("database", said), state("queue", queue)]
}

async fn storage(vault: &Vault) -> PartState {
    let blobs = vault.blobs().clone();
    let look = tokio::task::spawn_blocking(move || {
        blobs.is_there()?;
        blobs.free_space()
    });
    let (ok, detail) = match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(Ok(room))) if room < LITTLE_ROOM => (false, "its disk is full".to_owned()),
        Ok(Ok(Ok(_))) => (true, "local disk".to_owned()),
        Ok(Ok(Err(error))) => {
            tracing::warn!(event = "health.storage", %error);
            (false, "it cannot be read; the log says why".to_owned())
        }
        Ok(Err(error)) => {
            tracing::error!(event = "health.storage", %error);
            (false, "it cannot be read; the log says why".to_owned())
        }
        Err(_) => (false, format!("it did not answer within {} s", PATIENCE.as_secs())),
    };
    PartState {
        name: "storage",
        ok,
        detail,
    }
}
