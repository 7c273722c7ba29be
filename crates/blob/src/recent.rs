//! Plain pieces that were looked at a moment ago: thumbnails, which everybody who shares them wants in the same minutes.

use bytes::Bytes;
use domain::BlobId;
use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The largest piece that is kept: a thumbnail, not a preview.
const PIECE: usize = 48 << 10;
/// All of them together: some seven hundred thumbnails.
const ALL: usize = 16 << 20;
/// A piece that is wanted goes to the end of the line again when so much came behind it, and not each time.
const BEHIND: u64 = ALL as u64 / 4;

/// What was wanted last is kept.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    pieces: BTreeMap<Key, Piece>,
    /// What is given up first stands in front. A piece that went to the end again, or is gone, is not what its old places say.
    line: VecDeque<Place>,
    bytes: usize,
    /// Counts the bytes that came, and so the places.
    came: u64,
}

struct Piece {
    bytes: Bytes,
    at: u64,
}

struct Place {
    key: Key,
    at: u64,
}

/// The object, and which of its plain bytes.
type Key = (BlobId, u64, u64);

impl Recent {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whatever was half done costs a piece, or counts one too much.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, id: BlobId, plain: &Range<u64>) -> Option<Bytes> {
        let key = (id, plain.start, plain.end);
        let Kept { pieces, line, came, .. } = &mut *self.kept();
        let piece = pieces.get_mut(&key)?;
        if *came - piece.at > BEHIND {
            piece.at = *came;
            line.push_back(Place { key, at: piece.at });
        }
        Some(piece.bytes.clone())
    }

    pub fn keep(&self, id: BlobId, plain: &Range<u64>, piece: &Bytes) {
        if piece.len() <= PIECE {
            self.kept().put((id, plain.start, plain.end), piece.clone());
        }
    }

    /// The object is gone.
    pub fn forget(&self, id: BlobId) {
        let mut kept = self.kept();
        let of_it = (id, 0, 0)..=(id, u64::MAX, u64::MAX);
        let keys: Vec<Key> = kept.pieces.range(of_it).map(|(key, _)| *key).collect();
        for key in keys {
            kept.remove(&key);
        }
    }
}

/// Whether a piece still stands there.
fn stands(pieces: &BTreeMap<Key, Piece>, place: &Place) -> bool {
    pieces.get(&place.key).is_some_and(|piece| piece.at == place.at)
}

impl Kept {
    fn put(&mut self, key: Key, bytes: Bytes) {
        self.remove(&key);
        self.bytes += bytes.len();
        // One more than its bytes, so that no two places are alike.
        self.came += bytes.len() as u64 + 1;
        let at = self.came;
        self.pieces.insert(key, Piece { bytes, at });
        self.line.push_back(Place { key, at });
        if self.line.len() > 4 * (self.pieces.len() + 16) {
            self.line.retain(|place| stands(&self.pieces, place));
        }
        while self.bytes > ALL
            && let Some(place) = self.line.pop_front()
        {
            if stands(&self.pieces, &place) {
                self.remove(&place.key);
            }
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(piece) = self.pieces.remove(key) {
            self.bytes -= piece.bytes.len();
        }
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
    /// Bytes that are kept.
    fn kept(recent: &Recent) -> usize {
        let kept = recent.kept();
        assert_eq!(
            kept.bytes,
            kept.pieces.values().map(|piece| piece.bytes.len()).sum::<usize>()
        );
        let places = kept.line.iter().filter(|place| stands(&kept.pieces, place)).count();
        assert_eq!(places, kept.pieces.len(), "each stands in the line once");
        assert!(
            kept.line.len() <= 4 * (kept.pieces.len() + 16) + 1000,
            "{} places",
            kept.line.len()
        );
        kept.bytes
    }

    #[test]
    fn as_many_as_fit_are_kept_in_whatever_order_they_are_wanted() {
        let recent = Recent::default();
        let piece = Bytes::from(vec![1; 20_000]);
        let count = (ALL / 20_000) as u64;
        for n in 0..count {
            recent.keep(id(n), &(0..20_000), &piece);
        }
        for n in (0..count).chain((0..count).rev()) {
            assert!(recent.get(id(n), &(0..20_000)).is_some(), "{n}");
        }
    }

    #[test]
    fn neither_what_is_wanted_all_the_time_nor_what_is_gone_at_once_makes_the_line_long() {
        let recent = Recent::default();
        let piece = Bytes::from(vec![1; 20_000]);
        for n in 0..20_000 {
            recent.keep(id(n % 2_000), &(0..20_000), &piece);
            for wanted in 0..20 {
                recent.get(id(wanted), &(0..20_000));
            }
        }
        kept(&recent);
        for n in 0..20_000 {
            recent.keep(id(n), &(0..3), &Bytes::from_static(b"abc"));
            recent.forget(id(n));
        }
        kept(&recent);
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
                prop_assert!(recent.kept().bytes <= ALL);
            }
            kept(&recent);
        }
    }
}
