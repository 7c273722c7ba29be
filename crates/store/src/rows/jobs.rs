//! The durable queue. A job is enqueued in the transaction of its cause and leased to one worker at a time.

use crate::{StoreError, Tx, value::Row};
use domain::{At, JobId, JobPayload, Priority};

/// A job in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Its id.
    pub id: JobId,
    /// Its kind's name.
    pub kind: String,
    /// Its payload, JSON.
    pub payload: String,
    /// How often it was begun, this time included.
    pub attempts: u64,
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    /// Its id.
    pub id: JobId,
    /// Its kind's name.
    pub kind: String,
    /// Its payload, JSON.
    pub payload: String,
    /// How often it was tried.
    pub attempts: u64,
    /// Why it failed the last time.
    pub last_error: String,
    /// When it was given up.
    pub updated_at: At,
}

/// How many jobs are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Waiting for their time or a worker.
    pub waiting: u64,
    /// In a worker's hands.
    pub running: u64,
    /// Given up.
    pub dead: u64,
}

impl Tx<'_, '_> {
    /// Adds work. The same work waiting already is not added twice; the same work given up is begun anew.
    pub fn enqueue<P: JobPayload>(
        &mut self,
        payload: &P,
        id: JobId,
        priority: Priority,
        now: At,
    ) -> Result<(), StoreError> {
        let json = serde_json::to_string(payload).map_err(|e| StoreError::Panicked(e.to_string()))?;
        self.execute(
            "INSERT INTO job (id, kind, deduplication_key, payload, priority, state, run_at, attempts, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, 0, ?6, ?6) ON CONFLICT (kind, deduplication_key) DO UPDATE SET \
             state = 'waiting', run_at = excluded.run_at, attempts = 0, priority = excluded.priority, updated_at = excluded.updated_at \
             WHERE job.state = 'dead'",
            &[
                id.into(),
                P::NAME.into(),
                payload.deduplication_key().into(),
                json.into(),
                (priority as i32).into(),
                now.into(),
            ],
        )?;
        self.nudge_workers();
        Ok(())
    }

    /// Takes the next job of a kind: people before bulk, then the oldest. It is this worker's until the lease ends.
    pub fn claim_job(
        &mut self,
        kind: &str,
        worker: &str,
        lease_until: At,
        now: At,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        let skip = if self.on_postgres() {
            " FOR UPDATE SKIP LOCKED"
        } else {
            ""
        };
        let sql = format!(
            "UPDATE job SET state = 'running', worker = ?2, lease_until = ?3, attempts = attempts + 1, updated_at = ?4 WHERE id = \
             (SELECT id FROM job WHERE state = 'waiting' AND kind = ?1 AND run_at <= ?4 ORDER BY priority, run_at, id LIMIT 1{skip}) \
             RETURNING id, kind, payload, attempts"
        );
        self.find(
            &sql,
            &[kind.into(), worker.into(), lease_until.into(), now.into()],
            claimed,
        )
    }

    /// When the next waiting job of any kind may run.
    pub fn next_job_at(&mut self) -> Result<Option<At>, StoreError> {
        let sql = "SELECT run_at FROM job WHERE state = 'waiting' ORDER BY run_at LIMIT 1";
        self.find(sql, &[], |r| Ok(At(r.get(0)?)))
    }

    /// Prolongs a lease; `false` when the job is not this worker's any more.
    pub fn extend_lease(&mut self, id: JobId, worker: &str, lease_until: At) -> Result<bool, StoreError> {
        let sql = "UPDATE job SET lease_until = ?3 WHERE id = ?1 AND worker = ?2 AND state = 'running'";
        Ok(self.execute(sql, &[id.into(), worker.into(), lease_until.into()])? == 1)
    }

    /// Ends a job that was done.
    pub fn finish_job(&mut self, id: JobId) -> Result<(), StoreError> {
        self.execute("DELETE FROM job WHERE id = ?1", &[id.into()]).map(drop)
    }

    /// Puts a job back, to be tried again.
    pub fn retry_job(&mut self, id: JobId, run_at: At, error: &str, now: At) -> Result<(), StoreError> {
        let sql = "UPDATE job SET state = 'waiting', worker = NULL, lease_until = NULL, run_at = ?2, last_error = ?3, updated_at = ?4 \
                   WHERE id = ?1";
        self.execute(sql, &[id.into(), run_at.into(), error.into(), now.into()])
            .map(drop)
    }

    /// Gives a job up; it stays to be looked at.
    pub fn bury_job(&mut self, id: JobId, error: &str, now: At) -> Result<(), StoreError> {
        let sql = "UPDATE job SET state = 'dead', worker = NULL, lease_until = NULL, last_error = ?2, updated_at = ?3 WHERE id = ?1";
        self.execute(sql, &[id.into(), error.into(), now.into()]).map(drop)
    }

    /// Hands back what a worker holds, untouched: at a graceful stop.
    pub fn hand_back_jobs(&mut self, worker: &str, now: At) -> Result<u64, StoreError> {
        let sql = "UPDATE job SET state = 'waiting', worker = NULL, lease_until = NULL, attempts = attempts - 1, updated_at = ?2 \
                   WHERE worker = ?1 AND state = 'running'";
        self.execute(sql, &[worker.into(), now.into()])
    }

    /// Takes back jobs whose worker did not come back.
    pub fn reclaim_jobs(&mut self, now: At) -> Result<u64, StoreError> {
        let sql = "UPDATE job SET state = 'waiting', worker = NULL, lease_until = NULL, last_error = 'its worker ended', updated_at = ?1 \
                   WHERE state = 'running' AND lease_until < ?1";
        let rows = self.execute(sql, &[now.into()])?;
        if rows > 0 {
            self.nudge_workers();
        }
        Ok(rows)
    }

    /// How many jobs are where.
    pub fn job_counts(&mut self) -> Result<JobCounts, StoreError> {
        let mut counts = JobCounts::default();
        let rows = self.list("SELECT state, COUNT(*) FROM job GROUP BY state", &[], |r| {
            Ok((r.get::<String>(0)?, r.size(1)?))
        })?;
        for (state, n) in rows {
            match state.as_str() {
                "waiting" => counts.waiting = n,
                "running" => counts.running = n,
                _ => counts.dead = n,
            }
        }
        Ok(counts)
    }

    /// Jobs that were given up, the latest first.
    pub fn dead_jobs(&mut self, limit: u32) -> Result<Vec<DeadJob>, StoreError> {
        let row = |r: &Row<'_>| {
            Ok(DeadJob {
                id: JobId(r.get(0)?),
                kind: r.get(1)?,
                payload: r.get(2)?,
                attempts: r.size(3)?,
                last_error: r.get::<Option<String>>(4)?.unwrap_or_default(),
                updated_at: At(r.get(5)?),
            })
        };
        self.list(
            "SELECT id, kind, payload, attempts, last_error, updated_at FROM job WHERE state = 'dead' ORDER BY updated_at DESC, id LIMIT ?1",
            &[limit.into()],
            row,
        )
    }
}

fn claimed(r: &Row<'_>) -> Result<ClaimedJob, StoreError> {
    Ok(ClaimedJob {
        id: JobId(r.get(0)?),
        kind: r.get(1)?,
        payload: r.get(2)?,
        attempts: r.size(3)?,
    })
}
