//! `verify`: is everything there, and is it what it was?

use crate::{config::Config, open};
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use vault::verify;

/// What `verify` is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON, without a progress bar
    #[arg(long)]
    json: bool,
}

/// Opens everything. Exit code 1 when something is wrong.
pub async fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    let house = open::open(config).await?;
    let bar = if args.json {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left, {msg}",
    )?);
    let report = verify::verify(&house.vault, |step| {
        bar.set_length(step.of_bytes);
        bar.set_position(step.bytes);
        bar.set_message(format!("{} of {} objects", step.objects, step.of));
    })
    .await?;
    bar.finish_and_clear();
    if args.json {
        super::print(&serde_json::to_string_pretty(&report)?);
    } else {
        for finding in &report.findings {
            let files = if finding.files.is_empty() {
                String::new()
            } else {
                format!(" ({})", finding.files.join(", "))
            };
            super::print(&format!("{}: {}{files}", finding.kind, finding.detail));
        }
        super::print(&match report.findings.len() {
            0 => format!(
                "{} objects ({} bytes) were opened and are what they were. Nothing is missing, nothing is left over.",
                report.objects, report.bytes
            ),
            n => format!(
                "{n} of {} objects are not as they should be. Restore them from a backup; nothing was changed.",
                report.objects
            ),
        });
    }
    Ok(if report.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
