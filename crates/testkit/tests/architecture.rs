//! The walls between the parts, held by a test: who may know whom, who may name which library, how long a file may be.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Who may know whom. An arrow that is not here does not exist; `domain` knows nobody, and the four in the middle
/// (`store`, `blob`, `media`, `identity`) do not know each other.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("media", &[]),
    ("store", &["domain"]),
    ("blob", &["domain"]),
    ("identity", &["domain"]),
    ("vault", &["blob", "domain", "identity", "media", "store"]),
    ("jobs", &["domain", "store", "vault"]),
    ("api", &["domain", "identity", "store", "vault"]),
    (
        "media-vault",
        &["api", "blob", "domain", "identity", "jobs", "media", "store", "vault"],
    ),
    ("testkit", &["testkit-macros"]),
    ("testkit-macros", &[]),
];

/// Arrows of tests alone. `testkit` is open to all but `domain` and `media`, which need nothing of it.
const TEST_ARROWS: &[(&str, &[&str])] = &[
    ("store", &["testkit"]),
    ("blob", &["testkit"]),
    ("identity", &["testkit"]),
    ("vault", &["testkit"]),
    ("jobs", &["testkit"]),
    ("api", &["blob", "media", "store", "testkit"]),
    ("media-vault", &["testkit"]),
];

/// Libraries that only the named crates may name, so that what they stand for (a database, an object store, HTTP) has one door.
const DOORS: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("postgres", &["store"]),
    ("tokio-postgres", &["store"]),
    ("object_store", &["blob"]),
    ("axum", &["api", "media-vault"]),
    ("utoipa", &["api"]),
    ("clap", &["media-vault"]),
    ("jsonwebtoken", &["identity"]),
    ("argon2", &["identity"]),
    ("image", &["media", "testkit"]),
    ("turbojpeg", &["media"]),
    ("seccompiler", &["media"]),
    ("landlock", &["media"]),
];

/// Longest file. One idea rarely needs more.
const LONGEST: usize = 450;

/// Files that are longer, each with its reason. Edited by hand; it may only shrink.
const LONGER: &[&str] = &[
    // Written by `make generate` from the OpenAPI document.
    "web/src/lib/api/schema.d.ts",
    // To be split.
    "crates/cli/src/config.rs",
    "crates/store/src/rows/media.rs",
    // Lists of cases, one after another.
    "crates/store/src/tests/plans.rs",
    "crates/vault/tests/import.rs",
    // Stories of one interface, each short, read one by one.
    "crates/vault/tests/import.rs",
];

fn root() -> PathBuf {
    Path::new("../..").canonicalize().unwrap()
}

/// The workspace's own packages: name -> (dependencies, dependencies of tests alone).
fn packages() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut packages = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let mut ordinary = BTreeSet::new();
        let mut tests = BTreeSet::new();
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap().to_owned();
            let kind = dependency["kind"].as_str();
            if kind == Some("dev") { &mut tests } else { &mut ordinary }.insert(name);
        }
        packages.insert(package["name"].as_str().unwrap().to_owned(), (ordinary, tests));
    }
    packages
}

fn row<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(of, _)| *of == name).map(|(_, arrows)| *arrows)
}

#[test]
fn the_arrows_between_crates_are_those_of_the_table() {
    let packages = packages();
    let mut problems = Vec::new();
    for (name, (ordinary, tests)) in &packages {
        let Some(allowed) = row(ARROWS, name) else {
            problems.push(format!("crate {name} has no row in ARROWS: give it its place"));
            continue;
        };
        let in_tests = row(TEST_ARROWS, name).unwrap_or(&[]);
        for arrow in ordinary.iter().filter(|arrow| packages.contains_key(*arrow)) {
            if !allowed.contains(&arrow.as_str()) {
                problems.push(format!("{name} knows {arrow}"));
            }
        }
        for arrow in tests.iter().filter(|arrow| packages.contains_key(*arrow)) {
            if !allowed.contains(&arrow.as_str()) && !in_tests.contains(&arrow.as_str()) {
                problems.push(format!("the tests of {name} know {arrow}"));
            }
        }
    }
    for (name, _) in ARROWS {
        if !packages.contains_key(*name) {
            problems.push(format!("ARROWS has a row for {name}, which does not exist"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_arrows_never_run_in_a_circle() {
    // Walking the table from every crate must end: each step takes at least one crate away.
    let mut left: BTreeMap<_, BTreeSet<_>> = ARROWS
        .iter()
        .map(|(name, arrows)| (*name, arrows.iter().copied().collect()))
        .collect();
    while !left.is_empty() {
        let done: Vec<_> = left
            .iter()
            .filter(|(_, arrows)| arrows.is_empty())
            .map(|(name, _)| *name)
            .collect();
        assert!(!done.is_empty(), "a circle among {:?}", left.keys());
        for name in done {
            left.remove(name);
            left.values_mut().for_each(|arrows| {
                arrows.remove(name);
            });
        }
    }
}

#[test]
fn each_library_with_a_door_is_named_by_its_owner_alone() {
    let mut problems = Vec::new();
    for (name, (ordinary, tests)) in packages() {
        for (library, owners) in DOORS {
            if (ordinary.contains(*library) || tests.contains(*library)) && !owners.contains(&name.as_str()) {
                problems.push(format!("{name} names {library}, which belongs to {owners:?}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// `api` knows the rows that use cases answer with, not the database; `jobs` touches the queue in two files and nothing else.
#[test]
fn the_database_is_opened_and_written_by_use_cases_alone() {
    let mut problems = Vec::new();
    for (krate, allowed) in [("api", &["rows.rs"][..]), ("jobs", &["worker.rs", "kinds/mod.rs"][..])] {
        let source = root().join("crates").join(krate).join("src");
        let mut files = Vec::new();
        collect(&source, &["rs"], &mut files);
        for file in files {
            let name = file.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            if text.contains("store::") && !allowed.contains(&name.as_str()) {
                problems.push(format!("{krate}/src/{name} names the store"));
            }
            for door in ["store::Store", "store::Tx", ".store.write(", ".store.read("] {
                if text.contains(door) {
                    problems.push(format!("{krate}/src/{name} uses {door}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let root = root();
    let mut files = Vec::new();
    collect(&root.join("crates"), &["rs", "sql"], &mut files);
    collect(&root.join("web/src"), &["ts", "js", "svelte", "css"], &mut files);
    assert!(files.len() > 20, "the folders were not found");
    let mut problems = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        let excused = LONGER.contains(&name.as_str());
        if lines > LONGEST && !excused {
            problems.push(format!("{name} has {lines} lines; split it by ideas"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, endings, files);
        } else if path
            .extension()
            .is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
        {
            files.push(path);
        }
    }
}
