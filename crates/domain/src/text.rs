//! Text that people and files bring: bounded, without NUL and control characters.

/// Why a text was refused; `field` errors of the interface are made of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Fewer characters than demanded.
    #[error("must have at least {0} characters")]
    TooShort(usize),
    /// Not of the form that is needed.
    #[error("{0}")]
    Form(&'static str),
}

/// The text without control characters (a NUL would be an error on PostgreSQL; EXIF is full of them), trimmed.
///
/// Line feeds stay when `lines` says so. Bidirectional overrides are removed: they make a name read as another.
pub fn plain(text: &str, lines: Lines) -> String {
    let keep = |c: &char| match *c {
        '\n' => lines == Lines::Kept,
        '\t' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        c => !c.is_control(),
    };
    text.replace("\r\n", "\n")
        .chars()
        .filter(keep)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// What becomes of line feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// They are part of the text.
    Kept,
    /// One line is wanted.
    Removed,
}

/// Cuts to at most `max` characters, never inside one.
pub(crate) fn clipped(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $lines:ident, $max:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The greatest length in characters.
            pub const MAX: usize = $max;

            /// Takes what a person typed; refuses what is too long.
            pub fn parse(text: &str) -> Result<Self, $crate::text::Invalid> {
                let text = $crate::text::plain(text, $crate::text::Lines::$lines);
                if text.chars().count() > $max {
                    return Err($crate::text::Invalid::TooLong($max));
                }
                Ok(Self(text))
            }
            /// Takes what a file says about itself; cuts what is too long.
            pub fn clip(text: &str) -> Self {
                Self($crate::text::clipped(&$crate::text::plain(text, $crate::text::Lines::$lines), $max))
            }
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}
pub(crate) use texts;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plain_text_never_holds_a_control_character(text: String) {
            prop_assert!(plain(&text, Lines::Removed).chars().all(|c| c == '\t' || !c.is_control()));
            prop_assert!(plain(&text, Lines::Kept).chars().all(|c| c == '\t' || c == '\n' || !c.is_control()));
        }
        #[test]
        fn plain_is_idempotent(text: String) {
            let once = plain(&text, Lines::Kept);
            prop_assert_eq!(plain(&once, Lines::Kept), once);
        }
    }
}
