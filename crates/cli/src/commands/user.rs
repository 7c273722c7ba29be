//! `user`: people, from the server's own command line.

use crate::{config::Config, open};
use domain::{Errand, Role};
use std::{
    io::{BufRead, IsTerminal},
    process::ExitCode,
};
use vault::{VaultError, accounts};

/// What is done with people.
#[derive(Debug, clap::Subcommand)]
pub enum UserCommand {
    /// Make an account
    Add {
        /// By what they sign in
        #[arg(long)]
        email: String,
        /// As shown
        #[arg(long)]
        name: String,
        /// user, partner or admin
        #[arg(long, default_value = "user")]
        role: String,
        /// The most bytes they may keep; 0 for no limit
        #[arg(long)]
        quota: Option<u64>,
        /// Read the password from the first line of standard input
        #[arg(long, required = true)]
        password_stdin: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs it.
pub async fn run(config: &Config, command: UserCommand) -> anyhow::Result<ExitCode> {
    let UserCommand::Add {
        email,
        name,
        role,
        quota,
        password_stdin: _,
        json,
    } = command;
    let Ok(role) = role.parse::<Role>() else {
        eprintln!("media-vault: --role must be user, partner or admin, not {role:?}");
        return Ok(ExitCode::from(2));
    };
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("Type the password and press Enter:");
    }
    let mut password = String::new();
    stdin.lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    let house = open::open(config).await?;
    let call = house.vault.errand(Errand::Operator);
    let account = accounts::NewAccount {
        name,
        email,
        password,
        role,
        quota_bytes: quota.filter(|q| *q > 0),
    };
    match accounts::add(&house.vault, call, account).await {
        Ok(user) if json => super::print(
            &serde_json::json!({ "id": user.id, "email": user.email, "name": user.name, "role": user.role })
                .to_string(),
        ),
        Ok(user) => super::print(&format!("{} <{}> was added as {}.", user.name, user.email, user.role)),
        Err(VaultError::Invalid(fields)) => {
            for field in fields {
                eprintln!("media-vault: {} {}", field.field, field.message);
            }
            return Ok(ExitCode::FAILURE);
        }
        Err(other) => return Err(other.into()),
    }
    Ok(ExitCode::SUCCESS)
}
