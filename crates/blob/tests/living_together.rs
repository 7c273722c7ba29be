//! Several who use one store at once, and what is left after each of its operations.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use blob::{BlobError, Blobs, MasterKey, Settings};
use common::*;
use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

#[test]
fn nobody_writes_what_somebody_else_is_writing() {
    let dir = tempfile::tempdir().unwrap();
    // Two handles stand for two processes: the lock is the kernel's.
    let (here, there) = (open(dir.path()), open(dir.path()));
    let mut writer = here.create(id(1)).unwrap();
    for blobs in [&here, &there] {
        assert!(matches!(blobs.create(id(1)), Err(BlobError::Busy { .. })));
        assert!(matches!(blobs.resume(id(1)), Err(BlobError::Busy { .. })));
        assert!(matches!(blobs.discard(id(1)), Err(BlobError::Busy { .. })));
    }
    writer.write(b"one").unwrap();
    writer.park().unwrap();
    assert!(matches!(there.create(id(1)), Err(BlobError::Exists { .. })));
    let mut writer = there.resume(id(1)).unwrap();
    writer.write(b"two").unwrap();
    writer.park().unwrap();
    // This one remembers an older state, and must see the newer.
    let writer = here.resume(id(1)).unwrap();
    assert_eq!(writer.position(), 6);
    assert_eq!(writer.sha256_so_far(), sha256(b"onetwo"));
}

#[test]
fn a_second_object_under_the_id_of_a_discarded_one_is_not_taken_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (open(dir.path()), open(dir.path()));
    let mut writer = here.create(id(1)).unwrap();
    writer.write(&bytes(1, 100_000)).unwrap();
    writer.park().unwrap();
    there.discard(id(1)).unwrap();
    let mut writer = there.create(id(1)).unwrap();
    writer.write(&bytes(2, 100_000)).unwrap();
    writer.park().unwrap();
    let record = here.resume(id(1)).unwrap().finish().unwrap();
    assert_eq!(record.sha256, sha256(&bytes(2, 100_000)));
}

#[test]
fn many_writers_at_once_each_keep_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let records: Vec<_> = std::thread::scope(|threads| {
        let running: Vec<_> = (0..16)
            .map(|n| {
                let blobs = blobs.clone();
                threads.spawn(move || {
                    (0..4)
                        .map(|m| {
                            let n = n * 4 + m;
                            let plain = bytes(n, 3000 * (n as usize + 1));
                            let mut writer = blobs.create(id(n)).unwrap();
                            for piece in plain.chunks(10_000) {
                                writer.write(piece).unwrap();
                            }
                            let record = writer.finish().unwrap();
                            if n % 2 == 0 {
                                blobs.settle(id(n)).unwrap();
                            }
                            (record, plain)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        running.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(blobs.pending().unwrap().len(), 32);
    for (record, plain) in &records {
        assert_eq!(read_all(&blobs, record).unwrap(), *plain);
        blobs.settle(record.id).unwrap();
        blobs.verify(&may_verify(), record).unwrap();
    }
    assert_eq!(blobs.stored(&may_verify()).count(), 64);
    assert!(blobs.pending().unwrap().is_empty());
}

#[test]
fn a_reader_goes_on_while_its_object_is_settled_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let plain = bytes(1, 400_000);
    let mut writer = blobs.create(id(1)).unwrap();
    writer.write(&plain).unwrap();
    let record = writer.finish().unwrap();
    let open_one = reader(&blobs, &record).unwrap();
    blobs.settle(id(1)).unwrap();
    assert_eq!(read_by(&open_one, 100_000).unwrap(), plain);
    blobs.remove(&may_clean(), id(1)).unwrap();
    assert_eq!(read_by(&open_one, 100_000).unwrap(), plain);
    assert!(matches!(reader(&blobs, &record), Err(BlobError::Missing { .. })));
}

#[test]
fn settling_discarding_and_removing_can_be_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    assert!(matches!(blobs.settle(id(1)), Err(BlobError::Missing { .. })));
    let mut writer = blobs.create(id(1)).unwrap();
    writer.write(b"bytes").unwrap();
    writer.park().unwrap();
    let record = blobs.resume(id(1)).unwrap().finish().unwrap();
    assert_eq!(blobs.pending().unwrap(), [id(1)]);
    for _ in 0..2 {
        blobs.settle(id(1)).unwrap();
        blobs.discard(id(1)).unwrap();
        blobs.verify(&may_verify(), &record).unwrap();
    }
    assert!(blobs.pending().unwrap().is_empty());
    assert_eq!(blobs.received(id(1)).unwrap(), None);
    assert!(matches!(blobs.resume(id(1)), Err(BlobError::Missing { .. })));
    assert!(
        matches!(blobs.create(id(1)), Err(BlobError::Exists { .. })),
        "a settled object is not replaced"
    );
    for _ in 0..2 {
        blobs.remove(&may_clean(), id(1)).unwrap();
    }
    assert_eq!(blobs.stored(&may_verify()).count(), 0);

    let mut writer = blobs.create(id(2)).unwrap();
    writer.write(b"given up").unwrap();
    writer.park().unwrap();
    for _ in 0..2 {
        blobs.discard(id(2)).unwrap();
    }
    assert_eq!(files(&dir.path().join("incoming")), Vec::<PathBuf>::new());
}

#[test]
fn the_list_of_objects_names_what_is_foreign_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let record = store(&blobs, id(1), b"bytes");
    let beside = settled(dir.path(), id(1)).with_file_name("Thumbs.db");
    fs::write(&beside, "?").unwrap();
    fs::write(dir.path().join("objects/notes.txt"), "?").unwrap();
    let (known, strange): (Vec<_>, Vec<_>) = blobs.stored(&may_verify()).partition(Result::is_ok);
    let known: Vec<_> = known.into_iter().map(Result::unwrap).collect();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].id, known[0].size), (id(1), record.stored_size));
    assert_eq!(strange.len(), 2);
    assert!(
        strange
            .iter()
            .all(|e| matches!(e, Err(BlobError::Foreign { path }) if path.starts_with(dir.path())))
    );
}

#[test]
fn everything_is_for_the_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let blobs = open(&root);
    store(&blobs, id(1), b"bytes");
    let mut writer = blobs.create(id(2)).unwrap();
    writer.write(b"bytes").unwrap();
    writer.park().unwrap();
    let all = files(&root);
    assert_eq!(all.len(), 4, "marker, object, received object, tail: {all:?}");
    for path in all {
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{path:?}");
        let folder = path.parent().unwrap();
        assert_eq!(fs::metadata(folder).unwrap().mode() & 0o777, 0o700, "{folder:?}");
    }
}

#[test]
fn an_unmounted_disk_is_told_from_an_empty_store() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    assert!(blobs.is_fresh());
    // A start that finds a database with objects stops here; the next one must find the same.
    drop(blobs);
    let blobs = open(dir.path());
    assert!(blobs.is_fresh());
    store(&blobs, id(1), b"bytes");
    assert!(!blobs.is_fresh());
    assert!(!open(dir.path()).is_fresh());

    fs::remove_file(dir.path().join(".media-vault-store")).unwrap();
    let error = Blobs::open(Settings::new(dir.path()), master(), true_random())
        .err()
        .unwrap();
    assert!(matches!(error, BlobError::NotAStore { .. }));
    assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
}

#[test]
fn a_wrong_master_key_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    store(&open(dir.path()), id(1), b"bytes");
    let error = Blobs::open(Settings::new(dir.path()), MasterKey::from_bytes([1; 32]), true_random())
        .err()
        .unwrap();
    assert!(matches!(error, BlobError::WrongKey { key_id } if key_id == master().id()));
}

#[test]
fn free_space_is_told_in_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let free = open(dir.path()).free_space().unwrap();
    let facts = rustix::fs::statvfs(dir.path()).unwrap();
    assert!(free <= facts.f_blocks * facts.f_frsize);
}

/// What a thief of the disk looks for.
#[test]
fn known_plain_bytes_are_nowhere_on_disk_at_any_time() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let secret = b"GPSLatitude 47.3769 N, taken at home";
    let plain: Vec<u8> = secret.iter().copied().cycle().take(2_500_000).collect();
    let assert_hidden = |when: &str| {
        let all = files(dir.path());
        assert!(!all.is_empty());
        for path in all {
            let found = fs::read(&path).unwrap();
            assert!(!found.windows(12).any(|w| w == &secret[..12]), "{when}: {path:?}");
            let hash = sha256(&plain);
            assert!(!found.windows(32).any(|w| w == hash.0), "{when}: its hash in {path:?}");
        }
    };
    let mut writer = blobs.create(id(1)).unwrap();
    for piece in plain[..1_300_000].chunks(300_000) {
        writer.write(piece).unwrap();
        assert_hidden("while it arrives");
    }
    writer.park().unwrap();
    assert_hidden("between two sessions");
    let mut writer = blobs.resume(id(1)).unwrap();
    assert_hidden("after resuming");
    writer.write(&plain[1_300_000..]).unwrap();
    let record = writer.finish().unwrap();
    assert_hidden("when it is finished");
    drop(blobs.resume(id(1)).unwrap());
    blobs.settle(id(1)).unwrap();
    assert_eq!(read_all(&blobs, &record).unwrap(), plain);
    assert_hidden("when it is settled");
}

#[test]
fn what_is_not_finished_or_still_being_written_is_not_settled() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = open(dir.path());
    let mut writer = blobs.create(id(1)).unwrap();
    writer.write(&bytes(1, 70_000)).unwrap();
    assert!(matches!(blobs.settle(id(1)), Err(BlobError::Busy { .. })));
    writer.park().unwrap();
    assert!(matches!(blobs.settle(id(1)), Err(BlobError::Unfinished { .. })));
    blobs.resume(id(1)).unwrap().finish().unwrap();
    // Somebody goes on before it is settled: the record of that `finish` no longer holds, and is not made to look so.
    let mut late = blobs.resume(id(1)).unwrap();
    late.write(b"more").unwrap();
    assert!(matches!(blobs.settle(id(1)), Err(BlobError::Busy { .. })));
    late.park().unwrap();
    assert!(matches!(blobs.settle(id(1)), Err(BlobError::Unfinished { .. })));
    let record = blobs.resume(id(1)).unwrap().finish().unwrap();
    blobs.settle(id(1)).unwrap();
    assert_eq!(
        read_all(&blobs, &record).unwrap(),
        [&bytes(1, 70_000)[..], b"more"].concat()
    );
}

#[test]
fn handles_may_go_from_thread_to_thread() {
    fn anywhere<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    shared::<Blobs>();
    shared::<blob::Reader>();
    anywhere::<blob::Writer>();
    anywhere::<blob::Stored>();
}
