//! Plain pieces that were looked at a moment ago: thumbnails, which everybody who shares them wants in the same minutes.

use bytes::Bytes;
use domain::BlobId;
use std::{
    collections::BTreeMap,
    mem,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The largest piece that is kept: a thumbnail, not a preview.
const PIECE: usize = 48 << 10;
/// All of them together: a few hundred thumbnails.
const ALL: usize = 8 << 20;

/// Two halves: a piece that is wanted moves to the younger one; when that is full the older one is forgotten.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: Half,
    old: Half,
}

#[derive(Default)]
struct Half {
    pieces: BTreeMap<Key, Bytes>,
    bytes: usize,
}

/// The object, and which of its plain bytes.
type Key = (BlobId, u64, u64);

impl Recent {
    fn halves(&self) -> MutexGuard<'_, Halves> {
        // Whatever was half done costs a piece, or counts one too much.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, id: BlobId, plain: &Range<u64>) -> Option<Bytes> {
        let key = (id, plain.start, plain.end);
        let mut halves = self.halves();
        if let Some(known) = halves.young.pieces.get(&key) {
            return Some(known.clone());
        }
        let known = halves.old.take(&key)?;
        halves.put(key, known.clone());
        Some(known)
    }

    pub fn keep(&self, id: BlobId, plain: &Range<u64>, piece: &Bytes) {
        if piece.len() <= PIECE {
            self.halves().put((id, plain.start, plain.end), piece.clone());
        }
    }

    /// The object is gone.
    pub fn forget(&self, id: BlobId) {
        let Halves { young, old } = &mut *self.halves();
        for half in [young, old] {
            let keys: Vec<Key> = half
                .pieces
                .range((id, 0, 0)..=(id, u64::MAX, u64::MAX))
                .map(|(key, _)| *key)
                .collect();
            for key in keys {
                half.take(&key);
            }
        }
    }
}

impl Halves {
    fn put(&mut self, key: Key, piece: Bytes) {
        if self.young.bytes + piece.len() > ALL / 2 {
            self.old = mem::take(&mut self.young);
        }
        self.young.bytes += piece.len();
        if let Some(replaced) = self.young.pieces.insert(key, piece) {
            self.young.bytes -= replaced.len();
        }
    }
}

impl Half {
    fn take(&mut self, key: &Key) -> Option<Bytes> {
        let taken = self.pieces.remove(key)?;
        self.bytes -= taken.len();
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id(n: u64) -> BlobId {
        BlobId(Uuid::from_u64_pair(0, n))
    }
    fn kept(recent: &Recent) -> usize {
        let halves = recent.halves();
        for half in [&halves.young, &halves.old] {
            assert_eq!(half.bytes, half.pieces.values().map(Bytes::len).sum::<usize>());
        }
        halves.young.bytes + halves.old.bytes
    }

    #[test]
    fn what_is_wanted_stays_and_the_rest_goes() {
        let recent = Recent::default();
        let piece = Bytes::from(vec![1; 20_000]);
        for n in 0..10_000 {
            recent.keep(id(n), &(0..20_000), &piece);
            assert_eq!(recent.get(id(0), &(0..20_000)).as_ref(), Some(&piece));
        }
        assert_eq!(recent.get(id(1), &(0..20_000)), None);
        assert_eq!(recent.get(id(0), &(0..10_000)), None, "other bytes of it");
        assert!(kept(&recent) <= ALL);
    }

    #[test]
    fn what_is_large_is_not_kept_and_what_is_gone_is_forgotten() {
        let recent = Recent::default();
        recent.keep(id(1), &(0..50_000), &Bytes::from(vec![1; 50_000]));
        assert_eq!(recent.get(id(1), &(0..50_000)), None);
        recent.keep(id(2), &(0..3), &Bytes::from_static(b"abc"));
        recent.keep(id(2), &(9..12), &Bytes::from_static(b"def"));
        recent.keep(id(3), &(0..3), &Bytes::from_static(b"ghi"));
        recent.forget(id(2));
        assert_eq!((recent.get(id(2), &(0..3)), recent.get(id(2), &(9..12))), (None, None));
        assert_eq!(recent.get(id(3), &(0..3)), Some(Bytes::from_static(b"ghi")));
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_it_may(steps in prop::collection::vec((0u8..3, 0u64..600, 0usize..=PIECE), 1..2000)) {
            let recent = Recent::default();
            for (what, n, len) in steps {
                match what {
                    0 => recent.keep(id(n), &(0..len as u64), &Bytes::from(vec![0; len])),
                    1 => drop(recent.get(id(n), &(0..len as u64))),
                    _ => recent.forget(id(n)),
                }
                prop_assert!(kept(&recent) <= ALL);
            }
        }
    }
}
