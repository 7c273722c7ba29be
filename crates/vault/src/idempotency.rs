//! Repeated requests are answered and not done again.

use crate::{Vault, VaultError};
use domain::Call;
pub use store::{Idempotency, StoredAnswer};

/// Begins a request with a key, or tells what became of the first one. `fingerprint` is a hash of what was asked.
pub async fn begin(vault: &Vault, call: &Call, key: String, fingerprint: [u8; 32]) -> Result<Idempotency, VaultError> {
    let (person, now) = (call.actor.person().ok_or(VaultError::Unauthenticated)?, call.now);
    vault
        .store()
        .write(move |tx| {
            let found = tx.begin_idempotent(person.id, &key, &fingerprint, now)?;
            Ok(tx.unaudited(found))
        })
        .await
}

/// Keeps the answer for a day; `None` when the request failed on our side and may be tried again.
pub async fn finish(vault: &Vault, call: &Call, key: String, answer: Option<StoredAnswer>) -> Result<(), VaultError> {
    let person = call.actor.person().ok_or(VaultError::Unauthenticated)?;
    vault
        .store()
        .write(move |tx| {
            match answer {
                Some(answer) => tx.finish_idempotent(person.id, &key, &answer)?,
                None => tx.abandon_idempotent(person.id, &key)?,
            }
            Ok(tx.unaudited(()))
        })
        .await
}
