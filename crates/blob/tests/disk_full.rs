//! A full disk: a clear error, nothing acknowledged lost, and recovery by itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod common;

use blob::BlobError;
use common::*;
use rustix::process::{Resource, getrlimit};
use std::{path::Path, process::Command};

/// Bytes after which the disk is "full": the limit of `ulimit -f 900`, in blocks of 512 or 1024 bytes as the shell has it.
const BLOCKS: &str = "900";

/// Runs itself again under a file size limit. Unlike a small disk that needs no rights, and the writes really fail.
#[test]
fn a_full_disk_is_a_clear_error_and_costs_nothing_that_was_acknowledged() {
    if getrlimit(Resource::Fsize).current.is_some() {
        return under_the_limit();
    }
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = bytes(1, 300_000);
    let blobs = open(dir.path());
    let mut writer = blobs.create(id(1)).unwrap();
    writer.write(&acknowledged).unwrap();
    writer.park().unwrap();

    // The signal that comes with the limit would end the process; ignored, the write fails with EFBIG.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_full_disk_is_a_clear_error_and_costs_nothing_that_was_acknowledged",
        ])
        .current_dir(dir.path())
        .status()
        .unwrap();
    assert!(status.success());

    // There is room again: it goes on where it was acknowledged or later, and what was settled meanwhile is whole.
    let mut writer = blobs.resume(id(1)).unwrap();
    let plain = bytes(1, 3_000_000);
    let position = writer.position() as usize;
    assert!(position >= acknowledged.len());
    writer.write(&plain[position..]).unwrap();
    let record = writer.finish().unwrap();
    blobs.settle(id(1)).unwrap();
    assert_eq!(read_all(&blobs, &record).unwrap(), plain);
    blobs.verify(&may_verify(), &record).unwrap();
    assert!(blobs.pending().unwrap().is_empty());
}

fn under_the_limit() {
    let blobs = open(Path::new("."));
    let before = blobs.received(id(1)).unwrap();
    let plain = bytes(1, 3_000_000);

    // In the middle of a write.
    let mut writer = blobs.resume(id(1)).unwrap();
    let position = writer.position() as usize;
    let error = writer.write(&plain[position..]).err().unwrap();
    assert!(matches!(error, BlobError::NoSpace { .. }), "{error}");
    assert!(matches!(writer.write(b"more"), Err(BlobError::Spent { .. })));
    assert!(matches!(writer.finish(), Err(BlobError::Spent { .. })));
    assert!(blobs.received(id(1)).unwrap() >= before);

    // At the very end, when the last frame does not fit.
    let mut writer = blobs.resume(id(1)).unwrap();
    assert!(Some(writer.position()) >= before);
    let position = writer.position() as usize;
    writer.write(&plain[position..position + 900_000]).unwrap();
    assert!(matches!(writer.finish(), Err(BlobError::NoSpace { .. })));
    assert!(blobs.received(id(1)).unwrap() >= before);

    // A small object still fits, and a hopeless one leaves nothing once it is discarded.
    let record = store(&blobs, id(2), &plain[..50_000]);
    blobs.verify(&may_verify(), &record).unwrap();
    let mut writer = blobs.create(id(3)).unwrap();
    assert!(matches!(writer.write(&plain), Err(BlobError::NoSpace { .. })));
    drop(writer);
    blobs.discard(id(3)).unwrap();
    blobs.remove(&may_clean(), id(2)).unwrap();
    assert_eq!(blobs.pending().unwrap(), [id(1)]);
}
