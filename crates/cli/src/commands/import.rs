//! `import`: takes in a folder.

use crate::config::Config;
use std::{path::PathBuf, process::ExitCode};

/// What `import` is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder
    dir: PathBuf,
    /// Whose library it goes to: their e-mail address
    #[arg(long)]
    user: String,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// As JSON, without a progress bar
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(_config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("import of {} is being written", args.dir.display())
}
