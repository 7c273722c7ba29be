//! Which bytes of a representation a `Range` header asks for (RFC 9110, 14). Pure arithmetic.

/// Most separate pieces in one answer; a header that wants more is ignored, as RFC 9110, 14.2 allows ("egregious" ranges).
pub const MAX_PIECES: usize = 16;

/// A run of bytes that is not empty: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

impl Span {
    /// How many bytes.
    pub fn size(self) -> u64 {
        self.end - self.start
    }
    /// The value of `Content-Range` for it in a representation of `length` bytes.
    pub fn content_range(self, length: u64) -> String {
        format!("bytes {}-{}/{length}", self.start, self.end - 1)
    }
}

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything, as 200: no range was asked for, or the header is one that is ignored.
    Whole,
    /// One run, as 206.
    One(Span),
    /// Several disjoint runs, as 206 `multipart/byteranges`.
    Many(Vec<Span>),
    /// Nothing of what was asked for exists: 416.
    Unsatisfiable,
}

/// Reads a `Range` header against a representation of `length` bytes.
///
/// A malformed header or an unknown unit is ignored (14.2). Overlapping and touching ranges are merged, which undoes the
/// amplification of "many small overlapping ranges" (15.3.7.2); disjoint ones keep the order that was asked for.
pub fn select(header: &str, length: u64) -> Selection {
    let Some(wanted) = parse(header) else {
        return Selection::Whole;
    };
    let spans: Vec<Span> = wanted.into_iter().filter_map(|range| range.within(length)).collect();
    let mut spans = merged(spans);
    match spans.len() {
        0 => Selection::Unsatisfiable,
        1 => spans.pop().map_or(Selection::Unsatisfiable, Selection::One),
        2..=MAX_PIECES => Selection::Many(spans),
        _ => Selection::Whole,
    }
}

#[derive(Debug, Clone, Copy)]
enum Range {
    From(u64),
    Between(u64, u64),
    Last(u64),
}

impl Range {
    fn within(self, length: u64) -> Option<Span> {
        let (start, end) = match self {
            Range::From(start) => (start, length),
            Range::Between(start, last) => (start, last.saturating_add(1).min(length)),
            Range::Last(count) => (length.saturating_sub(count), length),
        };
        (start < end).then_some(Span { start, end })
    }
}

fn parse(header: &str) -> Option<Vec<Range>> {
    let (unit, set) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut ranges = Vec::new();
    // Empty list elements are allowed (5.6.1.2).
    for element in set
        .split(',')
        .map(|e| e.trim_matches([' ', '\t']))
        .filter(|e| !e.is_empty())
    {
        if ranges.len() == 1_000 {
            return None;
        }
        let (first, last) = element.split_once('-')?;
        ranges.push(match (first, last) {
            ("", count) => Range::Last(number(count)?),
            (start, "") => Range::From(number(start)?),
            (start, last) => {
                let (start, last) = (number(start)?, number(last)?);
                if last < start {
                    return None;
                }
                Range::Between(start, last)
            }
        });
    }
    (!ranges.is_empty()).then_some(ranges)
}

/// Digits only (no sign, no space); a number too great for 64 bits stands for "beyond any end".
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

fn merged(spans: Vec<Span>) -> Vec<Span> {
    let mut sorted = spans.clone();
    sorted.sort_by_key(|span| span.start);
    if sorted.windows(2).all(|pair| matches!(pair, [a, b] if a.end < b.start)) {
        return spans;
    }
    let mut out: Vec<Span> = Vec::new();
    for span in sorted {
        match out.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(start: u64, end: u64) -> Selection {
        Selection::One(Span { start, end })
    }

    #[test]
    fn the_cases_of_the_rfc() {
        for (header, wanted) in [
            ("bytes=0-499", one(0, 500)),
            ("bytes=500-999", one(500, 1_000)),
            ("bytes=-500", one(9_500, 10_000)),
            ("bytes=9500-", one(9_500, 10_000)),
            (
                "bytes=0-0,-1",
                Selection::Many(vec![
                    Span { start: 0, end: 1 },
                    Span {
                        start: 9_999,
                        end: 10_000,
                    },
                ]),
            ),
            ("bytes=500-600,601-999", one(500, 1_000)),
            ("bytes=500-700,601-999", one(500, 1_000)),
            (
                "bytes= 0-9 ,, 20-29",
                Selection::Many(vec![Span { start: 0, end: 10 }, Span { start: 20, end: 30 }]),
            ),
            (
                "bytes=20-29,0-9",
                Selection::Many(vec![Span { start: 20, end: 30 }, Span { start: 0, end: 10 }]),
            ),
            ("Bytes=0-", one(0, 10_000)),
            ("bytes=0-99999999999999999999999", one(0, 10_000)),
            ("bytes=-99999", one(0, 10_000)),
            ("bytes=10000-", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=10000-,0-0", one(0, 1)),
            ("bytes=5-2", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
            ("bytes=+1-2", Selection::Whole),
            ("bytes=", Selection::Whole),
            ("bytes=1", Selection::Whole),
            ("items=0-1", Selection::Whole),
            ("", Selection::Whole),
        ] {
            assert_eq!(select(header, 10_000), wanted, "{header}");
        }
        assert_eq!(select("bytes=0-", 0), Selection::Unsatisfiable);
        let many: Vec<String> = (0..17).map(|n| format!("{}-{}", n * 10, n * 10 + 1)).collect();
        assert_eq!(select(&format!("bytes={}", many.join(",")), 10_000), Selection::Whole);
    }

    proptest! {
        #[test]
        fn exactly_the_wanted_bytes_are_selected(
            length in 0_u64..60,
            ranges in prop::collection::vec((0_u64..70, 0_u64..20, 0_u8..3), 1..8),
        ) {
            let mut wanted = vec![false; 200];
            let mut texts = Vec::new();
            for (start, more, form) in ranges {
                let (text, from, to) = match form {
                    0 => (format!("{start}-{}", start + more), start, start + more + 1),
                    1 => (format!("{start}-"), start, length),
                    _ => (format!("-{start}"), length.saturating_sub(start), length),
                };
                texts.push(text);
                for at in from..to.min(length) {
                    wanted[at as usize] = true;
                }
            }
            let spans = match select(&format!("bytes={}", texts.join(", ")), length) {
                Selection::Whole => panic!("never more than 16 pieces here"),
                Selection::Unsatisfiable => vec![],
                Selection::One(span) => vec![span],
                Selection::Many(spans) => spans,
            };
            let mut selected = vec![false; 200];
            for span in spans {
                prop_assert!(span.start < span.end && span.end <= length);
                for at in span.start..span.end {
                    prop_assert!(!selected[at as usize], "byte {at} twice");
                    selected[at as usize] = true;
                }
            }
            prop_assert_eq!(selected, wanted);
        }

        #[test]
        fn any_header_is_read_without_a_panic(header: String, length: u64) {
            select(&header, length);
            select(&format!("bytes={header}"), length);
        }
    }
}
