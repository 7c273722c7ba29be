//! Conditional requests (RFC 9110, 13): `If-Match`, `If-None-Match`, `If-Range` against one entity tag.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// A strong entity tag: the same tag means the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// Makes a tag of a text; characters that a tag may not hold are left out.
    pub fn new(opaque: &str) -> Self {
        let mut tag = String::with_capacity(opaque.len() + 2);
        tag.push('"');
        for c in opaque.chars().filter(|c| c.is_ascii_graphic() && *c != '"') {
            tag.push(c);
        }
        tag.push('"');
        Self(tag)
    }
    /// With its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// As a header's value.
    pub fn value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("\"\""))
    }
}

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Proceed,
    /// 304: the caller has it already.
    NotModified,
    /// 412: the thing is not the one that the caller saw.
    Failed,
}

/// Evaluates the conditions of a GET or HEAD, in the order of 13.2.2.
pub fn for_read(headers: &HeaderMap, etag: &Etag) -> Verdict {
    if for_write(headers, Some(etag)) == Verdict::Failed {
        return Verdict::Failed;
    }
    match list(headers, header::IF_NONE_MATCH) {
        Some(Tags::Any) => Verdict::NotModified,
        // Weak comparison (13.1.2).
        Some(Tags::Some(tags)) if tags.iter().any(|tag| tag.trim_start_matches("W/") == etag.0) => Verdict::NotModified,
        _ => Verdict::Proceed,
    }
}

/// Evaluates `If-Match` before a write; `None` when the thing has no tag.
pub fn for_write(headers: &HeaderMap, etag: Option<&Etag>) -> Verdict {
    match (list(headers, header::IF_MATCH), etag) {
        (None, _) | (Some(Tags::Any), Some(_)) => Verdict::Proceed,
        // Strong comparison (13.1.1): a weak tag never equals.
        (Some(Tags::Some(tags)), Some(etag)) if tags.contains(&etag.0) => Verdict::Proceed,
        _ => Verdict::Failed,
    }
}

/// Whether a `Range` header counts: there is no `If-Range`, or it names exactly these bytes (strong comparison).
///
/// A date never counts, since we send no `Last-Modified` with content.
pub fn range_applies(headers: &HeaderMap, etag: &Etag) -> bool {
    match headers.get(header::IF_RANGE) {
        None => true,
        Some(value) => value.as_bytes() == etag.0.as_bytes(),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Some(Vec<String>),
}

fn list(headers: &HeaderMap, name: HeaderName) -> Option<Tags> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let mut tags = Vec::new();
    for line in lines {
        let Ok(text) = line.to_str() else { continue };
        if text.trim() == "*" {
            return Some(Tags::Any);
        }
        tags.extend(split(text));
    }
    Some(Tags::Some(tags))
}

/// The tags of a list; a comma inside quotes belongs to its tag. What is not a tag is left out.
fn split(text: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let (before, from) = rest.split_at(open);
        let Some(close) = from.get(1..).and_then(|inner| inner.find('"')) else {
            break;
        };
        let (tag, after) = from.split_at(close + 2);
        let weak = before.ends_with("W/");
        tags.push(if weak { format!("W/{tag}") } else { tag.to_owned() });
        rest = after;
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn reads() {
        let etag = Etag::new("a,b");
        for (value, verdict) in [
            ("\"a,b\"", Verdict::NotModified),
            ("W/\"a,b\"", Verdict::NotModified),
            ("\"x\", \"a,b\"", Verdict::NotModified),
            ("*", Verdict::NotModified),
            ("\"a\"", Verdict::Proceed),
            ("a,b", Verdict::Proceed),
            ("\"a,b", Verdict::Proceed),
        ] {
            assert_eq!(
                for_read(&headers(header::IF_NONE_MATCH, value), &etag),
                verdict,
                "{value}"
            );
        }
        assert_eq!(
            for_read(&headers(header::IF_MATCH, "\"other\""), &etag),
            Verdict::Failed
        );
        assert_eq!(for_read(&HeaderMap::new(), &etag), Verdict::Proceed);
    }
    #[test]
    fn writes() {
        let etag = Etag::new("7");
        for (value, verdict) in [
            ("\"7\"", Verdict::Proceed),
            ("\"6\", \"7\"", Verdict::Proceed),
            ("*", Verdict::Proceed),
            ("W/\"7\"", Verdict::Failed),
            ("\"6\"", Verdict::Failed),
            ("", Verdict::Failed),
        ] {
            assert_eq!(
                for_write(&headers(header::IF_MATCH, value), Some(&etag)),
                verdict,
                "{value}"
            );
        }
        assert_eq!(for_write(&headers(header::IF_MATCH, "*"), None), Verdict::Failed);
    }
    #[test]
    fn ranges() {
        let etag = Etag::new("7");
        assert!(range_applies(&HeaderMap::new(), &etag) && range_applies(&headers(header::IF_RANGE, "\"7\""), &etag));
        for other in ["\"8\"", "W/\"7\"", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert!(!range_applies(&headers(header::IF_RANGE, other), &etag), "{other}");
        }
    }
    proptest! {
        #[test]
        fn any_list_is_read_without_a_panic_and_finds_its_tags(junk in "[ -~]{0,20}", names in prop::collection::vec("[!#-~]{0,6}", 0..5)) {
            split(&junk);
            let tags: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
            prop_assert_eq!(split(&tags.join(", ")), tags);
        }
    }
}
