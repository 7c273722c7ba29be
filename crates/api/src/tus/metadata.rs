//! `Upload-Metadata`: pairs of a key and a base64 value.

use super::bad;
use crate::problem::Answer;
use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::collections::BTreeMap;

/// The longest header that is read; a file name of 255 four-byte characters takes 1,360.
const MAX_BYTES: usize = 8 * 1024;

/// What a client says about its file. Values are bytes; we read them as UTF-8 and replace what is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// The value of the first of these keys that is there; clients differ in their names.
    pub fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.0.get(*key)).map(String::as_str)
    }
}

/// Reads the header. A repeated key, a key with a space or comma, or a value that is not base64 is a 400.
pub fn parse_metadata(headers: &HeaderMap) -> Answer<Metadata> {
    let Some(value) = headers.get(super::METADATA) else {
        return Ok(Metadata::default());
    };
    let malformed =
        || bad("The header Upload-Metadata must hold pairs such as: filename aW1nLmpwZw==, separated by commas.");
    let text = value.to_str().map_err(|_| malformed())?;
    if text.len() > MAX_BYTES {
        return Err(malformed());
    }
    let mut pairs = BTreeMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let bytes = STANDARD.decode(value.trim()).map_err(|_| malformed())?;
        let value = String::from_utf8_lossy(&bytes).into_owned();
        if key.is_empty() || pairs.insert(key.to_owned(), value).is_some() {
            return Err(malformed());
        }
    }
    Ok(Metadata(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn parse(text: &str) -> Answer<Metadata> {
        parse_metadata(&HeaderMap::from_iter([(
            super::super::METADATA,
            HeaderValue::from_str(text).unwrap(),
        )]))
    }

    #[test]
    fn the_example_of_the_specification() {
        let read = parse("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential").unwrap();
        assert_eq!(read.first(&["name", "filename"]), Some("world_domination_plan.pdf"));
        assert_eq!(read.first(&["is_confidential"]), Some(""));
        assert_eq!(read.first(&["absent"]), None);
        assert_eq!(parse("").unwrap(), Metadata::default());
    }
    #[test]
    fn malformed_headers_are_refused() {
        for bad in ["filename !!!", "a YQ==,a YQ==", "filename YQ== YQ==", "filename YQ"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
    proptest! {
        #[test]
        fn what_is_written_is_read(pairs in prop::collection::btree_map("[a-z_]{1,12}", any::<String>(), 0..5)) {
            let text: Vec<String> = pairs.iter().map(|(k, v)| format!("{k} {}", STANDARD.encode(v))).collect();
            prop_assert_eq!(parse(&text.join(",")).unwrap(), Metadata(pairs));
        }
        #[test]
        fn any_header_is_read_without_a_panic(text in "[ -~]{0,60}") {
            parse(&text).ok();
        }
    }
}
