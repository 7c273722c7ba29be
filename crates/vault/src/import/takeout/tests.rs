use super::*;
use proptest::prelude::*;

/// Which note each file gets, by name.
fn pairs(files: &[&str], notes: &[(&str, Option<&str>)]) -> Vec<Option<String>> {
    let found = Notes::new(notes.iter().copied()).assign(files);
    found
        .iter()
        .map(|note| note.map(|(at, _)| notes[at].0.to_owned()))
        .collect()
}

fn pair(file: &str, note: &str) -> bool {
    pairs(&[file], &[(note, None)]) == [Some(note.to_owned())]
}

#[test]
fn the_usual_names_match() {
    for (file, note) in [
        ("IMG.jpg", "IMG.jpg.json"),
        ("IMG.JPG", "IMG.jpg.json"),
        ("IMG.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG.jpg", "IMG.jpg.supplemental-me.json"),
        ("IMG.jpg", "IMG.jpg.s.json"),
        ("IMG.jpg", "IMG.jpg..json"),
        ("IMG(1).jpg", "IMG.jpg(1).json"),
        ("IMG(1).jpg", "IMG(1).jpg.json"),
        ("IMG(1).jpg", "IMG.jpg.supplemental-metadata(1).json"),
        ("IMG(12).jpg", "IMG.jpg.suppl(12).json"),
        ("IMG-edited.jpg", "IMG.jpg.json"),
        ("IMG-edited(2).jpg", "IMG.jpg(2).json"),
        ("IMG-bearbeitet.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG-edytowane.jpg", "IMG.jpg.json"),
        ("IMG-编辑.jpg", "IMG-编辑.jpg.json"),
        ("IMG-modifié.jpg", "IMG.jpg.json"),
        ("IMG.jpg", "IMG.json"),
        ("IMG(1).jpg", "IMG(1).json"),
    ] {
        assert!(pair(file, note), "{file} <-> {note}");
    }
}

#[test]
fn what_is_only_alike_does_not_match() {
    for (file, note) in [
        ("IMG.jpg", "IMG.jpg(1).json"),
        ("IMG(1).jpg", "IMG.jpg.json"),
        ("IMG(1).jpg", "IMG.jpg(2).json"),
        ("IMG.jpg", "IMG.jpg.other.json"),
        ("IMG_1.jpg", "IMG_10.jpg.json"),
        ("IMG_10.jpg", "IMG_1.jpg.json"),
        ("IMG.jpg", "metadata.json"),
        ("-edited.jpg", ".jpg.json"),
    ] {
        assert!(!pair(file, note), "{file} <-> {note}");
    }
}

#[test]
fn a_film_shares_the_note_of_its_picture() {
    let notes = [
        ("IMG_1.HEIC.supplemental-metadata.json", None),
        ("PXL_1.MP.jpg.json", None),
    ];
    let found = Notes::new(notes).assign(&["IMG_1.HEIC", "IMG_1.MP4", "PXL_1.MP", "PXL_1.MP.jpg", "IMG_2.MP4"]);
    assert_eq!(
        found,
        [
            Some((0, Link::Own)),
            Some((0, Link::Partner)),
            Some((1, Link::Partner)),
            Some((1, Link::Own)),
            None
        ]
    );
    let counted = pairs(
        &["IMG_1(1).HEIC", "IMG_1(1).MOV"],
        &[("IMG_1.HEIC.supplemental-metadata(1).json", None)],
    );
    assert!(counted.iter().all(Option::is_some));
}

#[test]
fn long_names_that_begin_alike_are_told_apart_by_their_titles() {
    let start = "Screenshot of a very long conversation in autu";
    assert_eq!(start.len(), CUT);
    let titles = [format!("{start}mn one.png"), format!("{start}xn two.png")];
    let files = [format!("{start}m.png"), format!("{start}x.png")];
    let notes = [format!("{start}.json"), format!("{start}(1).json")];
    // Whichever of the two got the counter.
    for order in [[0, 1], [1, 0]] {
        let told: Vec<_> = notes
            .iter()
            .zip(order)
            .map(|(n, t)| (n.as_str(), Some(titles[t].as_str())))
            .collect();
        let found = pairs(&[&files[0], &files[1]], &told);
        assert_eq!(found, order.map(|at| Some(notes[at].clone())));
    }
}

#[test]
fn the_title_is_the_last_resort_and_must_be_the_only_one() {
    assert_eq!(
        pairs(&["a_b.jpg"], &[("odd.json", Some("a&b.jpg"))]),
        [Some("odd.json".to_owned())]
    );
    let two = [("odd.json", Some("a.jpg")), ("odder.json", Some("a.jpg"))];
    assert_eq!(pairs(&["a.jpg"], &two), [None]);
    // Another file's note is left to it.
    let found = pairs(&["b.jpg", "a.jpg"], &[("b.jpg.json", Some("a.jpg"))]);
    assert_eq!(found, [Some("b.jpg.json".to_owned()), None]);
}

#[test]
fn the_original_name_comes_back() {
    let long = "A name of a photo that is much too long for Takeout.jpg";
    let cut = format!("{}.jpg", &long[..47]);
    assert_eq!(original_name(&cut, long).as_deref(), Some(long));
    assert_eq!(original_name("IMG(1).jpg", "IMG.jpg").as_deref(), Some("IMG.jpg"));
    assert_eq!(original_name("a_b.jpg", "a&b.jpg").as_deref(), Some("a&b.jpg"));
    assert_eq!(original_name("IMG_1.MOV", "IMG_1.HEIC"), None);
    assert_eq!(original_name("IMG.jpg", "other.jpg"), None);
}

fn first(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

proptest! {
    /// Takeout's own rule, forwards: whatever it makes of a title, file and note find each other.
    #[test]
    fn whatever_takeout_makes_of_a_title_is_found(
        stem in "[A-Za-zäé0-9][A-Za-z0-9äéß _-]{0,70}[A-Za-z0-9]",
        extension in "(jpg|JPG|heic|mp4|png)",
        counter in proptest::option::of(1_u32..30),
        supplemented: bool,
        titled: bool,
    ) {
        let title = format!("{stem}.{extension}");
        let count = counter.map(|n| format!("({n})")).unwrap_or_default();
        let file = format!("{}{count}.{extension}", first(&stem, 47));
        let whole = if supplemented { format!("{title}{SUPPLEMENT}") } else { title.clone() };
        let note = format!("{}{count}.json", first(&whole, CUT));
        let found = pairs(&[&file], &[("metadata.json", Some("An album")), (&note, titled.then_some(&title))]);
        prop_assert_eq!(found, [Some(note)]);
    }

    #[test]
    fn any_names_are_survived(files: Vec<String>, notes: Vec<(String, Option<String>)>) {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let notes = notes.iter().map(|(name, title)| (name.as_str(), title.as_deref()));
        prop_assert_eq!(Notes::new(notes).assign(&files).len(), files.len());
    }
}
