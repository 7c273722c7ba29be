//! `config`: the settings in effect.

use crate::config::{Config, reference};
use std::process::ExitCode;

/// What `config` is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// All settings with their defaults and what they are for, as a Markdown table
    #[arg(long)]
    reference: bool,
}

/// Prints them.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.reference {
        super::print(reference().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let shown = Config::load()?.shown();
    if args.json {
        let map: serde_json::Map<_, _> = shown.into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect();
        super::print(&serde_json::to_string_pretty(&map)?);
    } else {
        for (name, value) in shown {
            super::print(&format!("{name} = {}", toml::Value::String(value)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
