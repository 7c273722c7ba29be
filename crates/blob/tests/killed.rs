//! `kill -9` at any moment: what was acknowledged is there.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where it fails, and its child speaks"
)]

mod common;

use common::*;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

/// Its presence in the working directory makes this program the one that is killed.
const VICTIM: &str = "be-the-victim";

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    if Path::new(VICTIM).exists() {
        return victim();
    }
    for round in 0..12u64 {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(VICTIM), round.to_string()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "what_was_acknowledged_survives_a_kill_at_any_moment",
                "--nocapture",
            ])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = 0;
        let mut lines = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            if let Some(position) = line.unwrap().strip_prefix("acknowledged ") {
                acknowledged = position.parse::<u64>().unwrap();
                lines += 1;
                if lines == 3 + round * 5 {
                    // It goes on meanwhile, so that the kill meets it in the middle of something. What it says until it is
                    // dead is read too.
                    child.kill().unwrap();
                }
            }
        }
        assert!(!child.wait().unwrap().success());

        let blobs = open(&dir.path().join("store"));
        let told = blobs.received(id(1)).unwrap().unwrap();
        let mut writer = blobs.resume(id(1)).unwrap();
        let position = writer.position();
        assert_eq!(position, told);
        assert!(
            position >= acknowledged,
            "{position} of {acknowledged} in round {round}"
        );
        let plain = bytes(round, position as usize + 100_000);
        assert_eq!(writer.sha256_so_far(), sha256(&plain[..position as usize]));
        writer.write(&plain[position as usize..]).unwrap();
        let record = writer.finish().unwrap();
        blobs.settle(id(1)).unwrap();
        assert_eq!(read_all(&blobs, &record).unwrap(), plain);
        assert!(files(&dir.path().join("store/incoming")).is_empty());
    }
}

/// Writes in sessions of odd sizes, says what it acknowledged, and never ends.
fn victim() {
    let round: u64 = fs::read_to_string(VICTIM).unwrap().parse().unwrap();
    let plain = bytes(round, 64 << 20);
    let blobs = open(Path::new("store"));
    let mut writer = blobs.create(id(1)).unwrap();
    let mut at = 0;
    for n in 1.. {
        let len = (n * 7919 + round as usize * 104_729) % 400_000;
        let len = len.min(plain.len() - at);
        writer.write(&plain[at..at + len]).unwrap();
        at += len;
        if n % 5 == 0 && at < plain.len() {
            // Bytes that turn out wrong.
            writer.write(&[0; 70_000]).unwrap();
            writer.rollback_to(at as u64).unwrap();
        }
        if n % 7 == 0 {
            writer.finish().unwrap();
        } else {
            writer.park().unwrap();
        }
        println!("acknowledged {at}");
        std::io::stdout().flush().unwrap();
        writer = blobs.resume(id(1)).unwrap();
    }
}
