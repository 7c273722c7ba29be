//! Says what Media Vault makes of files: facts, renditions (written beside each other into a folder if one is named),
//! or why not.
//!
//! `cargo run --release -p media --example inspect -- [--out FOLDER] FILE...`

#![expect(clippy::print_stdout, reason = "the result")]

use std::path::PathBuf;

use media::{DecoderPool, Hints, RenditionKind, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let out = arguments
        .next_if(|first| first == "--out")
        .and_then(|_| arguments.next())
        .map(PathBuf::from);
    let decoder = std::env::current_exe()?
        .ancestors()
        .nth(2)
        .ok_or("no build folder")?
        .join("media-decoder");
    let pool = DecoderPool::new(Settings::new(decoder, Vec::new()))?;
    for report in pool.check() {
        println!(
            "{}: {:?} {}",
            report.name,
            report.state,
            report.version.unwrap_or_default()
        );
    }
    for path in arguments {
        let start = std::time::Instant::now();
        let done = pool.process(&std::fs::read(&path)?, &Hints::default());
        println!("{path} ({:?}): {done:#?}", start.elapsed());
        let (Some(out), Ok(done)) = (&out, done) else { continue };
        let stem = PathBuf::from(&path)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        for rendition in done.renditions {
            let name = match rendition.kind {
                RenditionKind::Thumb => format!("{stem}.thumb.webp"),
                RenditionKind::Preview => format!("{stem}.preview.jpg"),
            };
            std::fs::write(out.join(name), rendition.bytes)?;
        }
    }
    Ok(())
}
