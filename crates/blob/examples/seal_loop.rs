//! Compares [`blob::Writer`] with a plain loop that reads, hashes, seals, writes and fsyncs the same files.
//!
//! `seal_loop DIR [ROUNDS]` makes its files in DIR, runs both in turn, and prints one line of JSON for each size.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest,
};
use blob::{Blobs, MasterKey, Settings};
use domain::{
    Actor, BlobId, Errand, can,
    policy::{InstallationFacts, VerifyStorage},
};
use std::{
    error::Error,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error>>;

const PIECE: usize = 1 << 20;
const FRAME: usize = 64 << 10;

fn main() -> Outcome<()> {
    let mut args = std::env::args_os().skip(1);
    let dir = PathBuf::from(args.next().ok_or("usage: seal_loop DIR [ROUNDS]")?);
    let rounds: u32 = match args.next() {
        Some(text) => text.to_string_lossy().parse()?,
        None => 2,
    };
    for (size, count) in [(20 << 10, 200), (4 << 20, 50), (256 << 20, 2)] {
        compare(&dir, size, count, rounds)?;
    }
    Ok(())
}

fn compare(dir: &Path, size: usize, count: usize, rounds: u32) -> Outcome<()> {
    let work = dir.join("seal_loop");
    fs::create_dir_all(&work)?;
    let files = make_files(&work, size, count)?;
    let (mut plain, mut durable, mut ours, mut reading) = (vec![], vec![], vec![], vec![]);
    let target = work.join("target");
    // Each in each place, so that none has the quieter disk or the warmer memory; the first turn does not count.
    for round in 0..=rounds * 3 {
        for place in 0..3 {
            match (round + place) % 3 {
                0 => plain.push(plain_loop(&files, &target, Name::Forgotten)?),
                1 => durable.push(plain_loop(&files, &target, Name::Durable)?),
                _ => {
                    let (writing, time) = writer_loop(&files, &target)?;
                    ours.push(writing);
                    reading.push(time);
                }
            }
            fs::remove_dir_all(&target)?;
        }
    }
    fs::remove_dir_all(&work)?;
    let megabytes = (size * count) as f64 / 1e6;
    let speed = |times: &mut Vec<Duration>| {
        times.remove(0);
        times.sort();
        megabytes / times[times.len() / 2].as_secs_f64()
    };
    let (plain, durable) = (speed(&mut plain), speed(&mut durable));
    let (ours, reading) = (speed(&mut ours), speed(&mut reading));
    let report = serde_json::json!({
        "file_bytes": size,
        "files": count,
        "turns": rounds * 3,
        "plain_loop_mb_per_s": plain.round(),
        "writer_mb_per_s": ours.round(),
        "plain_loop_and_directory_fsync_mb_per_s": durable.round(),
        "ratio_durable": (ours / durable * 100.0).round() / 100.0,
        "ratio": (ours / plain * 100.0).round() / 100.0,
        "reader_mb_per_s": reading.round(),
    });
    println!("{report}");
    Ok(())
}

fn make_files(work: &Path, size: usize, count: usize) -> Outcome<Vec<PathBuf>> {
    let mut block = vec![0; PIECE.min(size)];
    (0..count)
        .map(|n| {
            let path = work.join(format!("input-{n}"));
            let mut file = File::create(&path)?;
            let mut left = size;
            while left > 0 {
                aws_lc_rs::rand::fill(&mut block)?;
                let now = left.min(block.len());
                file.write_all(&block[..now])?;
                left -= now;
            }
            file.sync_all()?;
            Ok(path)
        })
        .collect()
}

/// Whether the file's name survives a power failure as well as its content. [`blob::Writer`] sees to both.
#[derive(PartialEq)]
enum Name {
    Forgotten,
    Durable,
}

/// The yardstick: one file after the other, one key, a counter as nonce, no header, no resuming.
fn plain_loop(files: &[PathBuf], target: &Path, name: Name) -> Outcome<Duration> {
    fs::create_dir_all(target)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32])?);
    let mut piece = vec![0; PIECE];
    let mut counter = 0u64;
    let began = Instant::now();
    for (n, path) in files.iter().enumerate() {
        let mut input = File::open(path)?;
        let mut output = File::create(target.join(n.to_string()))?;
        let mut hash = digest::Context::new(&digest::SHA256);
        loop {
            let len = input.read(&mut piece)?;
            if len == 0 {
                break;
            }
            hash.update(&piece[..len]);
            let mut tags = Vec::new();
            for frame in piece[..len].chunks_mut(FRAME) {
                let mut nonce = [0; 12];
                nonce[4..].copy_from_slice(&counter.to_be_bytes());
                counter += 1;
                let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), frame)?;
                tags.extend_from_slice(tag.as_ref());
            }
            output.write_all(&piece[..len])?;
            output.write_all(&tags)?;
        }
        std::hint::black_box(hash.finish());
        output.sync_all()?;
        if name == Name::Durable {
            File::open(target)?.sync_all()?;
        }
    }
    Ok(began.elapsed())
}

fn writer_loop(files: &[PathBuf], store: &Path) -> Outcome<(Duration, Duration)> {
    let random = Arc::new(|out: &mut [u8]| {
        if aws_lc_rs::rand::fill(out).is_err() {
            std::process::abort();
        }
    });
    let blobs = Blobs::open(Settings::new(store), MasterKey::from_bytes([7; 32]), random)?;
    let mut piece = vec![0; PIECE];
    let mut records = Vec::new();
    let began = Instant::now();
    for (n, path) in files.iter().enumerate() {
        let id = BlobId(Uuid::from_u128(n as u128 + 1));
        let mut input = File::open(path)?;
        let mut writer = blobs.create(id)?;
        loop {
            let len = input.read(&mut piece)?;
            if len == 0 {
                break;
            }
            writer.write(&piece[..len])?;
        }
        records.push(writer.finish()?);
        blobs.settle(id)?;
    }
    let writing = began.elapsed();
    let proof = can::<VerifyStorage>(
        &Actor::System(Errand::Verification),
        InstallationFacts { has_users: true },
    )?;
    let began = Instant::now();
    for record in &records {
        let reader = blobs.reader(&proof, record)?;
        let mut at = 0;
        while at < reader.len() {
            at += reader.read_at(at, &mut piece)? as u64;
        }
    }
    Ok((writing, began.elapsed()))
}
