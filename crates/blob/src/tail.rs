//! The beginning of a frame, kept beside the object between two sessions.
//!
//! It is not written into the object: continuing would have to overwrite it there, and a crash in the middle of that would
//! take acknowledged bytes. Here a new one replaces the old one by a rename, and an outdated one is told by its index.

use crate::{
    disk::options,
    error::{BlobError, Doing},
    format::{EXTRA, FRAME, SALT, array},
    seal::{Kind, ObjectKey, Sealer},
    store::Inner,
};
use domain::BlobId;
use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write},
};

/// Bytes before the sealed slot: the index of the frame, which the nonce repeats under seal.
const INDEX: usize = 8;

/// A tail that was found and opens.
pub(crate) struct Tail {
    pub index: u64,
    pub plain: Vec<u8>,
}

/// Puts a tail aside, in place of any older one.
pub(crate) fn put(inner: &Inner, id: BlobId, sealer: &mut Sealer, index: u64, plain: &[u8]) -> Result<(), BlobError> {
    let mut bytes = vec![0; INDEX + EXTRA + plain.len()];
    bytes[..INDEX].copy_from_slice(&index.to_be_bytes());
    sealer.seal_into(Kind::Tail, index, plain, &mut bytes[INDEX..])?;
    let beside = inner.layout.new_tail(id);
    let written = (|| {
        options().create(true).truncate(true).open(&beside)?.write_all(&bytes)?;
        fs::rename(&beside, inner.layout.tail(id))
    })();
    written.or_else(|error| {
        // The old tail still stands; half of a new one would only take room.
        crate::disk::remove(&beside)?;
        Err(error).doing("putting the end of a received object aside")
    })
}

/// The tail that belongs to the object with this key, if there is one that opens.
pub(crate) fn find(inner: &Inner, id: BlobId, key: &ObjectKey) -> Result<Option<Tail>, BlobError> {
    const READING: &str = "reading the end of a received object";
    let file = match File::open(inner.layout.tail(id)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.doing(READING)?,
    };
    let mut bytes = Vec::new();
    file.take((INDEX + EXTRA + FRAME + 1) as u64)
        .read_to_end(&mut bytes)
        .doing(READING)?;
    Ok(open(&bytes, key))
}

fn open(bytes: &[u8], key: &ObjectKey) -> Option<Tail> {
    let index = u64::from_be_bytes(array(bytes)?);
    let slot = bytes.get(INDEX..)?;
    let salt: [u8; SALT] = array(slot)?;
    let len = slot.len().checked_sub(EXTRA).filter(|len| (1..=FRAME).contains(len))?;
    let mut plain = vec![0; len];
    let opener = key.opener(&salt).ok()?;
    opener.open(Kind::Tail, index, slot, &mut plain).ok()?;
    Some(Tail { index, plain })
}
