//! Takes jobs one by one and runs as many at a time as was asked.

use crate::{
    complain::or_log,
    kinds::{self, JobError},
};
use domain::{At, JobId};
use std::time::{Duration, Instant};
use store::ClaimedJob;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vault::{Vault, VaultError, process};

/// How a worker is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in the database. A name that one process has at a time, so that after a crash its jobs are taken back at once.
    pub name: String,
    /// How many jobs run at the same time.
    pub concurrency: usize,
}

/// How long a job is a worker's without a sign of life.
const LEASE: i64 = At::MINUTE;
/// How often a sign of life is given.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// How often the queue is looked at without a nudge: the delay of work that another process added.
const GLANCE: Duration = Duration::from_secs(1);
/// How long running jobs may take to end at a stop before they are handed back.
const PATIENCE: Duration = Duration::from_secs(10);
/// A job is given up after so many tries.
const TRIES: u64 = 6;
/// The pause after the first failed try; it doubles with each, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: i64 = 5 * At::SECOND;
const LONGEST_PAUSE: i64 = At::HOUR;

/// Works until the end. Jobs that still run then are waited for a little, and handed back untouched.
pub async fn work(vault: Vault, settings: Settings, ending: CancellationToken) {
    let (name, now) = (settings.name.clone(), vault.world().now());
    let taken_back = vault
        .store()
        .write::<_, VaultError>(move |tx| {
            let rows = tx.reclaim_jobs_of(&name, now)?;
            Ok(tx.unaudited(rows))
        })
        .await;
    or_log("taking back jobs", taken_back.map(drop));
    let begun = process::read_again_what_lacked_a_program(&vault).await;
    or_log("reading again what lacked a program", begun.map(drop));
    let reconcilers = tokio::spawn(crate::reconcile::run(vault.clone(), ending.clone()));

    let name = settings.name.as_str();
    let most = settings.concurrency.max(1);
    let mut running = JoinSet::new();
    let mut ended = None;
    loop {
        let wants = running.len() < most && !ending.is_cancelled();
        match turn(&vault, name, ended.take(), wants).await {
            Ok(Some(job)) => {
                running.spawn(run(vault.clone(), name.to_owned(), job));
                if running.len() < most {
                    continue;
                }
            }
            found => or_log("taking a turn at the jobs", found.map(drop)),
        }
        if ending.is_cancelled() {
            break;
        }
        let has_room = running.len() < most;
        tokio::select! {
            Some(done) = running.join_next() => ended = done.ok(),
            () = ending.cancelled() => {}
            () = vault.events().work(), if has_room => {}
            () = tokio::time::sleep(GLANCE), if has_room => {}
        }
    }

    let rest = async {
        while let Some(done) = running.join_next().await {
            or_log(
                "recording a job's end",
                turn(&vault, name, done.ok(), false).await.map(drop),
            );
        }
    };
    if tokio::time::timeout(PATIENCE, rest).await.is_err() {
        tracing::info!(event = "worker.jobs_handed_back");
    }
    let (name, now) = (settings.name, vault.world().now());
    let handed_back = vault
        .store()
        .write::<_, VaultError>(move |tx| {
            let rows = tx.hand_back_jobs(&name, now)?;
            Ok(tx.unaudited(rows))
        })
        .await;
    or_log("handing jobs back", handed_back.map(drop));
    drop(reconcilers.await);
}

/// Writes down how a job has ended and takes the next one, both in one change.
async fn turn(
    vault: &Vault,
    worker: &str,
    ended: Option<Ended>,
    wants: bool,
) -> Result<Option<ClaimedJob>, VaultError> {
    let now = vault.world().now();
    if ended.is_none() {
        // A look costs nothing, and taking a change. So first a look.
        let due = wants
            && vault
                .store()
                .read::<_, VaultError>(move |tx| Ok(tx.next_job_at()?.is_some_and(|at| at <= now)))
                .await?;
        if !due {
            return Ok(None);
        }
    }
    let worker = worker.to_owned();
    vault
        .store()
        .write_soon(move |tx| {
            if let Some(Ended { job, end }) = ended {
                match end {
                    End::Done => tx.finish_job(job, &worker)?,
                    End::Again { at, why } => tx.retry_job(job, &worker, at, &why, now)?,
                    End::Never { why } => tx.bury_job(job, &worker, &why, now)?,
                };
            }
            let mut taken = None;
            for kind in kinds::NAMES {
                if wants && taken.is_none() {
                    taken = tx.claim_job(kind, &worker, now.plus(LEASE), now)?;
                }
            }
            Ok(tx.unaudited(taken))
        })
        .await
}

async fn run(vault: Vault, worker: String, job: ClaimedJob) -> Ended {
    let begun = Instant::now();
    let (house, given) = (vault.clone(), job.clone());
    let mut running = tokio::spawn(async move { kinds::run(&house, &given).await });
    let ended = loop {
        tokio::select! {
            ended = &mut running => break ended.unwrap_or_else(|panic| Err(JobError::Retry(panic.to_string()))),
            () = tokio::time::sleep(SIGN_OF_LIFE) => or_log("prolonging a lease", extend(&vault, &worker, &job).await),
        }
    };
    metrics::histogram!("job_duration_seconds", "kind" => job.kind.clone()).record(begun.elapsed().as_secs_f64());
    let end = judge(&vault, &job, ended).await;
    Ended { job: job.id, end }
}

async fn extend(vault: &Vault, worker: &str, job: &ClaimedJob) -> Result<(), VaultError> {
    let (id, worker, until) = (job.id, worker.to_owned(), vault.world().now().plus(LEASE));
    vault
        .store()
        .write_soon(move |tx| {
            tx.extend_lease(id, &worker, until)?;
            Ok(tx.unaudited(()))
        })
        .await
}

struct Ended {
    job: JobId,
    end: End,
}

enum End {
    Done,
    Again { at: At, why: String },
    Never { why: String },
}

/// What becomes of a job that has ended like this. Who waits for one that is given up is told here.
async fn judge(vault: &Vault, job: &ClaimedJob, ended: Result<(), JobError>) -> End {
    let end = match ended {
        Ok(()) => End::Done,
        Err(JobError::Retry(why)) if job.attempts < TRIES => End::Again {
            at: vault.world().now().plus(pause(vault, job.attempts)),
            why,
        },
        Err(JobError::Retry(why) | JobError::Fail(why)) => End::Never { why },
    };
    let outcome = match &end {
        End::Done => "done",
        End::Again { .. } => "retry",
        End::Never { .. } => "dead",
    };
    metrics::counter!("jobs_ended_total", "kind" => job.kind.clone(), "outcome" => outcome).increment(1);
    match &end {
        End::Done => {}
        End::Again { why, .. } => {
            tracing::warn!(event = "job.retry", job = %job.id, kind = job.kind, attempts = job.attempts, why)
        }
        End::Never { why } => {
            tracing::error!(event = "job.dead", job = %job.id, kind = job.kind, attempts = job.attempts, why);
            if let Err(error) = kinds::give_up(vault, job, why).await {
                tracing::error!(event = "job.give_up_failed", job = %job.id, %error);
            }
        }
    }
    end
}

/// Exponential, with up to a quarter more by chance, so that jobs that failed together do not come back together.
fn pause(vault: &Vault, attempts: u64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    let [chance] = vault.world().random::<1>();
    pause + pause / 4 * i64::from(chance) / 255
}
