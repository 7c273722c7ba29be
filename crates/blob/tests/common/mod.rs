//! What the tests share: a store in a temporary directory, proofs, and bytes that are told by their seed.
#![allow(dead_code, reason = "each test file uses a part of it")]

use blob::{BlobError, Blobs, MasterKey, Random, Reader, Settings};
use domain::{
    Actor, Allowed, BlobId, BlobRecord, Errand, can,
    policy::{InstallationFacts, KeepHouse, VerifyStorage},
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use uuid::Uuid;

/// Bytes of a header, and of a full frame as stored (`docs/format.md`).
pub const HEADER: u64 = 96;
pub const SLOT: u64 = 65_568;
pub const FRAME: u64 = 65_536;

pub fn id(n: u64) -> BlobId {
    BlobId(Uuid::from_u128(
        0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(n),
    ))
}

pub fn master() -> MasterKey {
    MasterKey::from_bytes([0x4d; 32])
}

/// Repeats itself from run to run, and never within one: SHA-256 of a seed and a counter.
pub fn random(seed: u64) -> Random {
    let counter = AtomicU64::new(0);
    Arc::new(move |out: &mut [u8]| {
        for chunk in out.chunks_mut(32) {
            let n = counter.fetch_add(1, Ordering::Relaxed);
            let mut input = seed.to_be_bytes().to_vec();
            input.extend_from_slice(&n.to_be_bytes());
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &input);
            chunk.copy_from_slice(&digest.as_ref()[..chunk.len()]);
        }
    })
}

/// Really random, for tests in which several handles seal into one store.
pub fn true_random() -> Random {
    Arc::new(|out: &mut [u8]| aws_lc_rs::rand::fill(out).unwrap())
}

pub fn open(root: &Path) -> Blobs {
    Blobs::open(Settings::new(root), master(), true_random()).unwrap()
}

pub fn sha256(bytes: &[u8]) -> domain::Sha256 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    domain::Sha256(digest.as_ref().try_into().unwrap())
}

/// Pseudo-random bytes; any two seeds differ early.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_be_bytes());
    }
    out.truncate(len);
    out
}

pub fn may_verify() -> Allowed<VerifyStorage> {
    can(
        &Actor::System(Errand::Verification),
        InstallationFacts { has_users: true },
    )
    .unwrap()
}

pub fn may_clean() -> Allowed<KeepHouse> {
    can(
        &Actor::System(Errand::Housekeeping),
        InstallationFacts { has_users: true },
    )
    .unwrap()
}

pub fn store(blobs: &Blobs, id: BlobId, plain: &[u8]) -> BlobRecord {
    let mut writer = blobs.create(id).unwrap();
    writer.write(plain).unwrap();
    let record = writer.finish().unwrap();
    blobs.settle(id).unwrap();
    record
}

pub fn reader(blobs: &Blobs, record: &BlobRecord) -> Result<Reader, BlobError> {
    blobs.reader(&may_verify(), record)
}

/// The whole object in pieces of that size.
pub fn read_by(reader: &Reader, step: usize) -> Result<Vec<u8>, BlobError> {
    let mut out = Vec::new();
    let mut piece = vec![0; step];
    loop {
        let n = reader.read_at(out.len() as u64, &mut piece)?;
        if n == 0 {
            return Ok(out);
        }
        out.extend_from_slice(&piece[..n]);
    }
}

pub fn read_all(blobs: &Blobs, record: &BlobRecord) -> Result<Vec<u8>, BlobError> {
    read_by(&reader(blobs, record)?, 300_000)
}

pub fn staged(root: &Path, id: BlobId) -> PathBuf {
    root.join("incoming").join(id.to_string())
}

pub fn settled(root: &Path, id: BlobId) -> PathBuf {
    let b = id.0.as_bytes();
    root.join(format!("objects/{:02x}/{id}", b[15]))
}

/// Every file under a directory.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out
}
