//! The master key, and data keys wrapped by it.

use crate::{
    error::{CipherFault, KeyError},
    format::{HEADER_KEY, HEADER_PLAIN, array},
    seal::{DataKey, derive, sha256},
};
use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{BlobId, KeyId, WrappedKey};
use std::{fmt, sync::Arc};
use zeroize::{Zeroize, Zeroizing};

const KEY_ID_INFO: &[u8] = b"media-vault/1 key id";
const WRAP_INFO: &[u8] = b"media-vault/1 wrap";
const RECORD_AAD: &[u8] = b"media-vault/1 record";
const WRAPPED_VERSION: u8 = 1;
/// Version, nonce, data key and commitment, tag.
const WRAPPED_LEN: usize = 1 + NONCE_LEN + 64 + 16;

/// The key that opens all others: 256 bits. It is wiped from memory when dropped, and never printed.
pub struct MasterKey {
    bytes: Zeroizing<[u8; 32]>,
    id: KeyId,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", hex::encode(self.id.0))
    }
}

/// What the row of an object opens: its data key, and the header and footer that it was made for.
pub(crate) struct Opening {
    pub data: DataKey,
    /// SHA-256 of header and footer.
    pub commitment: [u8; 32],
}

impl MasterKey {
    /// Takes 32 random bytes.
    pub fn from_bytes(mut bytes: [u8; 32]) -> MasterKey {
        let digest = sha256(&[KEY_ID_INFO, &bytes]);
        let key = MasterKey {
            bytes: Zeroizing::new(bytes),
            id: KeyId(array(&digest).unwrap_or_default()),
        };
        bytes.zeroize();
        key
    }

    /// Reads 64 hexadecimal digits or 44 characters of base64; lines that are empty or begin with `#` are skipped.
    ///
    /// `from` names the source in the error, such as an environment variable.
    pub fn from_text(text: &str, from: &str) -> Result<MasterKey, KeyError> {
        let malformed = |why| KeyError::Malformed {
            from: from.to_owned(),
            why,
        };
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty() && !l.starts_with('#'));
        let line = lines.next().ok_or_else(|| malformed("it holds no key"))?;
        if lines.next().is_some() {
            return Err(malformed("it holds more than one line"));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        let done = match line.len() {
            64 => hex::decode_to_slice(line, &mut *bytes).is_ok(),
            44 => {
                let mut long = Zeroizing::new([0; 33]);
                let read = BASE64_STANDARD.decode_slice(line, &mut *long);
                bytes.copy_from_slice(&long[..32]);
                read == Ok(32)
            }
            _ => false,
        };
        if !done {
            return Err(malformed("32 bytes in hexadecimal digits or base64 are expected"));
        }
        if *bytes == [0; 32] {
            return Err(malformed("it is all zeros"));
        }
        Ok(MasterKey::from_bytes(*bytes))
    }

    /// Its name, which may be shown and stored.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key in hexadecimal digits, for its file.
    pub(crate) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(*self.bytes))
    }

    /// One wrapping key per object: the number of random nonces under it stays tiny however many objects there are.
    fn wrapping_key(&self, id: BlobId) -> Result<LessSafeKey, CipherFault> {
        derive(&self.bytes, id.0.as_bytes(), &[WRAP_INFO])
    }

    /// The data key as the header carries it.
    pub(crate) fn wrap_in_header(
        &self,
        id: BlobId,
        header: &[u8; HEADER_PLAIN],
        data: &DataKey,
        nonce: [u8; NONCE_LEN],
    ) -> Result<[u8; HEADER_KEY], CipherFault> {
        let mut out = [0; HEADER_KEY];
        let (to_nonce, rest) = out.split_at_mut(NONCE_LEN);
        let (text, tag) = rest.split_at_mut(32);
        to_nonce.copy_from_slice(&nonce);
        self.wrapping_key(id)?
            .seal_out_of_place_scatter(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(header),
                data.as_slice(),
                text,
                &[],
                tag,
            )
            .map_err(|_| CipherFault)?;
        Ok(out)
    }

    /// The data key that a header carries; `None` if it does not open.
    pub(crate) fn open_header(
        &self,
        id: BlobId,
        header: &[u8; HEADER_PLAIN],
        wrapped: &[u8; HEADER_KEY],
    ) -> Option<DataKey> {
        let mut data = DataKey::default();
        self.wrapping_key(id)
            .ok()?
            .open_separate_gather(
                Nonce::assume_unique_for_key(array(wrapped)?),
                Aad::from(header),
                &wrapped[NONCE_LEN..NONCE_LEN + 32],
                &wrapped[NONCE_LEN + 32..],
                data.as_mut_slice(),
            )
            .ok()?;
        Some(data)
    }

    /// What is kept in the object's row.
    pub(crate) fn wrap(
        &self,
        id: BlobId,
        opening: &Opening,
        nonce: [u8; NONCE_LEN],
    ) -> Result<WrappedKey, CipherFault> {
        let mut plain = Zeroizing::new([0; 64]);
        plain[..32].copy_from_slice(opening.data.as_slice());
        plain[32..].copy_from_slice(&opening.commitment);
        let mut out = vec![0; WRAPPED_LEN];
        out[0] = WRAPPED_VERSION;
        out[1..=NONCE_LEN].copy_from_slice(&nonce);
        let (text, tag) = out[1 + NONCE_LEN..].split_at_mut(64);
        self.wrapping_key(id)?
            .seal_out_of_place_scatter(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(RECORD_AAD),
                plain.as_slice(),
                text,
                &[],
                tag,
            )
            .map_err(|_| CipherFault)?;
        Ok(WrappedKey(out))
    }

    /// Opens what is kept in the object's row; `None` if it was not made for this object with this key.
    pub(crate) fn open(&self, id: BlobId, wrapped: &WrappedKey) -> Option<Opening> {
        let bytes: &[u8; WRAPPED_LEN] = wrapped.0.as_slice().try_into().ok()?;
        if bytes[0] != WRAPPED_VERSION {
            return None;
        }
        let (text, tag) = bytes[1 + NONCE_LEN..].split_at(64);
        let mut plain = Zeroizing::new([0; 64]);
        self.wrapping_key(id)
            .ok()?
            .open_separate_gather(
                Nonce::assume_unique_for_key(array(&bytes[1..])?),
                Aad::from(RECORD_AAD),
                text,
                tag,
                plain.as_mut_slice(),
            )
            .ok()?;
        Some(Opening {
            data: Zeroizing::new(array(plain.as_slice())?),
            commitment: array(&plain[32..])?,
        })
    }
}

/// The master key in use, and former ones that still open what has not been rewrapped.
#[derive(Clone)]
pub(crate) struct KeyRing {
    current: Arc<MasterKey>,
    retired: Arc<[MasterKey]>,
}

impl KeyRing {
    pub fn new(current: MasterKey, retired: Vec<MasterKey>) -> Self {
        KeyRing {
            current: Arc::new(current),
            retired: retired.into(),
        }
    }
    pub fn current(&self) -> &MasterKey {
        &self.current
    }
    pub fn get(&self, id: KeyId) -> Option<&MasterKey> {
        std::iter::once(self.current())
            .chain(self.retired.iter())
            .find(|k| k.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn hex_and_base64_spell_the_same_key() {
        let hex = "# a comment\n\n  000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f \n";
        let a = MasterKey::from_text(hex, "test").unwrap();
        let b = MasterKey::from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "test").unwrap();
        assert_eq!(a.id(), b.id());
        assert_eq!(a.bytes, b.bytes);
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_source() {
        let zeros = "0".repeat(64);
        for text in [
            "",
            "# only a comment",
            "abc",
            &zeros,
            "aa\nbb",
            &"g".repeat(64),
            &"/".repeat(44),
        ] {
            let error = MasterKey::from_text(text, "MEDIA_VAULT_MASTER_KEY").unwrap_err();
            assert!(error.to_string().starts_with("MEDIA_VAULT_MASTER_KEY"), "{error}");
        }
    }

    #[test]
    fn debug_shows_the_name_and_not_the_key() {
        let key = MasterKey::from_bytes([0xab; 32]);
        let shown = format!("{key:?}");
        assert!(!shown.contains("abab") && !shown.contains("171"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_refused(text: String) {
            prop_assert!(MasterKey::from_text(&text, "test").is_err() || text.trim().len() >= 44);
        }

        #[test]
        fn any_bytes_are_refused_as_a_wrapped_key(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let key = MasterKey::from_bytes([1; 32]);
            prop_assert!(key.open(BlobId(Uuid::nil()), &WrappedKey(bytes)).is_none());
        }

        #[test]
        fn a_wrapped_key_opens_for_its_object_and_unchanged_only(flip in 0usize..WRAPPED_LEN * 8) {
            let key = MasterKey::from_bytes([1; 32]);
            let id = BlobId(Uuid::from_u128(7));
            let opening = Opening { data: Zeroizing::new([2; 32]), commitment: [3; 32] };
            let mut wrapped = key.wrap(id, &opening, [4; 12]).unwrap();
            let opened = key.open(id, &wrapped).unwrap();
            prop_assert_eq!(*opened.data, [2; 32]);
            prop_assert_eq!(opened.commitment, [3; 32]);
            prop_assert!(key.open(BlobId(Uuid::from_u128(8)), &wrapped).is_none());
            wrapped.0[flip / 8] ^= 1 << (flip % 8);
            prop_assert!(key.open(id, &wrapped).is_none());
        }
    }
}
