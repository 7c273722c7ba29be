//! For tests only: a real PostgreSQL, fresh databases on both engines, sample media.
//!
//! Everything here panics with a plain sentence when the machine lacks something: a test that cannot run has failed.
// A test helper's way to fail is to panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod database;
pub mod postgres;
pub mod sample;

pub use database::{Database, Engine};
pub use testkit_macros::both;

/// Runs a future to its end on a multi-threaded tokio runtime of its own. What `#[testkit::both]` does with an `async` test.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a tokio runtime")
        .block_on(future)
}

/// A new empty folder under the system's temporary folder, removed when dropped.
pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("media-vault-test-")
        .tempdir()
        .expect("a temporary folder")
}
