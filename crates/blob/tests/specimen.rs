//! A specimen of every format ever released opens; and what is written today is, byte by byte, the newest specimen.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod common;

use blob::{Blobs, FORMAT_VERSION, MasterKey, Settings};
use common::*;
use domain::{BlobId, BlobRecord, KeyId, WrappedKey};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Name, id and the sessions of each finished specimen.
const FINISHED: [(&str, u64, &[usize]); 4] = [
    ("empty", 0xe0, &[0]),
    ("small", 0xe1, &[300]),
    ("frame", 0xe2, &[65_536]),
    ("sessions", 0xe3, &[70_000, 100, 66_000]),
];
/// One that is still received, with a tail beside it.
const STAGED: (&str, u64, usize) = ("staged", 0xe4, 66_000);

/// The key of the specimens; it opens nothing else.
const KEY: [u8; 32] = [0x4d; 32];

fn folder(version: u8) -> PathBuf {
    Path::new("../../testdata/formats").join(format!("v{version}"))
}

/// The plain bytes of every specimen: 0, 1, 2 ... 250, 0, 1 ...
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

fn to_json(record: &BlobRecord) -> Value {
    json!({
        "id": record.id.to_string(),
        "plain_size": record.plain_size,
        "stored_size": record.stored_size,
        "sha256": record.sha256.to_string(),
        "key_id": hex::encode(record.key_id.0),
        "wrapped_key": hex::encode(&record.wrapped_key.0),
    })
}

fn from_json(value: &Value) -> BlobRecord {
    let text = |name: &str| value[name].as_str().unwrap().to_owned();
    BlobRecord {
        id: text("id").parse().unwrap(),
        plain_size: value["plain_size"].as_u64().unwrap(),
        stored_size: value["stored_size"].as_u64().unwrap(),
        sha256: text("sha256").parse().unwrap(),
        key_id: KeyId(hex::decode(text("key_id")).unwrap().try_into().unwrap()),
        wrapped_key: WrappedKey(hex::decode(text("wrapped_key")).unwrap()),
    }
}

/// Writes all specimens into a folder, as this code does it with a known source of "randomness".
fn write_all(to: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(Settings::new(dir.path()), MasterKey::from_bytes(KEY), random(1)).unwrap();
    let mut records = serde_json::Map::new();
    for (name, number, sessions) in FINISHED {
        let plain = pattern(sessions.iter().sum());
        let mut writer = blobs.create(id(number)).unwrap();
        let mut at = 0;
        for (n, len) in sessions.iter().enumerate() {
            if n > 0 {
                writer.park().unwrap();
                writer = blobs.resume(id(number)).unwrap();
            }
            writer.write(&plain[at..at + len]).unwrap();
            at += len;
        }
        records.insert(name.into(), to_json(&writer.finish().unwrap()));
        fs::copy(staged(dir.path(), id(number)), to.join(name).with_extension("object")).unwrap();
    }
    let (name, number, len) = STAGED;
    let mut writer = blobs.create(id(number)).unwrap();
    writer.write(&pattern(len)).unwrap();
    writer.park().unwrap();
    let main = staged(dir.path(), id(number));
    fs::copy(&main, to.join(name).with_extension("object")).unwrap();
    fs::copy(main.with_extension("tail"), to.join(name).with_extension("tail")).unwrap();
    let text = serde_json::to_string_pretty(&records).unwrap();
    fs::write(to.join("records.json"), text + "\n").unwrap();
    fs::copy(dir.path().join(".media-vault-store"), to.join("marker")).unwrap();
}

/// A store that holds what lies in a folder of specimens.
fn lay_out(from: &Path, root: &Path) -> Blobs {
    fs::create_dir_all(root.join("incoming")).unwrap();
    fs::copy(from.join("marker"), root.join(".media-vault-store")).unwrap();
    let put = |name: &str, to: PathBuf| {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from.join(name), to).unwrap();
    };
    for (name, number, _) in FINISHED {
        put(&format!("{name}.object"), settled(root, id(number)));
    }
    let (name, number, _) = STAGED;
    let main = staged(root, id(number));
    put(&format!("{name}.tail"), main.with_extension("tail"));
    put(&format!("{name}.object"), main);
    Blobs::open(Settings::new(root), MasterKey::from_bytes(KEY), true_random()).unwrap()
}

fn specimens_open(version: u8) {
    let from = folder(version);
    let dir = tempfile::tempdir().unwrap();
    let blobs = lay_out(&from, dir.path());
    let records: Value = serde_json::from_str(&fs::read_to_string(from.join("records.json")).unwrap()).unwrap();
    for (name, number, sessions) in FINISHED {
        let record = from_json(&records[name]);
        assert_eq!(record.id, id(number), "{name}");
        blobs.verify(&may_verify(), &record).unwrap();
        assert_eq!(
            read_all(&blobs, &record).unwrap(),
            pattern(sessions.iter().sum()),
            "{name}"
        );
    }
    // An upload that was under way during the update of the program goes on.
    let (_, number, len) = STAGED;
    let staged: BlobId = id(number);
    assert_eq!(blobs.received(staged).unwrap(), Some(len as u64));
    let record = blobs.resume(staged).unwrap().finish().unwrap();
    assert_eq!(read_all(&blobs, &record).unwrap(), pattern(len));
}

#[test]
fn every_released_format_has_specimens_and_they_open() {
    for version in 1..=FORMAT_VERSION {
        assert!(
            folder(version).is_dir(),
            "format {version} has no specimen: docs/format.md says how to make it"
        );
        specimens_open(version);
    }
}

/// `UPDATE=1 cargo test -p blob --test specimen` writes the specimens of a new version. Those of a released one never change.
#[test]
fn what_is_written_today_is_the_newest_specimen() {
    let specimens = folder(FORMAT_VERSION);
    if option_env!("UPDATE").is_some() && !specimens.exists() {
        fs::create_dir_all(&specimens).unwrap();
        write_all(&specimens);
    }
    let dir = tempfile::tempdir().unwrap();
    write_all(dir.path());
    let mut names: Vec<_> = files(&specimens)
        .iter()
        .map(|p| p.file_name().unwrap().to_owned())
        .collect();
    names.sort();
    let mut made: Vec<_> = files(dir.path())
        .iter()
        .map(|p| p.file_name().unwrap().to_owned())
        .collect();
    made.sort();
    assert_eq!(names, made);
    for name in names {
        let same = fs::read(specimens.join(&name)).unwrap() == fs::read(dir.path().join(&name)).unwrap();
        assert!(same, "{name:?} is written differently: that is a new format version");
    }
}

/// The vector in `docs/format.md` is this specimen; white space there is for the eye.
#[test]
fn the_page_of_the_format_shows_the_specimen() {
    let page = fs::read_to_string("../../docs/format.md").unwrap();
    let page: String = page.split_whitespace().collect();
    let stored = fs::read(folder(1).join("small.object")).unwrap();
    let records: Value = serde_json::from_str(&fs::read_to_string(folder(1).join("records.json")).unwrap()).unwrap();
    let record = from_json(&records["small"]);
    for piece in [
        &stored[..96],
        &stored[stored.len() - 108..],
        &record.wrapped_key.0,
        &record.key_id.0,
    ] {
        assert!(page.contains(&hex::encode(piece)), "{}", hex::encode(piece));
    }
}
