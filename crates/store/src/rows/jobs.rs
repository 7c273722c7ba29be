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
    /// Adds work. The same work waiting already is not added twice, but goes first if it now is urgent; the same work given up is
    /// begun anew; the same work under way runs once more when it has ended, because it may have read what was there before.
    pub fn enqueue<P: JobPayload>(
        &mut self,
        payload: &P,
        id: JobId,
        priority: Priority,
        now: At,
    ) -> Result<(), StoreError> {
        let json = serde_json::to_string(payload).map_err(|e| StoreError::Panicked(e.to_string()))?;
        self.post(
            "INSERT INTO job (id, kind, deduplication_key, payload, priority, state, run_at, attempts, again, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6, 0, 0, ?6, ?6) ON CONFLICT (kind, deduplication_key) DO UPDATE SET \
             attempts = CASE WHEN job.state = 'dead' THEN 0 ELSE job.attempts END, \
             again = CASE WHEN job.state = 'running' THEN 1 ELSE 0 END, \
             state = CASE WHEN job.state = 'running' THEN 'running' ELSE 'waiting' END, payload = excluded.payload, \
             run_at = excluded.run_at, priority = excluded.priority, updated_at = excluded.updated_at \
             WHERE job.state IN ('dead', 'running') OR (job.state = 'waiting' AND excluded.priority < job.priority)",
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

    /// Ends a job that was done; `false` when it is not this worker's any more.
    pub fn finish_job(&mut self, id: JobId, worker: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM job WHERE id = ?1 AND worker = ?2 AND state = 'running' AND again = 0";
        Ok(self.execute(sql, &[id.into(), worker.into()])? == 1 || self.begin_again(id, worker)?)
    }

    /// Work that was asked for once more while it ran waits anew, as if it had just been added.
    fn begin_again(&mut self, id: JobId, worker: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE job SET state = 'waiting', again = 0, attempts = 0, worker = NULL, lease_until = NULL, last_error = NULL \
                   WHERE id = ?1 AND worker = ?2 AND state = 'running' AND again = 1";
        let begun = self.execute(sql, &[id.into(), worker.into()])? == 1;
        if begun {
            self.nudge_workers();
        }
        Ok(begun)
    }

    /// Puts a job back, to be tried again; `false` when it is not this worker's any more.
    pub fn retry_job(&mut self, id: JobId, worker: &str, run_at: At, error: &str, now: At) -> Result<bool, StoreError> {
        let sql = "UPDATE job SET state = 'waiting', again = 0, worker = NULL, lease_until = NULL, run_at = ?3, last_error = ?4, updated_at = ?5 \
                   WHERE id = ?1 AND worker = ?2 AND state = 'running'";
        let args = [id.into(), worker.into(), run_at.into(), error.into(), now.into()];
        Ok(self.execute(sql, &args)? == 1)
    }

    /// Gives a job up; it stays to be looked at. `false` when it is not this worker's any more.
    pub fn bury_job(&mut self, id: JobId, worker: &str, error: &str, now: At) -> Result<bool, StoreError> {
        if self.begin_again(id, worker)? {
            return Ok(true);
        }
        let sql = "UPDATE job SET state = 'dead', worker = NULL, lease_until = NULL, last_error = ?3, updated_at = ?4 \
                   WHERE id = ?1 AND worker = ?2 AND state = 'running'";
        Ok(self.execute(sql, &[id.into(), worker.into(), error.into(), now.into()])? == 1)
    }

    /// Hands back what a worker holds, untouched: at a graceful stop.
    pub fn hand_back_jobs(&mut self, worker: &str, now: At) -> Result<u64, StoreError> {
        let sql = "UPDATE job SET state = 'waiting', again = 0, worker = NULL, lease_until = NULL, attempts = attempts - 1, updated_at = ?2 \
                   WHERE worker = ?1 AND state = 'running'";
        self.execute(sql, &[worker.into(), now.into()])
    }

    /// Takes back what a worker of this name held when it was killed; the begun try counts. Only for names that one process has at a time.
    pub fn reclaim_jobs_of(&mut self, worker: &str, now: At) -> Result<u64, StoreError> {
        let sql = "UPDATE job SET state = 'waiting', again = 0, worker = NULL, lease_until = NULL, last_error = 'its worker ended', updated_at = ?2 \
                   WHERE worker = ?1 AND state = 'running'";
        self.execute(sql, &[worker.into(), now.into()])
    }

    /// Takes back jobs whose worker did not come back.
    pub fn reclaim_jobs(&mut self, now: At) -> Result<u64, StoreError> {
        let sql = "UPDATE job SET state = 'waiting', again = 0, worker = NULL, lease_until = NULL, last_error = 'its worker ended', updated_at = ?1 \
                   WHERE state = 'running' AND lease_until < ?1";
        let rows = self.execute(sql, &[now.into()])?;
        if rows > 0 {
            self.nudge_workers();
        }
        Ok(rows)
    }

    /// How many jobs are where.
    pub fn job_counts(&mut self) -> Result<JobCounts, StoreError> {
        let mut count = |sql: &str| Ok::<u64, StoreError>(self.find(sql, &[], |r| r.size(0))?.unwrap_or(0));
        Ok(JobCounts {
            waiting: count("SELECT COUNT(*) FROM job WHERE state = 'waiting'")?,
            running: count("SELECT COUNT(*) FROM job WHERE state = 'running'")?,
            dead: count("SELECT COUNT(*) FROM job WHERE state = 'dead'")?,
        })
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
            "SELECT id, kind, payload, attempts, last_error, updated_at FROM job WHERE state = 'dead' ORDER BY updated_at DESC, id DESC LIMIT ?1",
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
