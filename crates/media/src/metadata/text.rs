//! Texts of unknown origin, made presentable.

/// Characters of the longest line: a title, a camera's name.
const MAX_LINE: usize = 256;

/// Characters of the longest description.
const MAX_PARAGRAPH: usize = 8192;

/// One line: control characters become spaces, runs of spaces one, the rest is cut at 256 characters. `None` if
/// nothing is left.
pub(crate) fn line(text: &str) -> Option<String> {
    let mut out = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || invisible(c)) {
        if !word.is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    bounded(&out, MAX_LINE)
}

/// Several lines: line breaks stay, other control characters go, the rest is cut at 8192 characters.
pub(crate) fn paragraph(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text
        .chars()
        .filter(|c| *c == '\n' || !(c.is_control() || invisible(*c)))
        .collect();
    bounded(kept.trim(), MAX_PARAGRAPH)
}

/// Marks that turn the direction of the text around them: with them a name shows as another.
fn invisible(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn bounded(text: &str, limit: usize) -> Option<String> {
    let end = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    let text = text[..end].trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Text of a camera: UTF-8 if it is valid, else Latin-1, up to the first NUL.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_direction_marks_never_survive() {
        assert_eq!(line(" a\0b\n\tc\u{202E}d ").as_deref(), Some("a b c d"));
        assert_eq!(paragraph("a\r\nb\0\u{7}\nc ").as_deref(), Some("a\nb\nc"));
        assert_eq!(line("\0 \n"), None);
    }

    proptest::proptest! {
        #[test]
        fn lengths_are_bounded(text in "\\PC{0,600}") {
            let line = line(&text).unwrap_or_default();
            assert!(line.chars().count() <= MAX_LINE);
            assert!(!line.chars().any(char::is_control));
        }

        #[test]
        fn any_bytes_become_text(bytes: Vec<u8>) {
            assert!(!decode(&bytes).contains('\0'));
        }
    }
}
