//! Importing a folder: what is found, what belongs to what, what is left out and why, and that it may be cut off and begun again.
// A test's way to fail is to panic.
#![allow(clippy::expect_used, clippy::panic)]

mod house;

use domain::{At, Shelf};
use house::House;
use std::{fs, path::Path, sync::Arc};
use testkit::sample;
use vault::import::{self, Control, ImportError, Options};

fn why<'a>(left: &'a [import::Left], path: &str) -> &'a str {
    let found = left.iter().find(|l| l.path == Path::new(path));
    &found.unwrap_or_else(|| panic!("{path} among {left:?}")).why
}

/// A note of Google Photos; 1715508672 is 12 May 2024, 10:11:12 UTC.
fn note(title: &str, more: &str) -> String {
    format!(r#"{{"title": "{title}", "photoTakenTime": {{"timestamp": "1715508672"}}{more}}}"#)
}

const NOTED: At = At(1_715_508_672_000_000);

#[testkit::both]
async fn a_folder_is_taken_in_with_all_below_it(database: testkit::Database) {
    let house = House::new(database).await;
    house.put("a.jpg", sample::jpeg(1, 64, 48));
    house.put("2024/may/b.png", sample::png(2, 64, 48));
    house.put("2024/c.gif", sample::gif(3, 64, 48));
    // The type is told by the content, never by the name.
    house.put("2024/really.txt", sample::jpeg(4, 64, 48));

    let summary = house.import().await;
    assert_eq!((summary.added, summary.already_here), (4, 0));
    assert_eq!(
        (summary.failed, summary.skipped, summary.not_reached),
        (vec![], vec![], 0)
    );
    let names: Vec<String> = house.items().await.into_iter().map(|m| m.file_name).collect();
    assert_eq!(names, ["a.jpg", "b.png", "c.gif", "really.txt"]);
    assert_eq!(import::waiting(&house.vault, house.owner).await.expect("a count"), 4);
}

#[testkit::both]
async fn what_is_no_media_is_left_out_and_it_is_said_why(database: testkit::Database) {
    const RUBBISH: &str = "a folder of thumbnails or rubbish of another program";
    const OTHER: &str = "no photo, video or sound";
    let house = House::new(database).await;
    let photo = sample::jpeg(1, 64, 48);
    house.put("good.jpg", &photo);
    for left_out in [
        "@eaDir/good.jpg/SYNOPHOTO_THUMB_M.jpg",
        ".thumbnails/1.jpg",
        "album/._good.jpg",
        "album/.trashed-1715508672-gone.jpg",
        "album/.DS_Store",
        "album/Thumbs.db",
        "#recycle/gone.jpg",
        "film.THM",
    ] {
        house.put(left_out, &photo);
    }
    house.put("empty.jpg", b"");
    house.put("text.jpg", "a text that calls itself a photo");
    house.put("album/metadata.json", r#"{"title": "Holiday", "access": "protected"}"#);
    house.put("album/archive_browser.html", "<html><body>Google</body></html>");
    house.put("lonely.xmp", "<x:xmpmeta/>");
    house.put("lonely.jpg.json", note("lonely.jpg", ""));
    std::os::unix::fs::symlink("/etc", house.dir().join("link")).expect("a link");

    let plan = house.plan().await;
    assert_eq!(plan.files.len(), 1);
    for (path, reason) in [
        ("@eaDir", RUBBISH),
        ("#recycle", RUBBISH),
        (".thumbnails", "a hidden folder"),
        ("album/._good.jpg", "a hidden file"),
        ("album/.DS_Store", "a hidden file"),
        ("album/.trashed-1715508672-gone.jpg", "it was in the phone's trash"),
        ("album/Thumbs.db", "a file of another program's own"),
        ("empty.jpg", "the file is empty"),
        ("text.jpg", OTHER),
        ("album/metadata.json", OTHER),
        ("album/archive_browser.html", OTHER),
        ("lonely.xmp", "a sidecar of a file that is not in this folder"),
        (
            "lonely.jpg.json",
            "a note of Google Photos on a file that is not in this folder",
        ),
        ("link", "a link; links are not followed"),
        (
            "film.THM",
            "what a camera or phone keeps for itself beside a photo or video",
        ),
    ] {
        assert_eq!(why(&plan.skipped, path), reason, "{path}");
    }
    assert_eq!(plan.skipped.len(), 15);

    let skipped = plan.skipped.clone();
    let summary = house.carry_out(plan).await;
    assert_eq!((summary.added, summary.failed), (1, vec![]));
    assert_eq!(summary.skipped, skipped);
}

#[testkit::both]
async fn our_own_folder_is_never_entered(database: testkit::Database) {
    let house = House::new(database).await;
    house.put("a.jpg", sample::jpeg(1, 64, 48));
    house.put("vault/objects/b.jpg", sample::jpeg(2, 64, 48));
    let options = Options {
        apart: vec![house.dir().canonicalize().expect("a folder").join("vault")],
        journal: None,
    };
    let plan = import::plan(&house.vault, house.owner, house.dir(), options, Arc::default());
    let plan = plan.await.expect("a plan");
    assert_eq!(plan.files.len(), 1);
    assert_eq!(why(&plan.skipped, "vault"), "Media Vault keeps its own data there");
}

#[testkit::both]
async fn a_takeout_keeps_dates_flags_and_names(database: testkit::Database) {
    let house = House::new(database).await;
    let top = "Takeout/Google Photos/Photos from 2024";
    let photo = |name: &str, seed| house.put(&format!("{top}/{name}"), sample::png(seed, 64, 48));
    let beside = |name: &str, title: &str, more: &str| house.put(&format!("{top}/{name}"), note(title, more));
    photo("plain.png", 1);
    beside("plain.png.supplemental-metadata.json", "plain.png", "");
    photo("again(1).png", 2);
    beside(
        "again.png.supplemental-metadata(1).json",
        "again.png",
        r#", "favorited": true"#,
    );
    photo("other.png", 3);
    photo("other-edited.png", 4);
    beside("other.png.json", "other.png", r#", "archived": true"#);
    photo("gone.png", 5);
    beside("gone.png.suppl.json", "gone.png", r#", "trashed": true"#);
    let long = "a photo with a name that is longer than Takeout allows names to be.png";
    photo(&format!("{}.png", &long[..47]), 6);
    beside(&format!("{}.json", &long[..46]), long, "");
    photo("no note.png", 7);

    let summary = house.import().await;
    assert_eq!((summary.added, &summary.failed), (6, &vec![]));
    assert_eq!(
        why(&summary.skipped, &format!("{top}/gone.png")),
        "it was in the trash of Google Photos"
    );
    let items = house.items().await;
    let found: Vec<_> = items
        .iter()
        .map(|m| (m.file_name.as_str(), m.taken.local == NOTED, m.favorite, m.shelf))
        .collect();
    let expected = [
        (long, true, false, Shelf::Timeline),
        // Takeout's counter is no part of the name.
        ("again.png", true, true, Shelf::Timeline),
        ("no note.png", false, false, Shelf::Timeline),
        ("other-edited.png", true, false, Shelf::Archive),
        ("other.png", true, false, Shelf::Archive),
        ("plain.png", true, false, Shelf::Timeline),
    ];
    assert_eq!(found, expected);
}

#[testkit::both]
async fn a_takeout_in_several_archives_is_put_together(database: testkit::Database) {
    let house = House::new(database).await;
    let (one, two) = ("Takeout 1/Photos from 2024", "Takeout 2/Photos from 2024");
    house.put(&format!("{one}/a.png"), sample::png(1, 64, 48));
    house.put(&format!("{two}/a.png.suppl.json"), note("a.png", ""));
    house.put(&format!("{one}/b.png"), sample::png(2, 64, 48));
    house.put(&format!("{two}/b.png.json"), note("b.png", r#", "trashed": true"#));
    house.put(&format!("{two}/nowhere.png.json"), note("nowhere.png", ""));
    // Alike, but in another folder: not the same photo.
    house.put("Holiday/a.png", sample::png(3, 64, 48));

    let summary = house.import().await;
    assert_eq!((summary.added, &summary.failed), (2, &vec![]));
    let noted = house.items().await.iter().filter(|m| m.taken.local == NOTED).count();
    assert_eq!(noted, 1);
    assert_eq!(summary.skipped.len(), 2);
    assert_eq!(
        why(&summary.skipped, &format!("{one}/b.png")),
        "it was in the trash of Google Photos"
    );
    assert!(why(&summary.skipped, &format!("{two}/nowhere.png.json")).contains("not in this folder"));
}

#[testkit::both]
async fn a_sidecar_is_kept_with_its_file(database: testkit::Database) {
    let house = House::new(database).await;
    let xmp = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="2019-03-04T05:06:07"/></rdf:RDF></x:xmpmeta>"#;
    house.put("whole.png", sample::png(1, 64, 48));
    house.put("whole.png.xmp", xmp);
    house.put("STEM.PNG", sample::png(2, 64, 48));
    house.put("stem.xmp", xmp);
    // The sidecar knows the date better than the note.
    house.put("whole.png.json", note("whole.png", ""));
    let summary = house.import().await;
    assert_eq!((summary.added, summary.skipped), (2, vec![]));
    for name in ["whole.png", "STEM.PNG"] {
        let taken = house.item(name).await.taken;
        assert_eq!(taken.local, At(1_551_675_967_000_000), "{name}");
        assert_eq!(taken.source, domain::TakenSource::Sidecar, "{name}");
    }
}

#[testkit::both]
async fn what_belongs_together_is_counted_and_all_of_it_kept(database: testkit::Database) {
    let house = House::new(database).await;
    // Pairs are told by name, so that here a film may well be a small picture.
    let names = ["IMG_1.HEIC", "IMG_1.MOV", "RAW_1.CR2", "RAW_1.JPG", "alone.jpg"];
    for (seed, name) in (0..).zip(names) {
        house.put(name, sample::jpeg(seed, 64, 48));
    }
    house.put("IMG_1.HEIC.supplemental-metadata.json", note("IMG_1.HEIC", ""));
    let plan = house.plan().await;
    assert_eq!((plan.pairs.live_photos, plan.pairs.raw_and_picture), (1, 1));
    let noted = plan.files.iter().filter(|f| f.note.is_some()).count();
    assert_eq!(noted, 2, "picture and film");
    assert_eq!(house.carry_out(plan).await.added, 5);
    // The film keeps its own name.
    assert_eq!(house.item("IMG_1.MOV").await.taken.local, NOTED);
}

#[testkit::both]
async fn a_second_run_adds_nothing_and_reads_nothing(database: testkit::Database) {
    let house = House::new(database).await;
    for seed in 0..20 {
        house.put(&format!("{seed}.jpg"), sample::jpeg(seed, 64, 48));
    }
    house.put("the same again.jpg", sample::jpeg(3, 64, 48));
    let first = house.import().await;
    assert_eq!((first.added, first.already_here), (20, 1));

    let control = Arc::new(Control::default());
    let plan = house.plan().await;
    assert_eq!(plan.new_files().count(), 0);
    let second = import::run(&house.vault, house.owner, plan, control.clone()).await;
    assert_eq!((second.added, second.already_here, control.bytes()), (0, 21, 0));

    // Without the journal all is read, and found by its content.
    fs::remove_file(house.journal()).expect("removed");
    let third = house.import().await;
    assert_eq!((third.added, third.already_here), (0, 21));
    assert_eq!(house.items().await.len(), 20);
}

#[testkit::both]
async fn the_journal_is_only_believed_while_the_item_is_there(database: testkit::Database) {
    let house = House::new(database).await;
    for (seed, name) in (1..).zip(["kept.jpg", "trashed.jpg", "purged.jpg", "changed.jpg"]) {
        house.put(name, sample::jpeg(seed, 64, 48));
    }
    assert_eq!(house.import().await.added, 4);
    for (name, for_good) in [("purged.jpg", true), ("trashed.jpg", false)] {
        let id = house.item(name).await.id;
        let trashed = vault::trash::trash(&house.vault, house.call(), id);
        trashed.await.expect("trashed");
        if for_good {
            let purged = vault::trash::purge(&house.vault, house.call(), id);
            purged.await.expect("purged");
        }
    }
    house.put("changed.jpg", sample::jpeg(5, 65, 48));

    let again = house.import().await;
    assert_eq!((again.added, again.already_here), (2, 2));
    // What a person threw away does not come back by itself.
    assert_eq!(house.item("trashed.jpg").await.shelf, Shelf::Trash);
    assert_eq!(house.item("purged.jpg").await.shelf, Shelf::Timeline);
}

#[testkit::both]
async fn a_stopped_import_goes_on_where_it_was(database: testkit::Database) {
    let house = House::new(database).await;
    for seed in 0..30 {
        house.put(&format!("{seed}.jpg"), sample::jpeg(seed, 64, 48));
    }
    let control = Arc::new(Control::default());
    let plan = house.plan().await;
    let running = tokio::spawn({
        let (vault, owner, control) = (house.vault.clone(), house.owner, control.clone());
        async move { import::run(&vault, owner, plan, control).await }
    });
    while control.files() < 3 {
        tokio::task::yield_now().await;
    }
    control.stop();
    let first = running.await.expect("it ends");
    assert!(first.failed.is_empty() && first.added >= 3);
    assert_eq!(first.added + first.not_reached, 30);
    assert_eq!(house.items().await.len() as u64, first.added);

    let second = house.import().await;
    assert_eq!((second.added, second.already_here), (first.not_reached, first.added));
    assert_eq!(house.items().await.len(), 30);
}

#[testkit::both]
async fn one_bad_file_ends_nothing(database: testkit::Database) {
    let house = House::new(database).await;
    for seed in 0..10 {
        house.put(&format!("{seed}.jpg"), sample::jpeg(seed, 64, 48));
    }
    let plan = house.plan().await;
    fs::remove_file(house.dir().join("3.jpg")).expect("removed");
    // Still being copied when the import comes to it.
    house.put("5.jpg", &sample::jpeg(5, 64, 48)[..200]);
    let summary = house.carry_out(plan).await;
    assert_eq!((summary.added, summary.failed.len()), (8, 2));
    assert_eq!(why(&summary.failed, "3.jpg"), "it is not there any more");
    assert!(why(&summary.failed, "5.jpg").starts_with("it was changed while the import ran"));
    assert_eq!(house.items().await.len(), 8);
    // Nothing of the two is left lying about.
    let staged = fs::read_dir(house.database.folder().join("objects/incoming")).expect("a folder");
    assert_eq!(staged.count(), 0);
}

#[testkit::both]
async fn names_of_files_are_in_no_plain_text_in_the_journal(database: testkit::Database) {
    let house = House::new(database).await;
    house.put("a telling folder/a telling name.jpg", sample::jpeg(1, 64, 48));
    assert_eq!(house.import().await.added, 1);
    let journal = fs::read(house.journal()).expect("a journal");
    assert!(!journal.is_empty());
    assert!(!journal.windows(7).any(|w| w == b"telling"));
}

#[testkit::both]
async fn a_wrong_name_or_folder_is_said_plainly(database: testkit::Database) {
    let house = House::new(database).await;
    for unknown in ["bob@example.org", "bob", ""] {
        let found = import::owner(&house.vault, unknown).await;
        assert!(matches!(found, Err(ImportError::NoAccount { .. })), "{unknown}");
    }
    assert!(import::owner(&house.vault, "ANN@example.org").await.is_ok());
    let nowhere = house.dir().join("nowhere");
    let plan = import::plan(&house.vault, house.owner, nowhere, Options::default(), Arc::default());
    assert!(matches!(plan.await, Err(ImportError::Folder { .. })));
}
