//! Bytes at rest: sealed while they arrive, durable when they are acknowledged, opened frame by frame for those who may.
//!
//! The format, and why no nonce is ever used twice, is in `docs/format.md`; what all this protects from, and what not, in
//! `docs/threat-model.md`. Everything here is synchronous: call it on threads that may block.
//!
//! An object's life: [`Blobs::create`] -> [`Writer::write`] -> ([`Writer::park`] -> [`Blobs::resume`])* ->
//! [`Writer::finish`] -> the caller commits the row -> [`Blobs::settle`]. Until `settle` it lies in `incoming/`; at start-up
//! the caller settles or discards what [`Blobs::pending`] lists, as its rows say.

mod at_hand;
mod care;
mod dir_sync;
mod disk;
mod error;
mod finish;
mod format;
mod key;
mod key_file;
mod marker;
mod reader;
mod recent;
mod resume;
mod scratch;
mod seal;
mod store;
mod tail;
mod writer;

pub use care::{Stored, StoredObject};
pub use error::{BlobError, Damage, Flaw, KeyError};
pub use key::MasterKey;
pub use key_file::Origin;
pub use reader::Reader;
pub use store::{Blobs, Random, Settings};
pub use writer::Writer;

/// The version of the format that new objects are written in. Older ones stay readable; `testdata/formats/` has one of each.
pub const FORMAT_VERSION: u8 = format::VERSION;
