//! Mutated real files, and every odd file of the corpus, through the real pool: each ends ready or with a reason, the
//! pool goes on, and nothing takes long.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use media::{DecoderPool, FailureCode, Kind};
use support::{corpus, files, made, process, read, settings};

/// A small generator of its own, so that a seed means the same files for ever (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("small")
    }
}

/// Flips bits, overwrites lengths, cuts, repeats and inserts; half of it in the head, where structure is.
fn mutate(data: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(8) {
        if data.is_empty() {
            return;
        }
        let reach = if dice.below(2) == 0 {
            data.len().min(2048)
        } else {
            data.len()
        };
        let at = dice.below(reach);
        match dice.below(6) {
            0 => data[at] ^= 1 << dice.below(8),
            1 => data[at] = [0, 0xFF, 0x7F, 0x80][dice.below(4)],
            2 => {
                let value = [0, u32::MAX, 0x7FFF_FFFF, 0x0001_0000][dice.below(4)].to_be_bytes();
                let end = data.len().min(at + 4);
                data[at..end].copy_from_slice(&value[..end - at]);
            }
            3 if data.len() > 64 => data.truncate(at.max(32)),
            4 => {
                let part = data[at..data.len().min(at + 64)].to_vec();
                data.splice(at..at, part);
            }
            _ => {
                let noise: Vec<u8> = (0..dice.below(32))
                    .map(|_| u8::try_from(dice.below(256)).expect("a byte"))
                    .collect();
                data.splice(at..at, noise);
            }
        }
    }
}

fn seeds() -> Vec<(String, PathBuf)> {
    let all = files(&corpus().join("made"));
    let wanted = |name: &str| !name.contains("14000") && !name.contains("30000") && !name.starts_with("orientation_");
    all.into_iter().filter(|(name, _)| wanted(name)).collect()
}

#[test]
fn mutated_files_end_ready_or_with_a_reason() {
    let soak = std::env::vars().any(|(name, value)| name == "MEDIA_VAULT_SOAK" && value == "1");
    let count = if soak { 1000 } else { 50 };
    let mut limits = settings();
    limits.cpu_limit = Duration::from_secs(20);
    let pool = DecoderPool::new(limits).expect("a pool");
    let seeds = seeds();
    let good = made("orientation_6.jpg");
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut dice = Dice(20_241_112);
    for round in 0..count {
        // Every format gets its turn before any gets a second.
        let (name, path) = &seeds[(round * 7 + round / seeds.len()) % seeds.len()];
        let mut data = read(path);
        mutate(&mut data, &mut dice);
        let start = Instant::now();
        let end = match process(&pool, &data) {
            Ok(done) => {
                assert!(
                    done.kind != Kind::Photo || done.active_content || done.renditions.len() == 2,
                    "{name}: {done:?}"
                );
                "ready".to_owned()
            }
            Err(failure) => {
                assert!(
                    !failure.detail.is_empty() && !failure.retry(),
                    "round {round}, {name}: {failure}"
                );
                assert_ne!(
                    failure.code,
                    FailureCode::ForbiddenAction,
                    "round {round}, {name}: {failure}"
                );
                assert_ne!(
                    failure.code,
                    FailureCode::DecoderCrashed,
                    "round {round}, {name}: {failure}"
                );
                failure.code.to_string()
            }
        };
        *ends.entry(end).or_default() += 1;
        assert!(
            start.elapsed() < Duration::from_secs(45),
            "round {round}, {name}: {:?}",
            start.elapsed()
        );
        if round % 10 == 0 {
            process(&pool, &good).unwrap_or_else(|failure| panic!("the good file behind {name}: {failure}"));
        }
    }
    println!("{count} mutated files: {ends:?}");
}

/// The odd and broken files that image libraries keep for their own tests.
#[test]
fn odd_files_of_other_libraries_are_survived() {
    let pool = DecoderPool::new(settings()).expect("a pool");
    let mut ends: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, path) in files(&corpus().join("real")) {
        let end = match process(&pool, &read(&path)) {
            Ok(_) => "ready".to_owned(),
            Err(failure) => {
                let crash = matches!(
                    failure.code,
                    FailureCode::ForbiddenAction | FailureCode::DecoderCrashed | FailureCode::Io
                );
                assert!(!crash, "{name}: {failure}");
                failure.code.to_string()
            }
        };
        ends.entry(end).or_default().push(name);
    }
    for (end, names) in &ends {
        println!("{end}: {}", names.len());
    }
    let count = |end: &str| ends.get(end).map_or(0, Vec::len);
    println!(
        "damaged: {:?}\nunsupported: {:?}",
        ends.get("damaged"),
        ends.get("unsupported")
    );
    assert!(count("ready") > 480, "{}", count("ready"));
}
