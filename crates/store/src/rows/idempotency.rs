//! Answers kept for a day, so that a repeated request is answered and not done again.

use crate::{StoreError, Tx, value::Row};
use domain::{At, UserId};

/// What is known of a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// It is new and now under way.
    Fresh,
    /// It was done; this was the answer.
    Done(StoredAnswer),
    /// The first one is still under way.
    UnderWay,
    /// The key was used for another request.
    Different,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// HTTP status code.
    pub status: u16,
    /// Headers worth repeating, as JSON of name and value.
    pub headers: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Tx<'_, '_> {
    /// Begins a request with a key, or tells what became of the first one. One that was cut off longer than a minute ago is begun anew.
    pub fn begin_idempotent(
        &mut self,
        actor: UserId,
        key: &str,
        fingerprint: &[u8; 32],
        now: At,
    ) -> Result<Idempotency, StoreError> {
        let fresh = self.execute(
            "INSERT INTO idempotency (actor_id, idempotency_key, fingerprint, created_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (actor_id, idempotency_key) DO UPDATE SET created_at = excluded.created_at \
             WHERE idempotency.status IS NULL AND idempotency.created_at < ?5 AND idempotency.fingerprint = excluded.fingerprint",
            &[actor.into(), key.into(), fingerprint.as_slice().into(), now.into(), now.plus(-At::MINUTE).into()],
        )?;
        if fresh == 1 {
            return Ok(Idempotency::Fresh);
        }
        let row = |r: &Row<'_>| {
            let same = r.get::<Vec<u8>>(0)? == fingerprint;
            let answer = match r.get::<Option<i64>>(1)? {
                Some(status) => Some(StoredAnswer {
                    status: u16::try_from(status).unwrap_or(500),
                    headers: r.get::<Option<String>>(2)?.unwrap_or_default(),
                    body: r.get::<Option<Vec<u8>>>(3)?.unwrap_or_default(),
                }),
                None => None,
            };
            Ok(match (same, answer) {
                (false, _) => Idempotency::Different,
                (true, Some(answer)) => Idempotency::Done(answer),
                (true, None) => Idempotency::UnderWay,
            })
        };
        let sql =
            "SELECT fingerprint, status, headers, body FROM idempotency WHERE actor_id = ?1 AND idempotency_key = ?2";
        self.find(sql, &[actor.into(), key.into()], row)?
            .ok_or(StoreError::Stale)
    }

    /// Keeps the answer of a request.
    pub fn finish_idempotent(&mut self, actor: UserId, key: &str, answer: &StoredAnswer) -> Result<(), StoreError> {
        self.post(
            "UPDATE idempotency SET status = ?3, headers = ?4, body = ?5 WHERE actor_id = ?1 AND idempotency_key = ?2",
            &[
                actor.into(),
                key.into(),
                i64::from(answer.status).into(),
                answer.headers.as_str().into(),
                answer.body.clone().into(),
            ],
        )
    }

    /// Forgets a request that failed on our side: it may be tried again.
    pub fn abandon_idempotent(&mut self, actor: UserId, key: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM idempotency WHERE actor_id = ?1 AND idempotency_key = ?2 AND status IS NULL";
        self.post(sql, &[actor.into(), key.into()])
    }
}
