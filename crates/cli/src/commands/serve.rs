//! `serve` and `worker`.

use crate::{config::Config, open};
use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{process::ExitCode, sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What `serve` is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave the background work to workers of their own
    #[arg(long)]
    no_worker: bool,
}

/// Serves until it is told to stop; then requests end, and jobs are handed back.
pub async fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    let listener = tokio::net::TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "nothing can listen on {}: is another server running there? Set MEDIA_VAULT_LISTEN to another port",
            config.listen
        )
    })?;
    let measured = metrics()?;
    let house = open::open(config).await?;
    let ending = CancellationToken::new();
    end_on_signal(ending.clone())?;
    tokio::spawn(vault::events::pump(house.vault.clone()));

    let worker = (!args.no_worker).then(|| {
        let settings = jobs::Settings {
            name: format!("{}:serve", house.instance),
            concurrency: config.jobs_at_once(),
        };
        tokio::spawn(jobs::work(house.vault.clone(), settings, ending.clone()))
    });
    welcome(config, &house).await?;
    let api = api::Api::new(house.vault.clone(), config.api(), Arc::new(move || measured.render()));
    let served = api::serve(listener, api, ending.clone().cancelled_owned()).await;
    ending.cancel();
    if let Some(worker) = worker {
        worker.await?;
    }
    served?;
    tracing::info!(event = "serve.ended");
    Ok(ExitCode::SUCCESS)
}

/// Counts what this process does, in memory, for `/metrics`. Buckets in seconds: from a cached thumbnail to a long video.
fn metrics() -> anyhow::Result<PrometheusHandle> {
    const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0];
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

async fn welcome(config: &Config, house: &open::House) -> anyhow::Result<()> {
    if let Some(file) = &house.new_key {
        super::print(&format!(
            "A new master key was made: {}. Keep a copy of it apart from the data; without it nothing can be read.",
            file.display()
        ));
    }
    super::print(&format!(
        "Media Vault runs at {}, data in {}.",
        config.public_address(),
        config.data_dir.display()
    ));
    let next = match vault::accounts::needs_setup(&house.vault).await? {
        true => "Next: open it in a browser and create the administrator.",
        false => "Next: open it in a browser and sign in.",
    };
    super::print(next);
    Ok(())
}

/// Works until it is told to stop.
pub async fn worker(config: &Config) -> anyhow::Result<ExitCode> {
    let house = open::open(config).await?;
    let ending = CancellationToken::new();
    end_on_signal(ending.clone())?;
    let settings = jobs::Settings {
        name: format!("{}:worker:{}", house.instance, std::process::id()),
        concurrency: config.jobs_at_once(),
    };
    super::print("The worker runs. It takes jobs from the database until it is stopped.");
    jobs::work(house.vault, settings, ending).await;
    Ok(ExitCode::SUCCESS)
}

/// The first signal ends gracefully; a second one at once.
fn end_on_signal(ending: CancellationToken) -> anyhow::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        ending.cancel();
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        std::process::exit(1);
    });
    Ok(())
}
