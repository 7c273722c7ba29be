//! What the tests of this crate share: the corpus, and a pool of real, sandboxed children.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use media::{DecoderPool, Failure, Hints, Processed, RenditionKind, Settings};

/// Where `scripts/corpus.sh` puts the files.
pub fn corpus() -> PathBuf {
    let set = std::env::vars_os()
        .find(|(name, _)| name == "MEDIA_VAULT_TEST_CORPUS")
        .map(|(_, value)| PathBuf::from(value));
    let corpus = set
        .or_else(|| Some(std::env::home_dir()?.join(".cache/media-vault/corpus")))
        .expect("a home directory");
    assert!(
        corpus.join("version").exists(),
        "the test corpus is not in {}: run scripts/corpus.sh, or name it in MEDIA_VAULT_TEST_CORPUS",
        corpus.display()
    );
    corpus
}

pub fn made(name: &str) -> Vec<u8> {
    read(&corpus().join("made").join(name))
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below, with its path from there.
pub fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                found.insert(name, path);
            }
        }
    }
    found
}

pub fn settings() -> Settings {
    Settings::new(env!("CARGO_BIN_EXE_media-decoder").into(), vec!["decoder".into()])
}

pub fn pool() -> DecoderPool {
    DecoderPool::new(settings()).expect("a pool")
}

pub fn process(pool: &DecoderPool, data: &[u8]) -> Result<Processed, Failure> {
    pool.process(&data.to_vec(), &Hints::default())
}

/// The preview, decoded by another decoder than the one that made it.
pub fn preview(made: &Processed) -> image::RgbImage {
    let preview = made
        .renditions
        .iter()
        .find(|made| made.kind == RenditionKind::Preview)
        .expect("a preview");
    let picture = image::load_from_memory_with_format(&preview.bytes, image::ImageFormat::Jpeg).expect("a JPEG");
    assert_eq!(
        (picture.width(), picture.height()),
        (preview.dimensions.width, preview.dimensions.height)
    );
    picture.to_rgb8()
}

pub fn thumb(made: &Processed) -> image::RgbImage {
    let thumb = made
        .renditions
        .iter()
        .find(|made| made.kind == RenditionKind::Thumb)
        .expect("a thumb");
    let picture = image::load_from_memory_with_format(&thumb.bytes, image::ImageFormat::WebP).expect("a WebP");
    assert_eq!(
        (picture.width(), picture.height()),
        (thumb.dimensions.width, thumb.dimensions.height)
    );
    picture.to_rgb8()
}

/// Mean difference of two pictures of the same size, 0 to 255 a channel.
pub fn difference(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.as_raw().len() as f64
}

/// Makes `picture` as large as `like`.
pub fn fit(picture: &image::RgbImage, like: &image::RgbImage) -> image::RgbImage {
    image::imageops::resize(
        picture,
        like.width(),
        like.height(),
        image::imageops::FilterType::Triangle,
    )
}
