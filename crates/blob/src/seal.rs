//! Sealing and opening of frames. Here, and only here, nonces are made; why none is ever used twice is in `docs/format.md`.

use crate::{
    error::CipherFault,
    format::{HEADER, SALT, TAG},
};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest, hkdf,
};
use zeroize::Zeroizing;

/// The 256-bit key of one object.
pub(crate) type DataKey = Zeroizing<[u8; 32]>;

const FRAME_INFO: &[u8] = b"media-vault/1 frames";

/// What is sealed under a nonce. The number is part of the nonce, so that none can be taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A full frame that another one follows.
    Frame = 0,
    /// The last frame of a finished object.
    Last = 1,
    /// The beginning of a frame, put aside between two sessions.
    Tail = 2,
    /// The facts at the end of a finished object.
    Footer = 3,
}

/// An AES-256-GCM key derived by HKDF-SHA256.
pub(crate) fn derive(secret: &[u8; 32], salt: &[u8], info: &[&[u8]]) -> Result<LessSafeKey, CipherFault> {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let okm = prk.expand(info, &AES_256_GCM).map_err(|_| CipherFault)?;
    Ok(LessSafeKey::new(UnboundKey::from(okm)))
}

/// The SHA-256 of some pieces, one after the other.
pub(crate) fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for piece in pieces {
        context.update(piece);
    }
    finish_sha256(context)
}

/// The value of a SHA-256 context.
pub(crate) fn finish_sha256(context: digest::Context) -> [u8; 32] {
    let mut out = [0; 32];
    // A SHA-256 has 32 bytes; zip cannot fail where copy_from_slice could panic.
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}

/// The key of an object together with the header that it belongs to. Any change of the header makes every frame refuse to open.
pub(crate) struct ObjectKey {
    data: DataKey,
    header: [u8; 32],
}

impl ObjectKey {
    pub fn new(data: DataKey, header: &[u8; HEADER]) -> Self {
        let header = sha256(&[header]);
        ObjectKey { data, header }
    }

    pub fn data(&self) -> &DataKey {
        &self.data
    }

    /// The key that opens what the session with this salt has sealed.
    pub fn opener(&self, salt: &[u8; SALT]) -> Result<Opener, CipherFault> {
        Ok(Opener {
            salt: *salt,
            key: derive(&self.data, salt, &[FRAME_INFO, &self.header])?,
        })
    }

    /// A new session. The salt must be drawn anew for each.
    pub fn sealer(&self, salt: [u8; SALT]) -> Result<Sealer, CipherFault> {
        Ok(Sealer {
            key: self.opener(&salt)?,
            floor: 0,
        })
    }
}

fn nonce(kind: Kind, index: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[0] = kind as u8;
    bytes[4..].copy_from_slice(&index.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Opens what one session has sealed. A slot is salt, ciphertext, tag.
pub(crate) struct Opener {
    salt: [u8; SALT],
    key: LessSafeKey,
}

impl Opener {
    pub fn salt(&self) -> &[u8; SALT] {
        &self.salt
    }

    /// Opens a slot into `out`, which must have the size of its plain bytes. If it fails, `out` holds zeros.
    pub fn open(&self, kind: Kind, index: u64, slot: &[u8], out: &mut [u8]) -> Result<(), CipherFault> {
        let opened = (|| {
            let (salt, sealed) = slot.split_at_checked(SALT)?;
            let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
            if salt != self.salt || text.len() != out.len() {
                return None;
            }
            self.key
                .open_separate_gather(nonce(kind, index), Aad::empty(), text, tag, out)
                .ok()
        })();
        if opened.is_none() {
            out.fill(0);
        }
        opened.ok_or(CipherFault)
    }
}

/// Seals, each index at most once and in ascending order, whatever the kind: so no nonce repeats under this session's key.
pub(crate) struct Sealer {
    key: Opener,
    floor: u64,
}

impl Sealer {
    pub fn salt(&self) -> &[u8; SALT] {
        &self.key.salt
    }

    fn take(&mut self, kind: Kind, index: u64) -> Result<Nonce, CipherFault> {
        if index < self.floor {
            return Err(CipherFault);
        }
        self.floor = index.checked_add(1).ok_or(CipherFault)?;
        Ok(nonce(kind, index))
    }

    /// Seals a slot whose plain bytes already stand in their place between salt and tag.
    pub fn seal_in_place(&mut self, kind: Kind, index: u64, slot: &mut [u8]) -> Result<(), CipherFault> {
        let nonce = self.take(kind, index)?;
        let (salt, sealed) = slot.split_at_mut_checked(SALT).ok_or(CipherFault)?;
        let text = sealed.len().checked_sub(TAG).ok_or(CipherFault)?;
        let (text, tag) = sealed.split_at_mut(text);
        salt.copy_from_slice(&self.key.salt);
        self.key
            .key
            .seal_in_place_scatter(nonce, Aad::empty(), text, &[], tag)
            .map_err(|_| CipherFault)
    }

    /// Seals `plain` into a slot, which must be 32 bytes longer. Saves a copy over [`Self::seal_in_place`].
    pub fn seal_into(&mut self, kind: Kind, index: u64, plain: &[u8], slot: &mut [u8]) -> Result<(), CipherFault> {
        let nonce = self.take(kind, index)?;
        let (salt, sealed) = slot.split_at_mut_checked(SALT).ok_or(CipherFault)?;
        let (text, tag) = sealed.split_at_mut_checked(plain.len()).ok_or(CipherFault)?;
        salt.copy_from_slice(&self.key.salt);
        self.key
            .key
            .seal_out_of_place_scatter(nonce, Aad::empty(), plain, text, &[], tag)
            .map_err(|_| CipherFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ObjectKey {
        ObjectKey::new(Zeroizing::new([1; 32]), &[2; HEADER])
    }

    #[test]
    fn a_session_seals_no_index_twice_whatever_the_kind() {
        let mut sealer = key().sealer([3; SALT]).unwrap();
        let mut slot = [0; 40];
        sealer.seal_into(Kind::Frame, 0, b"01234567", &mut slot).unwrap();
        sealer.seal_into(Kind::Tail, 1, b"01234567", &mut slot).unwrap();
        for kind in [Kind::Frame, Kind::Last, Kind::Tail, Kind::Footer] {
            assert!(sealer.seal_into(kind, 0, b"other...", &mut slot).is_err());
            assert!(sealer.seal_into(kind, 1, b"other...", &mut slot).is_err());
        }
        sealer.seal_in_place(Kind::Last, 2, &mut slot).unwrap();
    }

    #[test]
    fn both_ways_of_sealing_agree_and_open() {
        let (mut a, mut b) = ([0; 40], [0; 40]);
        let mut sealer = key().sealer([3; SALT]).unwrap();
        sealer.seal_into(Kind::Frame, 7, b"01234567", &mut a).unwrap();
        b[16..24].copy_from_slice(b"01234567");
        key()
            .sealer([3; SALT])
            .unwrap()
            .seal_in_place(Kind::Frame, 7, &mut b)
            .unwrap();
        assert_eq!(a, b);
        let mut out = [9; 8];
        let opener = key().opener(&[3; SALT]).unwrap();
        opener.open(Kind::Frame, 7, &a, &mut out).unwrap();
        assert_eq!(&out, b"01234567");
        for (kind, index) in [(Kind::Last, 7), (Kind::Tail, 7), (Kind::Frame, 8)] {
            assert!(opener.open(kind, index, &a, &mut out).is_err());
            assert_eq!(out, [0; 8], "a frame that does not open yields nothing");
        }
    }
}
