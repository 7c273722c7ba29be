//! The refusals of use cases as problems: the one place where they get their HTTP status.

use crate::{
    problem::{FieldError, Kind, Problem},
    tus,
};
use axum::http::{HeaderValue, header};
use vault::VaultError;

impl From<VaultError> for Problem {
    fn from(why: VaultError) -> Self {
        let text = why.to_string();
        match why {
            VaultError::NotFound => Problem::not_found(),
            VaultError::Forbidden => Problem::new(Kind::Forbidden, text),
            VaultError::Unauthenticated => Problem::unauthorized(&text),
            VaultError::SignInFailed => Problem::new(Kind::SignInFailed, text).with(header::WWW_AUTHENTICATE, bearer()),
            VaultError::TooManyTries { seconds } => wait(Problem::new(Kind::TooManyRequests, text), seconds),
            VaultError::Invalid(fields) => Problem::fields(
                fields
                    .into_iter()
                    .map(|f| FieldError {
                        field: f.field.to_owned(),
                        message: f.message,
                    })
                    .collect(),
            ),
            VaultError::Conflict(_) | VaultError::Stale => Problem::new(Kind::Conflict, text),
            VaultError::QuotaExceeded { .. } => Problem::new(Kind::QuotaExceeded, text),
            VaultError::NoSpace => Problem::new(Kind::InsufficientStorage, text),
            VaultError::TooLarge { .. } | VaultError::TooMuch { .. } => Problem::new(Kind::TooLarge, text),
            VaultError::Unsupported(_) => Problem::new(Kind::UnsupportedFile, text),
            VaultError::HashMismatch => Problem::new(Kind::HashMismatch, text),
            VaultError::ChecksumMismatch => Problem::new(Kind::ChecksumMismatch, text),
            VaultError::WrongOffset { expected } => {
                Problem::new(Kind::WrongOffset, text).with(tus::OFFSET, HeaderValue::from(expected))
            }
            VaultError::UploadBusy => wait(Problem::new(Kind::Locked, text), 1),
            VaultError::Interrupted => Problem::new(Kind::BadRequest, text),
            VaultError::NoRendition(_) => Problem::new(Kind::NoRendition, text),
            VaultError::Damaged(what) => {
                tracing::error!(event = "content.damaged", what);
                Problem::new(
                    Kind::Damaged,
                    "The stored file is damaged, and nothing of it is given out. Ask the operator.",
                )
            }
            VaultError::Unavailable(cause) => {
                tracing::warn!(event = "unavailable", cause);
                wait(Problem::new(Kind::Unavailable, text), 1)
            }
            VaultError::Internal(cause) => Problem::internal(&cause),
        }
    }
}

fn bearer() -> HeaderValue {
    HeaderValue::from_static("Bearer")
}

fn wait(problem: Problem, seconds: u64) -> Problem {
    problem.with(header::RETRY_AFTER, HeaderValue::from(seconds))
}
