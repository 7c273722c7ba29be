//! One file for each command.

pub mod config;
pub mod doctor;
pub mod import;
pub mod serve;
pub mod user;
pub mod verify;

use crate::config::{Config, LogFormat};
use std::{io::Write, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// Writes a line for whoever called. A reader that went away (`| head`) ends nothing.
pub fn print(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Log lines go to stderr, so that what a command prints can be piped. Commands that a person runs only log what went wrong.
pub fn telemetry(config: &Config, server: bool) {
    let words = if server || config.log != "info" {
        config.log.clone()
    } else {
        "error".into()
    };
    let filter = EnvFilter::try_new(&words).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let set = match config.log_format {
        LogFormat::Json => lines.json().try_init(),
        LogFormat::Text => lines.with_ansi(false).try_init(),
    };
    if let Err(error) = set {
        eprintln!("media-vault: no log: {error}");
    }
}

/// Brings the schema up to date.
pub fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&config.data_dir)?;
    let settings = store::Settings {
        url: config.database(),
        connections: 1,
    };
    store::Store::open(&settings, std::sync::Arc::new(drop))?;
    print(&format!("The database has schema version {}.", store::SCHEMA_VERSION));
    Ok(ExitCode::SUCCESS)
}
