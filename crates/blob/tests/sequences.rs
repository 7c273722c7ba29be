//! Whatever is done in whatever order, and wherever it is interrupted: what comes out is what went in.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;
use blob::{BlobError, Blobs, Writer};
use common::*;
use proptest::prelude::*;
use std::{fs::OpenOptions, path::Path};

#[derive(Debug, Clone)]
enum Step {
    /// Writes that many bytes.
    Write(usize),
    /// Ends the session and begins another.
    Park,
    /// The writer is dropped, as when its task is cancelled.
    Drop,
    /// As `kill -9`: a new process, and a write that was torn somewhere behind what was acknowledged.
    Crash(u16),
    /// Goes back by a part of what this session wrote.
    Rollback(u16),
    /// Finishes and goes on after all, as when the row could not be committed.
    Finish,
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![
        0usize..300,
        65_500usize..65_600,
        131_000usize..131_100,
        Just(65_536usize),
        200_000usize..1_400_000,
    ];
    prop_oneof![
        6 => len.prop_map(Step::Write),
        3 => Just(Step::Park),
        1 => Just(Step::Drop),
        2 => any::<u16>().prop_map(Step::Crash),
        2 => any::<u16>().prop_map(Step::Rollback),
        1 => Just(Step::Finish),
    ]
}

/// What should be there, and how much of it was acknowledged.
struct Model {
    plain: Vec<u8>,
    acknowledged: usize,
    began: usize,
    /// A finished object is written no more, so that no write can be torn.
    finished: bool,
    seed: u64,
}

impl Model {
    /// The writer found something: a prefix, with all that was acknowledged.
    fn resumed(&mut self, writer: &Writer) {
        let position = writer.position() as usize;
        assert!(position <= self.plain.len() && position >= self.acknowledged.max(self.began));
        self.plain.truncate(position);
        assert_eq!(writer.sha256_so_far(), sha256(&self.plain));
        self.began = position;
    }
}

/// Cuts the file somewhere behind the place where the last writer began: what was found then was written before, and only a
/// write under way can be torn.
fn tear(root: &Path, began: usize, where_: u16) {
    let path = staged(root, id(1));
    let len = std::fs::metadata(&path).unwrap().len();
    let frame = (began as u64).saturating_sub(1) / FRAME;
    let floor = HEADER + frame * SLOT;
    if len > floor {
        let keep = floor + (len - floor) * u64::from(where_) / u64::from(u16::MAX);
        OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(keep)
            .unwrap();
    }
}

fn run(steps: &[Step], root: &Path) {
    let mut blobs: Blobs = open(root);
    let mut writer = blobs.create(id(1)).unwrap();
    let mut model = Model {
        plain: vec![],
        acknowledged: 0,
        began: 0,
        finished: false,
        seed: 1,
    };
    for step in steps {
        match step {
            Step::Write(len) => {
                // Each time other bytes: a nonce that met two texts would be one that really did.
                model.seed += 1;
                let new = bytes(model.seed, *len);
                for piece in new.chunks(1 + len / 2) {
                    writer.write(piece).unwrap();
                }
                model.plain.extend_from_slice(&new);
                model.finished &= new.is_empty();
                assert_eq!(writer.position(), model.plain.len() as u64);
            }
            Step::Park => {
                let position = writer.park().unwrap();
                assert_eq!(position, model.plain.len() as u64);
                model.acknowledged = model.plain.len();
                assert_eq!(blobs.received(id(1)).unwrap(), Some(position));
                writer = blobs.resume(id(1)).unwrap();
                assert_eq!(writer.position(), position);
                model.resumed(&writer);
            }
            Step::Drop => {
                drop(writer);
                let told = blobs.received(id(1)).unwrap().unwrap();
                writer = blobs.resume(id(1)).unwrap();
                assert_eq!(writer.position(), told);
                model.resumed(&writer);
            }
            Step::Crash(at) => {
                drop(writer);
                if !model.finished {
                    tear(root, model.began, *at);
                }
                blobs = open(root);
                let told = blobs.received(id(1)).unwrap().unwrap();
                writer = blobs.resume(id(1)).unwrap();
                assert_eq!(writer.position(), told);
                model.resumed(&writer);
            }
            Step::Rollback(by) => {
                let own = model.plain.len() - model.began;
                let to = model.began + own * usize::from(*by) / usize::from(u16::MAX);
                // Half of the time exactly to where it began, as for a wrong checksum.
                let to = if by % 2 == 0 { model.began } else { to };
                writer.rollback_to(to as u64).unwrap();
                model.plain.truncate(to);
                assert_eq!(writer.position(), to as u64);
                assert_eq!(writer.sha256_so_far(), sha256(&model.plain));
            }
            Step::Finish => {
                let record = writer.finish().unwrap();
                model.finished = true;
                assert_eq!(record.sha256, sha256(&model.plain));
                assert_eq!(read_all(&blobs, &record).unwrap(), model.plain);
                model.acknowledged = model.plain.len();
                assert_eq!(blobs.received(id(1)).unwrap(), Some(record.plain_size));
                writer = blobs.resume(id(1)).unwrap();
                assert_eq!(writer.position(), record.plain_size);
                model.resumed(&writer);
                // Nothing was written: the record that was given still holds.
                blobs.verify(&may_verify(), &record).unwrap();
            }
        }
    }
    let record = writer.finish().unwrap();
    assert_eq!(record.sha256, sha256(&model.plain));
    assert_eq!(record.plain_size, model.plain.len() as u64);
    assert_eq!(read_all(&blobs, &record).unwrap(), model.plain);
    blobs.settle(id(1)).unwrap();
    assert_eq!(
        std::fs::metadata(settled(root, id(1))).unwrap().len(),
        record.stored_size
    );
    assert_eq!(read_by(&reader(&blobs, &record).unwrap(), 40_000).unwrap(), model.plain);
    blobs.verify(&may_verify(), &record).unwrap();
    assert_eq!(
        files(&root.join("incoming")),
        Vec::<std::path::PathBuf>::new(),
        "no temporary file stays"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_writes_pauses_crashes_and_rollbacks_equals_the_plain_bytes(
        steps in proptest::collection::vec(step(), 1..14),
    ) {
        let dir = tempfile::tempdir().unwrap();
        run(&steps, dir.path());
    }

    #[test]
    fn any_range_is_what_was_written(
        len in prop_oneof![0usize..100, 65_530usize..65_540, 0usize..3_000_000],
        ranges in proptest::collection::vec((0u32..3_100_000, 0usize..400_000), 1..12),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path());
        let plain = bytes(9, len);
        let record = store(&blobs, id(1), &plain);
        let reader = reader(&blobs, &record).unwrap();
        prop_assert_eq!(reader.len(), len as u64);
        for (offset, want) in ranges {
            let mut buf = vec![0xee; want];
            let got = reader.read_at(u64::from(offset), &mut buf).unwrap();
            let from = len.min(offset as usize);
            let to = len.min(from + want);
            prop_assert_eq!(got, to - from);
            prop_assert_eq!(&buf[..got], &plain[from..to]);
        }
    }
}

#[test]
fn a_rollback_goes_no_further_than_the_session_and_changes_nothing_then() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let mut writer = blobs.create(id(1)).unwrap();
    writer.write(&bytes(1, 100)).unwrap();
    writer.park().unwrap();
    let mut writer = blobs.resume(id(1)).unwrap();
    writer.write(&bytes(2, 50)).unwrap();
    for position in [0, 99, 151] {
        assert!(matches!(
            writer.rollback_to(position),
            Err(BlobError::OutOfRange { from: 100, to: 150, .. })
        ));
    }
    assert_eq!(writer.finish().unwrap().plain_size, 150);
}

#[test]
fn a_crash_before_the_header_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    drop(blobs.create(id(1)).unwrap());
    for len in [0, 50] {
        OpenOptions::new()
            .write(true)
            .open(staged(dir.path(), id(1)))
            .unwrap()
            .set_len(len)
            .unwrap();
        assert_eq!(blobs.received(id(1)).unwrap(), Some(0));
        let mut writer = blobs.resume(id(1)).unwrap();
        writer.write(b"after all").unwrap();
        writer.park().unwrap();
    }
    let record = blobs.resume(id(1)).unwrap().finish().unwrap();
    assert_eq!(read_all(&blobs, &record).unwrap(), b"after all");
}

#[test]
fn bit_rot_in_what_was_received_takes_only_what_is_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let plain = bytes(1, 500_000);
    let mut writer = open(dir.path()).create(id(1)).unwrap();
    writer.write(&plain).unwrap();
    writer.park().unwrap();
    let path = staged(dir.path(), id(1));
    let mut stored = std::fs::read(&path).unwrap();
    stored[(HEADER + 3 * SLOT) as usize + 1000] ^= 1;
    std::fs::write(&path, &stored).unwrap();
    let mut writer = open(dir.path()).resume(id(1)).unwrap();
    let position = writer.position() as usize;
    assert_eq!(position as u64, 3 * FRAME);
    writer.write(&plain[position..]).unwrap();
    let record = writer.finish().unwrap();
    assert_eq!(read_all(&open(dir.path()), &record).unwrap(), plain);
}
