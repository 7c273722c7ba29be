//! What is in a file: its type by content, its metadata, its dimensions, and the small pictures that stand for it.
//!
//! Everything that decodes runs in a pool of sandboxed child processes ([`DecoderPool`]); plain text is handed to them
//! in anonymous memory and never touches a disk. This crate knows files and child processes. It knows no database, no
//! HTTP and no users.
//!
//! The way through: [`sniff()`] tells the type from the first bytes, [`DecoderPool::process`] makes a [`Processed`] or
//! says in a [`Failure`] what is wrong with the file. [`sidecar`] and [`taken_from_file_name`] are pure helpers for
//! what stands beside a file.
//!
//! To add a format: a line in [`sniff()`]'s table and its signature, its header in `header`, its metadata blocks in
//! `metadata::gather`, its decoder in `picture::codecs` (or a tool in `pool::tool`), a file of it in
//! `tests/corpus` with what a second decoder shows of it; the test of all formats then covers it.
//!
//! What holds: no plain text is written to a disk (input and output are anonymous memory, which the system may still
//! swap); a child that decodes opens no file, no socket and no program; a tool reads system files only; whatever a
//! child answers is checked and cleaned again by the parent; a file ends in a [`Processed`] or a [`Failure`], and no
//! file ends the server.

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
