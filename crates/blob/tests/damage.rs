//! A matrix of damage and place: each is an error that names the object, and never other bytes than the right ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod common;

use blob::{BlobError, Blobs, Damage, Flaw, MasterKey, Settings};
use common::*;
use domain::BlobRecord;
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// One object in one store, with its bytes in hand.
struct Sample {
    dir: tempfile::TempDir,
    blobs: Blobs,
    record: BlobRecord,
    plain: Vec<u8>,
    stored: Vec<u8>,
}

impl Sample {
    /// An object that was received in as many sessions as there are parts.
    fn new(parts: &[usize]) -> Sample {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let mut plain = Vec::new();
        let mut writer = blobs.create(id(1)).unwrap();
        for (n, len) in parts.iter().enumerate() {
            if n > 0 {
                writer.park().unwrap();
                writer = blobs.resume(id(1)).unwrap();
            }
            let part = bytes(n as u64 + 1, *len);
            writer.write(&part).unwrap();
            plain.extend_from_slice(&part);
        }
        let record = writer.finish().unwrap();
        blobs.settle(id(1)).unwrap();
        let stored = fs::read(settled(dir.path(), id(1))).unwrap();
        Sample {
            dir,
            blobs,
            record,
            plain,
            stored,
        }
    }

    fn path(&self) -> PathBuf {
        settled(self.dir.path(), id(1))
    }

    fn put(&self, stored: &[u8]) {
        fs::write(self.path(), stored).unwrap();
    }

    /// Found by `verify`, and reading gives the right bytes or an error with this object's id.
    fn assert_found(&self, what: &str) {
        match self.blobs.verify(&may_verify(), &self.record) {
            Err(Damage::Damaged { id: found, .. }) => assert_eq!(found, id(1)),
            other => panic!("{what}: verify said {other:?}"),
        }
        self.assert_parts_at_hand(what);
        for step in [7000, 300_000] {
            match reader(&self.blobs, &self.record) {
                Err(BlobError::Damaged { id: found, .. }) => assert_eq!(found, id(1)),
                Err(other) => panic!("{what}: {other}"),
                Ok(reader) => {
                    let mut buf = vec![0xee; step];
                    let mut at = 0;
                    let mut failed = false;
                    while at < self.plain.len() as u64 || at == 0 {
                        match reader.read_at(at, &mut buf) {
                            Ok(0) => break,
                            Ok(n) => assert_eq!(buf[..n], self.plain[at as usize..][..n], "{what}"),
                            Err(BlobError::Damaged { id: found, .. }) => {
                                assert_eq!(found, id(1));
                                let rest = (self.plain.len() - at as usize).min(step);
                                assert!(buf[..rest].iter().all(|b| *b == 0), "{what}: no bytes with an error");
                                failed = true;
                            }
                            Err(other) => panic!("{what}: {other}"),
                        }
                        at += step as u64;
                    }
                    assert!(failed, "{what}: reading it whole met no error");
                }
            }
        }
    }

    /// What is in memory already is opened as strictly as what is read: right bytes, an error, or left to the one who may wait.
    fn assert_parts_at_hand(&self, what: &str) {
        let len = self.plain.len() as u64;
        // What another one read before the damage is right, and would be given out.
        let blobs = open(self.dir.path());
        for part in [0..len.min(100), len / 2..len, 0..len] {
            let Some(found) = blobs.at_hand(&may_verify(), &self.record, part.clone()) else {
                continue;
            };
            match found {
                Ok(found) => assert_eq!(
                    found,
                    self.plain[part.start as usize..part.end as usize],
                    "{what}: {part:?}"
                ),
                Err(BlobError::Damaged { id: found, .. }) => assert_eq!(found, id(1)),
                Err(other) => panic!("{what}: {other}"),
            }
        }
    }
}

#[test]
fn what_was_just_written_is_at_hand() {
    let sample = Sample::new(&[70_000, 70_000, 70_000]);
    let at_hand = |part| sample.blobs.at_hand(&may_verify(), &sample.record, part);
    let piece = at_hand(100_000..140_000)
        .expect("it is in the system's memory")
        .unwrap();
    assert_eq!(piece, sample.plain[100_000..140_000]);
    assert_eq!(at_hand(0..u64::MAX).unwrap().unwrap(), sample.plain);
    assert!(at_hand(u64::MAX..u64::MAX).is_none_or(|found| found.is_ok_and(|piece| piece.is_empty())));
    fs::remove_file(sample.path()).unwrap();
    assert!(at_hand(0..10).is_none(), "whoever may wait says that it is missing");
}

#[test]
fn what_was_just_looked_at_is_at_hand_until_it_is_removed() {
    let sample = Sample::new(&[40_000]);
    let at_hand = || sample.blobs.at_hand(&may_verify(), &sample.record, 0..30_000);
    let first = at_hand().expect("it is in the system's memory").unwrap();
    fs::write(sample.path(), "damaged").unwrap();
    assert_eq!(at_hand().unwrap().unwrap(), first);
    sample.blobs.remove(&may_clean(), id(1)).unwrap();
    assert!(at_hand().is_none());
}

/// One session and several; inside a frame, on its edge, over it; small enough to be read by one call, and not.
fn samples() -> Vec<Sample> {
    [
        &[0][..],
        &[1],
        &[17_000],
        &[65_536],
        &[65_537],
        &[100, 200, 65_536, 1],
        &[70_000, 70_000, 70_000],
    ]
    .map(Sample::new)
    .into()
}

#[test]
fn a_flipped_bit_is_found_at_every_place() {
    for sample in samples() {
        let len = sample.stored.len();
        // Every byte of header and footer, of each frame's salt and tag, and some between.
        let places = (0..len).filter(|at| {
            let in_frame = (*at as u64).saturating_sub(HEADER) % SLOT;
            *at < 100 || len - at < 240 || !(18..=SLOT - 18).contains(&in_frame) || at % 9973 == 0
        });
        for at in places {
            let mut stored = sample.stored.clone();
            stored[at] ^= 1 << (at % 8);
            sample.put(&stored);
            sample.assert_found(&format!("bit in byte {at} of {len}"));
        }
        sample.put(&sample.stored);
        sample.blobs.verify(&may_verify(), &sample.record).unwrap();
    }
}

#[test]
fn a_truncation_and_an_extension_are_found_at_every_place() {
    for sample in samples() {
        let len = sample.stored.len();
        for keep in (0..len).filter(|at| *at < 130 || len - at < 250 || at % 6007 == 0) {
            sample.put(&sample.stored[..keep]);
            sample.assert_found(&format!("cut to {keep} of {len}"));
        }
        for more in [1, 16, 32, 65_568] {
            let mut stored = sample.stored.clone();
            stored.resize(len + more, 0);
            sample.put(&stored);
            sample.assert_found(&format!("{more} bytes more"));
            // As if frames were repeated.
            stored.truncate(len);
            stored.extend_from_slice(&sample.stored[len.saturating_sub(more)..]);
            sample.put(&stored);
            sample.assert_found(&format!("{more} bytes repeated"));
        }
    }
}

#[test]
fn frames_that_change_places_are_found() {
    let sample = Sample::new(&[300_000]);
    let frame = |n: usize| (HEADER + n as u64 * SLOT) as usize..(HEADER + (n as u64 + 1) * SLOT) as usize;
    for (a, b) in [(0, 1), (1, 3), (0, 3)] {
        let mut stored = sample.stored.clone();
        stored[frame(a)].copy_from_slice(&sample.stored[frame(b)]);
        sample.put(&stored);
        sample.assert_found(&format!("frame {b} in the place of {a}"));
        stored[frame(b)].copy_from_slice(&sample.stored[frame(a)]);
        sample.put(&stored);
        sample.assert_found(&format!("frames {a} and {b} exchanged"));
    }
    // A whole frame cut out of the middle, with the length made right again.
    let mut stored = sample.stored.clone();
    stored.drain(frame(1));
    stored.resize(sample.stored.len(), 0);
    sample.put(&stored);
    sample.assert_found("frame 1 cut out");
}

#[test]
fn two_objects_that_change_places_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    for len in [20_000, 400_000] {
        let (a, b) = (id(len), id(len + 1));
        let (one, two) = (bytes(1, len as usize), bytes(2, len as usize));
        let (record_a, record_b) = (store(&blobs, a, &one), store(&blobs, b, &two));
        let (path_a, path_b) = (settled(dir.path(), a), settled(dir.path(), b));
        let aside = dir.path().join("aside");
        fs::rename(&path_a, &aside).unwrap();
        fs::rename(&path_b, &path_a).unwrap();
        fs::rename(&aside, &path_b).unwrap();
        for record in [&record_a, &record_b] {
            let error = reader(&blobs, record).err().unwrap();
            assert!(error.to_string().contains(&record.id.to_string()), "{error}");
            assert!(
                matches!(error, BlobError::Damaged { id, what: Flaw::Swapped } if id == record.id),
                "{error}"
            );
            assert!(matches!(
                blobs.verify(&may_verify(), record),
                Err(Damage::Damaged { id, what: Flaw::Swapped }) if id == record.id
            ));
        }
    }
}

#[test]
fn an_older_object_of_the_same_id_and_a_row_of_another_are_found() {
    let sample = Sample::new(&[90_000]);
    // The same object sealed again, as after a restore of an old disk: same id, same size, same master key.
    let old = sample.stored.clone();
    sample.blobs.remove(&may_clean(), id(1)).unwrap();
    let newer = store(&sample.blobs, id(1), &bytes(7, 90_000));
    sample.put(&old);
    assert!(matches!(
        sample.blobs.verify(&may_verify(), &newer),
        Err(Damage::Damaged { what: Flaw::Ends, .. })
    ));
    for record in [
        BlobRecord {
            plain_size: 90_001,
            ..sample.record.clone()
        },
        BlobRecord {
            plain_size: u64::MAX,
            ..sample.record.clone()
        },
        BlobRecord {
            stored_size: u64::MAX,
            ..sample.record.clone()
        },
        BlobRecord {
            stored_size: 0,
            ..sample.record.clone()
        },
        BlobRecord {
            sha256: sha256(b"other"),
            ..sample.record.clone()
        },
        BlobRecord {
            wrapped_key: newer.wrapped_key.clone(),
            ..sample.record.clone()
        },
    ] {
        assert!(matches!(
            sample.blobs.verify(&may_verify(), &record),
            Err(Damage::Damaged { .. })
        ));
    }
}

/// Bytes that were rolled back were sealed under the object's own key. Who kept them cannot bring them back.
#[test]
fn a_frame_of_a_rolled_back_session_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let mut writer = blobs.create(id(1)).unwrap();
    writer.write(&bytes(1, 10)).unwrap();
    writer.park().unwrap();
    let mut writer = blobs.resume(id(1)).unwrap();
    writer.write(&bytes(2, 2_000_000)).unwrap();
    writer.rollback_to(1_500_000).unwrap();
    let kept = fs::read(staged(dir.path(), id(1))).unwrap();
    writer.rollback_to(10).unwrap();
    writer.write(&bytes(3, 2_000_000)).unwrap();
    let record = writer.finish().unwrap();
    let path = staged(dir.path(), id(1));
    let honest = fs::read(&path).unwrap();
    for frame in [0, 3, 20] {
        let place = (HEADER + frame * SLOT) as usize..(HEADER + (frame + 1) * SLOT) as usize;
        let mut stored = honest.clone();
        stored[place.clone()].copy_from_slice(&kept[place]);
        fs::write(&path, &stored).unwrap();
        assert!(matches!(
            blobs.verify(&may_verify(), &record),
            Err(Damage::Damaged { what: Flaw::Frame(n), .. }) if n == frame
        ));
    }
}

#[test]
fn a_missing_object_and_a_wrong_master_key_are_told_apart_from_damage() {
    let sample = Sample::new(&[1000]);
    let other = |retired| {
        let mut settings = Settings::new(sample.dir.path());
        settings.retired = retired;
        Blobs::open(settings, MasterKey::from_bytes([9; 32]), true_random())
    };
    let refused = other(vec![]).err().unwrap();
    assert!(matches!(refused, BlobError::WrongKey { key_id } if key_id == master().id()));
    let blobs = other(vec![master()]).unwrap();
    blobs.verify(&may_verify(), &sample.record).unwrap();
    // The new key is known to the store from now on; without the old one, what it sealed stays closed.
    let blobs = other(vec![]).unwrap();
    assert!(matches!(
        blobs.verify(&may_verify(), &sample.record),
        Err(Damage::Unexamined(BlobError::WrongKey { key_id })) if key_id == sample.record.key_id
    ));
    fs::remove_file(sample.path()).unwrap();
    assert!(matches!(
        sample.blobs.verify(&may_verify(), &sample.record),
        Err(Damage::Missing { id: missing }) if missing == id(1)
    ));
}

#[test]
fn a_rewrapped_row_opens_with_the_new_key_alone() {
    let sample = Sample::new(&[70_000, 5]);
    let mut settings = Settings::new(sample.dir.path());
    settings.retired = vec![master()];
    let new = || MasterKey::from_bytes([9; 32]);
    let both = Blobs::open(settings, new(), true_random()).unwrap();
    let (key_id, wrapped_key) = both.rewrap(&may_clean(), &sample.record).unwrap().unwrap();
    let moved = BlobRecord {
        key_id,
        wrapped_key,
        ..sample.record.clone()
    };
    assert_eq!(both.rewrap(&may_clean(), &moved).unwrap(), None);
    let alone = Blobs::open(Settings::new(sample.dir.path()), new(), true_random()).unwrap();
    alone.verify(&may_verify(), &moved).unwrap();
    assert_eq!(read_all(&alone, &moved).unwrap(), sample.plain);
    assert_eq!(
        fs::read(sample.path()).unwrap(),
        sample.stored,
        "no object is rewritten"
    );
}

fn write_staged(root: &Path, header: &[u8], more: &[u8]) {
    fs::write(staged(root, id(1)), [header, more].concat()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_in_incoming_make_it_panic(
        honest in 0usize..=96,
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        end in any::<bool>(),
        count in 0u32..9,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let mut writer = blobs.create(id(1)).unwrap();
        writer.write(b"some bytes").unwrap();
        writer.park().unwrap();
        let stored = fs::read(staged(dir.path(), id(1))).unwrap();
        let mut noise = noise;
        if end {
            noise.extend_from_slice(&count.to_be_bytes());
            noise.extend_from_slice(b"\x8dMVEND\r\n");
        }
        write_staged(dir.path(), &stored[..honest], &noise);
        let blobs = open(dir.path());
        let told = blobs.received(id(1));
        match blobs.resume(id(1)) {
            Ok(writer) => prop_assert_eq!(Some(writer.position()), told.unwrap()),
            Err(error) => prop_assert!(error.to_string().contains(&id(1).to_string())
                || matches!(error, BlobError::WrongKey { .. }), "{}", error),
        }
    }

    #[test]
    fn no_bytes_as_a_stored_object_make_it_panic_or_open(
        noise in proptest::collection::vec(any::<u8>(), 0..2000),
        honest in 0usize..=96,
    ) {
        let sample = Sample::new(&[1500]);
        let mut stored = [&sample.stored[..honest], &noise[..]].concat();
        stored.resize(sample.stored.len(), 0);
        sample.put(&stored);
        sample.assert_found("noise");
    }
}
