//! Looking for items by words.
//!
//! The list is walked newest first and each item's own words are compared, folded in case and accents, so that a word is found
//! wherever it stands. A request looks at a bounded number of items and says where to go on; nothing is indexed yet.

use crate::{
    Vault, VaultError,
    lists::{self, Page},
};
use domain::{Call, View};
use store::{ListFilter, ListPosition, MediaRow};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The most items that one request looks at: some 50 ms.
const LOOK: u32 = 10_000;
/// So many are read at once.
const PORTION: u32 = 1_000;
/// The most words that count.
const WORDS: usize = 16;

/// Without case and accents: "Żółw" becomes "zolw".
fn folded(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            // Letters that Unicode does not take apart.
            'ł' => 'l',
            'ø' => 'o',
            'đ' => 'd',
            'ı' => 'i',
            other => other,
        })
        .collect()
}

/// The words that are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// Of what was typed; words behind the sixteenth do not count.
    pub fn of(text: &str) -> Words {
        Words(folded(text).split_whitespace().take(WORDS).map(str::to_owned).collect())
    }

    /// Whether each word stands somewhere in what is said about an item.
    fn match_item(&self, item: &MediaRow) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let camera = &item.camera;
        let said = [
            Some(item.file_name.as_str()),
            Some(item.title.as_str()),
            Some(item.description.as_str()),
            camera.make.as_deref(),
            camera.model.as_deref(),
            camera.lens.as_deref(),
            Some(item.kind.as_str()),
        ];
        let said = folded(&said.into_iter().flatten().collect::<Vec<_>>().join("\n"));
        self.0.iter().all(|word| said.contains(word))
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// All of these words.
    pub words: Words,
    /// Only of these.
    pub filter: ListFilter,
    /// Only favourites.
    pub favorite: bool,
}

/// Items with all of the words, newest first. A page may be short or empty and still have a next one.
pub async fn search(
    vault: &Vault,
    call: Call,
    query: Query,
    mut behind: Option<ListPosition>,
    limit: u32,
) -> Result<Page<MediaRow>, VaultError> {
    let view = if query.favorite {
        View::Favorites
    } else {
        View::Timeline
    };
    let mut found = Page {
        items: vec![],
        next: None,
    };
    let mut looked = 0;
    loop {
        let page = lists::media(vault, call.clone(), view, query.filter, behind, PORTION).await?;
        looked += u32::try_from(page.items.len()).unwrap_or(PORTION);
        for item in page.items {
            let position = ListPosition {
                local: item.taken.local,
                id: item.id,
            };
            if query.words.match_item(&item) {
                found.items.push(item);
                if found.items.len() >= limit as usize {
                    found.next = Some(position);
                    return Ok(found);
                }
            }
        }
        match page.next {
            None => return Ok(found),
            next if looked >= LOOK => {
                found.next = next;
                return Ok(found);
            }
            next => behind = next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        assert_eq!(folded("Żółw ÅNGSTRÖM Đà"), "zolw angstrom da");
        assert_eq!(
            Words::of("  Lato\tMAZURY "),
            Words(vec!["lato".into(), "mazury".into()])
        );
    }
}
