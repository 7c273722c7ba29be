//! The program `media-vault`: configuration, wiring, commands. Nothing is decided here.

mod commands;
mod config;
mod open;
mod world;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A self-hosted vault for photos and video.
#[derive(Debug, Parser)]
#[command(name = "media-vault", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server, with a worker inside
    Serve(commands::serve::Args),
    /// Start a worker alone
    Worker,
    /// Bring the database's schema up to date
    Migrate,
    /// People
    User {
        #[command(subcommand)]
        command: commands::user::UserCommand,
    },
    /// Take in a folder: photos, videos, sidecars, Google Takeout
    Import(commands::import::Args),
    /// Open every stored object and compare it with what it was
    Verify(commands::verify::Args),
    /// Look for what is wrong with this installation, and say what to do
    Doctor(commands::doctor::Args),
    /// Print the OpenAPI document of the interface
    Openapi,
    /// Print the settings in effect, secrets masked
    Config(commands::config::Args),
}

/// 0: done. 1: failed, or damage was found. 2: wrong use (as clap has it too).
fn main() -> ExitCode {
    // Before anything else: a decoder child must not even read the configuration.
    if std::env::args_os().nth(1).is_some_and(|a| a == "decoder") {
        return media::decoder_main();
    }
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("media-vault: {error:#}");
            if error.is::<config::WrongSetting>() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Openapi => {
            commands::print(&api::openapi());
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(args) => commands::config::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        other => {
            let config = config::Config::load()?;
            commands::telemetry(&config, matches!(other, Command::Serve(_) | Command::Worker));
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let code = runtime.block_on(async {
                match other {
                    Command::Serve(args) => commands::serve::run(&config, &args).await,
                    Command::Worker => commands::serve::worker(&config).await,
                    Command::Migrate => commands::migrate(&config),
                    Command::User { command } => commands::user::run(&config, command).await,
                    Command::Import(args) => commands::import::run(&config, &args).await,
                    Command::Verify(args) => commands::verify::run(&config, &args).await,
                    Command::Openapi | Command::Config(_) | Command::Doctor(_) => Ok(ExitCode::SUCCESS),
                }
            });
            // A decoder that hangs must not hold the end up: its limits end it anyway.
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            code
        }
    }
}
