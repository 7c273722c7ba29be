//! How a stored file may be shown by a browser: its type, and `Content-Disposition` with its name.

use axum::http::HeaderValue;
use std::fmt::Write;

/// What a browser does with content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Shows it.
    Inline,
    /// Offers to save it.
    Attachment,
}

/// Types that are passive in every browser. What is not here is served as bytes to be saved: SVG and HTML can hold scripts.
const PASSIVE: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/apng",
    "image/webp",
    "image/gif",
    "image/avif",
    "image/heic",
    "image/heif",
    "image/tiff",
    "image/bmp",
    "video/mp4",
    "video/webm",
    "video/quicktime",
    "video/x-matroska",
    "video/3gpp",
    "video/3gpp2",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/flac",
    "audio/wav",
    "audio/x-wav",
    "audio/aac",
    "audio/webm",
];

/// The type that a stored file is served with, and whether it may be shown.
pub fn served_as(mime: &str, wanted: Disposition) -> (&'static str, Disposition) {
    match PASSIVE.iter().find(|known| known.eq_ignore_ascii_case(mime)) {
        Some(known) => (known, wanted),
        None => ("application/octet-stream", Disposition::Attachment),
    }
}

/// `Content-Disposition` (RFC 6266) with the name in plain ASCII for old clients and in full after RFC 8187.
pub fn header(disposition: Disposition, name: &str) -> HeaderValue {
    let mut value = String::with_capacity(64 + name.len() * 2);
    value.push_str(match disposition {
        Disposition::Inline => "inline; filename=\"",
        Disposition::Attachment => "attachment; filename=\"",
    });
    let is_attr_char = |b: u8| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b);
    if name.bytes().all(is_attr_char) {
        // The name of a picture that was made here, and of most that were not: the same in both forms.
        for part in [name, "\"; filename*=UTF-8''", name] {
            value.push_str(part);
        }
        return HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"));
    }
    // Quotes, backslashes and percent signs are read differently by different browsers: RFC 6266, appendix D.
    for c in name.chars() {
        value.push(match c {
            '"' | '\\' | '%' | '/' => '_',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '_',
        });
    }
    value.push_str("\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if is_attr_char(byte) {
            value.push(char::from(byte));
        } else if write!(value, "%{byte:02X}").is_err() {
            break; // writing to a String does not fail
        }
    }
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn active_content_is_never_shown() {
        for mime in [
            "image/svg+xml",
            "text/html",
            "application/xhtml+xml",
            "text/plain",
            "application/pdf",
            "",
            "IMAGE/SVG+XML",
        ] {
            assert_eq!(
                served_as(mime, Disposition::Inline),
                ("application/octet-stream", Disposition::Attachment),
                "{mime}"
            );
        }
        assert_eq!(
            served_as("Image/JPEG", Disposition::Inline),
            ("image/jpeg", Disposition::Inline)
        );
    }
    #[test]
    fn names() {
        assert_eq!(
            header(Disposition::Inline, "IMG_1.jpg"),
            "inline; filename=\"IMG_1.jpg\"; filename*=UTF-8''IMG_1.jpg"
        );
        assert_eq!(
            header(Disposition::Attachment, "zdjęcie \"1\".jpg"),
            "attachment; filename=\"zdj_cie _1_.jpg\"; filename*=UTF-8''zdj%C4%99cie%20%221%22.jpg"
        );
    }
    proptest! {
        #[test]
        fn no_name_breaks_out(name: String) {
            let value = header(Disposition::Inline, &name);
            let text = value.to_str().unwrap();
            let rest = text.strip_prefix("inline; filename=\"").unwrap();
            let (plain, full) = rest.split_once('"').unwrap();
            prop_assert!(!plain.contains(['\\', '\r', '\n']));
            let full = full.strip_prefix("; filename*=UTF-8''").unwrap();
            prop_assert!(full.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&b)));
        }
    }
}
