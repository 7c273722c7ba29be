//! What the database knows of a stored object. How it is sealed is the business of `blob`.

use crate::id::BlobId;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The SHA-256 of plain bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}
impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}
impl FromStr for Sha256 {
    type Err = crate::text::Invalid;
    /// Reads 64 hexadecimal digits in either case.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        const FORM: crate::text::Invalid = crate::text::Invalid::Form("must be a SHA-256 in 64 hexadecimal digits");
        let mut out = [0; 32];
        if s.len() != 64 || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(FORM);
        }
        for (byte, pair) in out.iter_mut().zip(s.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| FORM)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| FORM)?;
        }
        Ok(Self(out))
    }
}
impl Serialize for Sha256 {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Names a master key without telling it: the first 8 bytes of a hash of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyId(pub [u8; 8]);

/// A data key sealed by the master key. Useless without that.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(pub Vec<u8>);

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({} bytes)", self.0.len())
    }
}

/// A stored object as its row describes it: everything that is needed to open it, and to know that it is the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRecord {
    /// Its id, which also is its key in the object store.
    pub id: BlobId,
    /// Bytes before sealing.
    pub plain_size: u64,
    /// Bytes as stored.
    pub stored_size: u64,
    /// Hash of the plain bytes.
    pub sha256: Sha256,
    /// The master key that wrapped the data key.
    pub key_id: KeyId,
    /// The data key, wrapped.
    pub wrapped_key: WrappedKey,
}
