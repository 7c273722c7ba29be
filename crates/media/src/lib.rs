//! What is in a file: its type by content, its metadata, its dimensions, and the small pictures that stand for it.
//!
//! Everything that decodes runs in a pool of sandboxed child processes ([`DecoderPool`]); plain text is handed to them
//! in anonymous memory and never touches a disk. This crate knows files and child processes. It knows no database, no
//! HTTP and no users.
//!
//! The way through: [`sniff()`] tells the type from the first bytes, [`DecoderPool::process`] makes a [`Processed`] or
//! says in a [`Failure`] what is wrong with the file. [`sidecar`] and [`taken_from_file_name`] are pure helpers for
//! what stands beside a file.

mod bmff;
mod bytes;
mod child;
mod civil;
mod doctor;
mod failure;
mod header;
mod ifd;
mod memory;
mod metadata;
mod picture;
mod pool;
mod raw;
mod sandbox;
mod sniff;
mod source;
mod types;
mod video;
mod wire;

pub use child::decoder_main;
pub use civil::{Taken, TakenSource};
pub use doctor::{ToolReport, ToolState};
pub use failure::{Failure, FailureCode};
pub use header::header_dimensions;
pub use metadata::file_name::taken_from_file_name;
pub use metadata::sidecar;
pub use pool::{DecoderPool, Hints, Settings, Tools};
pub use sniff::{Format, SNIFF_LENGTH, Type, sniff};
pub use source::Source;
pub use types::{
    Camera, Dimensions, Gps, Kind, Metadata, Processed, Rendition, RenditionKind, VideoFacts, Warning, WarningCode,
};
pub use wire::TestAct;
