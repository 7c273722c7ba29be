//! What the rows do, on both databases, through the public interface.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test's way to fail is to panic"
)]

mod accounts;
mod counters;
mod events;
mod idempotency;
mod jobs;
mod media;
mod processing;
mod sessions;
mod timeline;
mod together;
mod uploads;
mod world;
