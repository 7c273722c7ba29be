//! Why a file could not be processed, in words for the person who uploaded it.

use serde::{Deserialize, Serialize};

/// A file that could not be processed.
///
/// `code` is for programs, `detail` says in plain words what happened and what to do. Ask [`Failure::retry`] whether
/// the same file may go through later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail} ({code})")]
pub struct Failure {
    /// For programs.
    pub code: FailureCode,
    /// For people.
    pub detail: String,
}

/// The kinds of [`Failure`], each with what the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// Not a photo, video or audio that Media Vault knows. Final: refuse it.
    Unsupported,
    /// Broken beyond use, or empty. Final: keep the original, ask for another copy.
    Damaged,
    /// More pixels than the limit. Final until the limit is raised.
    TooManyPixels,
    /// Longer than the limit. Final until the limit is raised.
    TooLong,
    /// Decoding needs more memory than a decoder may have. Final until the limit is raised.
    TooBigInMemory,
    /// Decoding took more time than a decoder may have. Final until the limit is raised.
    TimedOut,
    /// The decoder died of the file. Final; the server is untouched.
    DecoderCrashed,
    /// A tool that this type needs is not installed. Final until it is; `detail` names it.
    DecoderMissing,
    /// The decoder tried something that decoding never needs (a file, a socket). Final; treat the file as hostile.
    ForbiddenAction,
    /// A raw photo without a usable picture inside. Final; the original is kept.
    NoPreview,
    /// Reading the file or starting a decoder failed. Retry.
    Io,
}

impl FailureCode {
    /// The word that goes into answers and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Damaged => "damaged",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooLong => "too_long",
            Self::TooBigInMemory => "too_big_in_memory",
            Self::TimedOut => "timed_out",
            Self::DecoderCrashed => "decoder_crashed",
            Self::DecoderMissing => "decoder_missing",
            Self::ForbiddenAction => "forbidden_action",
            Self::NoPreview => "no_preview",
            Self::Io => "io",
        }
    }
}

impl std::fmt::Display for FailureCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Failure {
    pub(crate) fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    pub(crate) fn damaged(detail: impl Into<String>) -> Self {
        Self::new(FailureCode::Damaged, detail)
    }

    pub(crate) fn io(what: &str, error: impl std::fmt::Display) -> Self {
        Self::new(FailureCode::Io, format!("{what}: {error}"))
    }

    /// Whether the same file may go through later: trouble of the machine, not of the file.
    #[must_use]
    pub fn retry(&self) -> bool {
        self.code == FailureCode::Io
    }
}
