//! Runs the real pool over a folder of pictures and prints images per second as one line of JSON, for comparison with
//! other programs that make the same renditions of the same files.
//!
//! `cargo run --release -p media --example renditions -- FOLDER [CHILDREN] [ROUNDS] [KEEP]`; previews are written into the folder KEEP.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use media::{DecoderPool, Hints, RenditionKind, Settings};

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

fn run() -> Result<String, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("usage: renditions FOLDER [CHILDREN] [ROUNDS] [KEEP]")?;
    let children: usize = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let rounds: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let keep = arguments.next().map(PathBuf::from);
    let files = pictures(Path::new(&folder))?;
    // The decoder is built beside the folder of the examples.
    let decoder = std::env::current_exe()?
        .ancestors()
        .nth(2)
        .ok_or("no build folder")?
        .join("media-decoder");
    if !decoder.exists() {
        return Err(format!("{} is missing: cargo build --release -p media", decoder.display()).into());
    }
    let mut settings = Settings::new(decoder, Vec::new());
    settings.children = children;
    let pool = DecoderPool::new(settings)?;
    // What starts the children is not counted, as in the peers' programs.
    let first = std::fs::read(&files[0])?;
    std::thread::scope(|scope| {
        for _ in 0..children {
            scope.spawn(|| pool.process(&first, &Hints::default()).is_ok());
        }
    });
    let (next, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let total = files.len() * rounds;
    let start = Instant::now();
    let done: Result<Vec<()>, String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..children)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= total {
                            return Ok(());
                        }
                        let data = std::fs::read(&files[index % files.len()]).map_err(|error| error.to_string())?;
                        let made = pool
                            .process(&data, &Hints::default())
                            .map_err(|failure| failure.to_string())?;
                        let size = |kind| {
                            made.renditions
                                .iter()
                                .find(|r| r.kind == kind)
                                .map_or(0, |r| r.bytes.len())
                        };
                        if let (Some(folder), Some(name)) = (&keep, files[index % files.len()].file_stem()) {
                            let preview = made.renditions.iter().find(|r| r.kind == RenditionKind::Preview);
                            let content = preview.map_or(&[][..], |preview| &preview.bytes);
                            std::fs::write(folder.join(name).with_extension("jpg"), content)
                                .map_err(|error| error.to_string())?;
                        }
                        bytes.fetch_add(
                            size(RenditionKind::Preview) + size(RenditionKind::Thumb),
                            Ordering::Relaxed,
                        );
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err("a thread panicked".into())))
            .collect()
    });
    done?;
    let seconds = start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let (rate, mean) = (total as f64 / seconds, bytes.into_inner() as f64 / total as f64);
    Ok(format!(
        r#"{{"images":{total},"seconds":{seconds:.3},"images_per_second":{rate:.2},"children":{children},"bytes_per_image":{mean:.0}}}"#
    ))
}

fn pictures(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
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
