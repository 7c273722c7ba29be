//! Makes the renditions of a folder of pictures as a worker does (sandboxed decoders, thumbhash, sealed and durable objects) and
//! prints images per second as one line of JSON, for comparison with other programs that make the same renditions.
//!
//! `cargo run --release -p vault --example renditions -- FOLDER PLACE [CHILDREN] [KEEP]`: objects are written below PLACE and stay;
//! with KEEP, previews are written there as plain files too.

use std::error::Error;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use blob::{Blobs, MasterKey};
use domain::BlobId;
use media::{DecoderPool, Hints, Processed, RenditionKind, Settings, Source};
use uuid::Uuid;

/// A picture on the disk.
struct Original(File);

impl Original {
    fn open(path: &Path) -> io::Result<Original> {
        File::open(path).map(Original)
    }
}

impl Source for Original {
    fn len(&self) -> u64 {
        self.0.metadata().map_or(0, |file| file.len())
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(&self.0, buf, offset)
    }
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    match run() {
        Ok(line) => {
            #[expect(clippy::print_stdout, reason = "the result")]
            {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<String> {
    const USAGE: &str = "usage: renditions FOLDER PLACE [CHILDREN] [KEEP]";
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or(USAGE)?;
    let place = arguments.next().ok_or(USAGE)?;
    let children: usize = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let keep = arguments.next().map(PathBuf::from);
    let files = pictures(Path::new(&folder))?;
    let pool = pool(children)?;
    let random = Arc::new(|out: &mut [u8]| {
        if aws_lc_rs::rand::fill(out).is_err() {
            std::process::abort();
        }
    });
    let blobs = Blobs::open(blob::Settings::new(place), MasterKey::from_bytes([7; 32]), random)?;
    // What starts the children is not counted, as in the peers' programs.
    let first = Original::open(&files[0])?;
    std::thread::scope(|scope| {
        for _ in 0..children {
            scope.spawn(|| pool.process(&first, &Hints::default()).is_ok());
        }
    });
    let (next, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> Outcome<()> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else { return Ok(()) };
            let made = pool.process(&Original::open(file)?, &Hints::default())?;
            if let Some(folder) = &keep {
                let name = file.file_stem().ok_or("a file without a name")?;
                std::fs::write(folder.join(name).with_extension("jpg"), preview(&made))?;
            }
            bytes.fetch_add(
                put(&blobs, BlobId(Uuid::from_u128(index as u128 + 1)), &made)?,
                Ordering::Relaxed,
            );
        }
    };
    let start = Instant::now();
    // As many jobs for each child as a worker has: one is decoded while another is read or written.
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..children * 2).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err("a thread panicked".into())))
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let total = files.len();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let (rate, mean) = (total as f64 / seconds, bytes.into_inner() as f64 / total as f64);
    Ok(format!(
        r#"{{"images":{total},"seconds":{seconds:.3},"images_per_second":{rate:.2},"children":{children},"bytes_per_image":{mean:.0}}}"#
    ))
}

fn pool(children: usize) -> Outcome<DecoderPool> {
    // The decoder is built beside the folder of the examples.
    let own = std::env::current_exe()?;
    let decoder = own.ancestors().nth(2).ok_or("no build folder")?.join("media-decoder");
    if !decoder.exists() {
        return Err(format!("{} is missing: cargo build --release -p media", decoder.display()).into());
    }
    let mut settings = Settings::new(decoder, Vec::new());
    settings.children = children;
    Ok(DecoderPool::new(settings)?)
}

/// One object for all renditions of a picture, the smallest first. Returns their bytes.
fn put(blobs: &Blobs, id: BlobId, made: &Processed) -> Outcome<usize> {
    let mut renditions: Vec<_> = made.renditions.iter().map(|rendition| &rendition.bytes).collect();
    renditions.sort_by_key(|bytes| bytes.len());
    let mut writer = blobs.create(id)?;
    for bytes in &renditions {
        writer.write(bytes)?;
    }
    writer.finish()?;
    blobs.settle(id)?;
    Ok(renditions.iter().map(|bytes| bytes.len()).sum())
}

fn preview(made: &Processed) -> &[u8] {
    let found = made
        .renditions
        .iter()
        .find(|rendition| rendition.kind == RenditionKind::Preview);
    found.map_or(&[], |preview| &preview.bytes)
}

fn pictures(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension != "part") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(format!("no picture in {}", folder.display()).into());
    }
    Ok(files)
}
