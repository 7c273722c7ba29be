//! Reads what is in a file and makes its renditions.

use super::JobError;
use domain::ProcessMedia;
use vault::{
    Vault,
    process::{self, ProcessError},
};

pub(super) async fn run(vault: &Vault, payload: ProcessMedia) -> Result<(), JobError> {
    Ok(process::process(vault, payload).await?)
}

pub(super) async fn give_up(vault: &Vault, payload: ProcessMedia, why: &str) -> Result<(), JobError> {
    let detail = format!(
        "The server could not read this file, although it tried several times ({why}). The original is safe. Try again later."
    );
    Ok(process::give_up(vault, &payload, "io", &detail).await?)
}

impl From<ProcessError> for JobError {
    fn from(e: ProcessError) -> Self {
        match e {
            ProcessError::Retry(why) => Self::Retry(why),
        }
    }
}
