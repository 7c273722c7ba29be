//! Which of Google Takeout's notes (`.json`) belongs to which file. Takeout shortens names, moves counters and gives edited files no note
//! of their own; these rules were collected from real exports of several years.
//!
//! | file | note |
//! |---|---|
//! | `IMG.jpg` | `IMG.jpg.json`, `IMG.jpg.supplemental-metadata.json`, or that cut anywhere: `IMG.jpg.supplemental-me.json` |
//! | `IMG(1).jpg` | `IMG.jpg(1).json`, `IMG.jpg.supplemental-metadata(1).json` |
//! | `IMG-edited.jpg` | that of `IMG.jpg` |
//! | a name of more than 46 characters | the first 46 of them |
//! | the film of a live photo | that of the picture |
//! | `IMG.jpg` | `IMG.json` |
//! | anything else | the one whose `title` is the file's name |

use std::collections::HashMap;

/// What follows the file's name in a note's name since 2024, whole or cut.
const SUPPLEMENT: &str = ".supplemental-metadata";
/// Takeout's names have at most 51 characters; `.json` is five of them.
const CUT: usize = 46;
/// Shorter names were surely not cut.
const NEARLY_CUT: usize = 43;
/// What Google Photos puts behind the name of an edited file, in the language of its owner.
const EDITED: [&str; 25] = [
    "-edited",
    "-effects",
    "-smile",
    "-mix",
    "-bearbeitet",
    "-edytowane",
    "-modifié",
    "-modifie\u{301}",
    "-editado",
    "-editada",
    "-ha editado",
    "-modificato",
    "-bewerkt",
    "-redigerad",
    "-redigeret",
    "-redigert",
    "-muokattu",
    "-upraveno",
    "-upravené",
    "-szerkesztett",
    "-düzenlendi",
    "-изменено",
    "-編集済み",
    "-已修改",
    "-editat",
];

/// How sure it is that a note is a file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Link {
    /// The note is named for this very file.
    Own,
    /// The file is an edited copy; the note is its original's.
    Original,
    /// The note is that of the picture that this film belongs to.
    Partner,
}

/// A note as its name and its `title` tell it.
struct Known {
    counter: Option<u32>,
    /// Folded.
    title: Option<String>,
}

/// The notes of one folder. Numbers are positions in the list that it was made from.
pub(super) struct Notes {
    known: Vec<Known>,
    /// By the folded name without `.json` and counter.
    by_base: HashMap<String, Vec<usize>>,
    by_title: HashMap<String, Vec<usize>>,
}

impl Notes {
    /// Takes file names (`IMG.jpg.json`) with the titles that stand in them.
    pub fn new<'a>(notes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Notes {
        let mut all = Notes {
            known: vec![],
            by_base: HashMap::new(),
            by_title: HashMap::new(),
        };
        for (at, (name, title)) in notes.into_iter().enumerate() {
            let folded = name.to_lowercase();
            let base = folded.strip_suffix(".json").unwrap_or(&folded);
            let (base, counter) = uncounted(base);
            all.by_base.entry(base.to_owned()).or_default().push(at);
            let title = title.map(str::to_lowercase);
            if let Some(title) = &title {
                all.by_title.entry(written(title)).or_default().push(at);
            }
            all.known.push(Known { counter, title });
        }
        all
    }

    /// For each file of the folder its note.
    pub fn assign(&self, files: &[&str]) -> Vec<Option<(usize, Link)>> {
        let folded: Vec<String> = files.iter().map(|name| name.to_lowercase()).collect();
        let mut found: Vec<Option<(usize, Link)>> = folded
            .iter()
            .map(|name| {
                let own = self.named_for(name).map(|at| (at, Link::Own));
                own.or_else(|| self.of_original(name).map(|at| (at, Link::Original)))
            })
            .collect();
        // A film beside a picture has the picture's stem, or the picture is named for the film (`PXL_1.MP`, `PXL_1.MP.jpg`).
        let mut pictures: HashMap<&str, usize> = HashMap::new();
        for (name, note) in folded.iter().zip(&found) {
            if let Some((at, Link::Own)) = note {
                pictures.insert(split(name).0, *at);
            }
        }
        for (name, note) in folded.iter().zip(&mut found) {
            if note.is_none() {
                let partner = pictures.get(split(name).0).or_else(|| pictures.get(name.as_str()));
                *note = partner.map(|at| (*at, Link::Partner));
            }
        }
        let mut taken = vec![false; self.known.len()];
        for (at, _) in found.iter().flatten() {
            taken[*at] = true;
        }
        for (name, note) in folded.iter().zip(&mut found) {
            if note.is_none() {
                *note = self
                    .without_extension(name)
                    .or_else(|| self.titled(name, &taken))
                    .map(|at| (at, Link::Own));
            }
        }
        found
    }

    /// The note that is named for a file, by the rules for whole, supplemented and cut names.
    fn named_for(&self, name: &str) -> Option<usize> {
        let forms = forms(name);
        forms
            .iter()
            .find_map(|form| self.whole(form))
            .or_else(|| forms.iter().find_map(|form| self.cut(form)))
    }

    /// The file's whole name, and nothing else than a part of the supplement behind it.
    fn whole(&self, form: &Form) -> Option<usize> {
        let full = format!("{}{SUPPLEMENT}", form.name);
        let ends = (form.name.len()..=full.len()).rev();
        ends.filter_map(|end| self.by_base.get(&full[..end])).find_map(|notes| {
            let same = notes
                .iter()
                .copied()
                .filter(|at| self.known[*at].counter == form.counter);
            self.best(same, form)
        })
    }

    /// The beginning of the file's name, as long as Takeout leaves it. Several long names may begin alike: the title decides.
    fn cut(&self, form: &Form) -> Option<usize> {
        let ends = form
            .name
            .char_indices()
            .map(|(at, _)| at)
            .filter(|at| *at >= NEARLY_CUT)
            .rev();
        ends.filter_map(|end| Some((end, self.by_base.get(&form.name[..end])?)))
            .find_map(|(end, notes)| {
                let looks_cut = |at: &usize| was_cut(&form.name[..end], self.known[*at].counter);
                let fitting = |at: &usize| {
                    self.known[*at]
                        .title
                        .as_ref()
                        .is_none_or(|title| fits(title, &form.name))
                };
                let cut = notes.iter().copied().filter(looks_cut).filter(fitting);
                self.best(cut, form)
            })
    }

    /// Of several, the one whose title is the file's name, then the one with its counter.
    fn best(&self, notes: impl Iterator<Item = usize>, form: &Form) -> Option<usize> {
        notes.min_by_key(|at| {
            let note = &self.known[*at];
            let titled = note.title.as_ref().is_some_and(|title| written(title) == form.name);
            (!titled, note.counter != form.counter, *at)
        })
    }

    fn of_original(&self, name: &str) -> Option<usize> {
        originals(name).iter().find_map(|original| self.named_for(original))
    }

    /// `IMG.json`: only when its title does not say otherwise.
    fn without_extension(&self, name: &str) -> Option<usize> {
        forms(name).iter().find_map(|form| {
            let stem = split(&form.name).0;
            let fitting = |at: &usize| {
                let note = &self.known[*at];
                let says = note.title.as_ref().map(|title| written(title));
                note.counter == form.counter && says.is_none_or(|title| title == form.name || title == stem)
            };
            let notes = self.by_base.get(stem)?.iter().copied().filter(fitting);
            self.best(notes, form)
        })
    }

    /// The only note that has this title and is no other file's.
    fn titled(&self, name: &str, taken: &[bool]) -> Option<usize> {
        forms(name).iter().find_map(|form| {
            let mut free = self.by_title.get(&form.name)?.iter().copied().filter(|at| !taken[*at]);
            free.next().filter(|_| free.next().is_none())
        })
    }
}

/// A name under which a note may know a file.
struct Form {
    name: String,
    counter: Option<u32>,
}

/// The name as it is, and `IMG.jpg` with counter 1 for `IMG(1).jpg`.
fn forms(name: &str) -> Vec<Form> {
    let mut forms = vec![Form {
        name: name.to_owned(),
        counter: None,
    }];
    let (stem, extension) = split(name);
    if let (stem, counter @ Some(_)) = uncounted(stem) {
        forms.push(Form {
            name: format!("{stem}{extension}"),
            counter,
        });
    }
    forms
}

/// The names that an edited file may have had before: `IMG.jpg` of `IMG-edited.jpg`, `IMG(1).jpg` of `IMG-edited(1).jpg`.
fn originals(name: &str) -> Vec<String> {
    let (stem, extension) = split(name);
    let (bare, counter) = uncounted(stem);
    let counter = counter.map(|n| format!("({n})")).unwrap_or_default();
    let mut names = vec![];
    for mark in EDITED {
        // A long name loses the end of the mark, too.
        let shortest = if stem.chars().count() >= NEARLY_CUT {
            2
        } else {
            mark.len()
        };
        let ends = (shortest..=mark.len()).rev().filter(|end| mark.is_char_boundary(*end));
        let found = ends
            .filter_map(|end| bare.strip_suffix(&mark[..end]))
            .find(|rest| !rest.is_empty());
        names.extend(found.map(|rest| format!("{rest}{counter}{extension}")));
    }
    names
}

/// Stem and extension, the dot with the latter.
pub(super) fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// `IMG.jpg` and 1 of `IMG.jpg(1)`.
fn uncounted(name: &str) -> (&str, Option<u32>) {
    let counted = || {
        let (rest, counter) = name.strip_suffix(')')?.rsplit_once('(')?;
        let digits = !counter.is_empty() && counter.bytes().all(|b| b.is_ascii_digit());
        let counter = counter.parse().ok().filter(|_| digits && !rest.is_empty())?;
        Some((rest, Some(counter)))
    };
    counted().unwrap_or((name, None))
}

/// Whether a name is as long as Takeout leaves long names. It is not said anywhere in which unit, and whether the counter is within.
fn was_cut(base: &str, counter: Option<u32>) -> bool {
    let counter = counter.map_or(0, |n| format!("({n})").len());
    let lengths = [base.chars().count(), base.encode_utf16().count()];
    // In bytes, a character that does not fit goes as a whole.
    lengths.iter().any(|n| *n == CUT || n + counter == CUT) || (NEARLY_CUT..=CUT).contains(&(base.len() + counter))
}

/// A title as a file's name: Takeout writes `_` for what file systems refuse.
fn written(title: &str) -> String {
    title.chars().map(|c| if is_refused(c) { '_' } else { c }).collect()
}

fn is_refused(c: char) -> bool {
    matches!(
        c,
        '&' | '\'' | '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '%' | '=' | '+' | '@' | '#'
    ) || c.is_control()
}

/// Whether a file of this (perhaps cut) name can have had this title.
fn fits(title: &str, name: &str) -> bool {
    let title = written(title);
    let (stem, _) = split(name);
    let (bare, _) = uncounted(stem);
    title == name || title.starts_with(stem) || title.starts_with(bare)
}

/// The name that a file had before Takeout shortened it or counted it, if its note says so and does not say another one.
pub(super) fn original_name(name: &str, title: &str) -> Option<String> {
    let (folded, said) = (name.to_lowercase(), written(&title.to_lowercase()));
    let same_kind = split(&folded).1 == split(&said).1;
    let known = forms(&folded).iter().any(|form| {
        let stem = split(&form.name).0;
        said == form.name || (stem.chars().count() >= NEARLY_CUT && said.starts_with(stem))
    });
    (same_kind && known).then(|| title.to_owned())
}

#[cfg(test)]
mod tests;
