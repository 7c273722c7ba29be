//! What runs on a timer: comparing what should be with what is.

use crate::complain::or_log;
use domain::At;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use vault::{Vault, VaultError, housekeeping};

/// How often jobs of workers that vanished are taken back.
const RECLAIM: Duration = Duration::from_secs(10);
/// How often the house is tidied without a nudge.
const TIDY: Duration = Duration::from_secs(60);

/// Runs the reconcilers until the end.
pub(crate) async fn run(vault: Vault, ending: CancellationToken) {
    let mut reclaim = tokio::time::interval(RECLAIM);
    let mut tidy = tokio::time::interval(TIDY);
    let mut doomed = tokio::time::interval(Duration::from_secs(2));
    loop {
        tokio::select! {
            () = ending.cancelled() => return,
            _ = reclaim.tick() => {
                or_log("taking back jobs of workers that vanished", take_back(&vault).await);
                or_log("counting jobs", count(&vault).await);
            },
            _ = tidy.tick() => or_log("tidying", housekeeping::tidy(&vault).await.map(drop)),
            _ = doomed.tick() => or_log("removing objects", housekeeping::remove_doomed(&vault).await.map(drop)),
        }
    }
}

async fn take_back(vault: &Vault) -> Result<(), VaultError> {
    let now: At = vault.world().now();
    let rows = vault
        .store()
        .write::<_, VaultError>(move |tx| {
            let rows = tx.reclaim_jobs(now)?;
            Ok(tx.unaudited(rows))
        })
        .await?;
    if rows > 0 {
        tracing::warn!(event = "jobs.reclaimed", rows);
    }
    Ok(())
}

/// How many jobs are where, as gauges.
async fn count(vault: &Vault) -> Result<(), VaultError> {
    let counts = vault.store().read::<_, VaultError>(|tx| Ok(tx.job_counts()?)).await?;
    for (state, jobs) in [
        ("waiting", counts.waiting),
        ("running", counts.running),
        ("dead", counts.dead),
    ] {
        metrics::gauge!("jobs", "state" => state).set(jobs as f64);
    }
    Ok(())
}
