//! The kinds of jobs. Each file runs one use case of `vault`; this registry says which name is whose.

mod process_media;

use domain::{JobPayload, ProcessMedia};
use store::ClaimedJob;
use vault::Vault;

/// How a step of a job ended that did not end well. Each says whether trying again makes sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    /// Trouble that may pass.
    #[error("{0}")]
    Retry(String),
    /// It will never go through.
    #[error("{0}")]
    Fail(String),
}

/// Every name that is claimed. A job of another name waits for the version that knows it.
pub(crate) const NAMES: &[&str] = &[ProcessMedia::NAME];

/// Runs a job.
pub(crate) async fn run(vault: &Vault, job: &ClaimedJob) -> Result<(), JobError> {
    match job.kind.as_str() {
        ProcessMedia::NAME => process_media::run(vault, read(job)?).await,
        other => Err(JobError::Fail(format!(
            "no version of this program knows the job kind {other:?}"
        ))),
    }
}

/// Leaves a job for good: what waits for it is told.
pub(crate) async fn give_up(vault: &Vault, job: &ClaimedJob, why: &str) -> Result<(), JobError> {
    match job.kind.as_str() {
        ProcessMedia::NAME => process_media::give_up(vault, read(job)?, why).await,
        _ => Ok(()),
    }
}

fn read<P: JobPayload>(job: &ClaimedJob) -> Result<P, JobError> {
    serde_json::from_str(&job.payload)
        .map_err(|e| JobError::Fail(format!("the payload of {} is not understood: {e}", job.kind)))
}
