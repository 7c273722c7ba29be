//! Protocol and cryptography of "who is calling": input to output.
//!
//! This crate knows no rows, no HTTP, no clock and no randomness: random bytes and the time are arguments, so that every
//! answer can be repeated in a test.

pub mod backoff;
pub mod keyfile;
mod known;
pub mod link;
pub mod password;
pub mod refresh;
pub mod token;

pub use backoff::Backoff;
pub use keyfile::KeyFileError;
pub use link::{LinkError, LinkKey, Purpose};
pub use password::{PasswordError, Verified};
pub use token::{Claims, TokenError, TokenKeys};
