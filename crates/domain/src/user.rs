//! People.

use crate::text::{Invalid, Lines, plain};
use serde::{Deserialize, Serialize};

/// What a person may do in the installation as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Manages their own library.
    User,
    /// Also works with the media of a partner organisation.
    Partner,
    /// Also manages the installation. Sees nobody's private media by that alone.
    Admin,
}

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not; their library stays as it is.
    Disabled,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $type {
            /// The word that the database and the interface use.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $word),* }
            }
        }
        impl std::str::FromStr for $type {
            type Err = $crate::text::Invalid;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok($type::$variant),)*
                    _ => Err($crate::text::Invalid::Form(concat!("must be one of:" $(, " ", $word)*))),
                }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words!(Role { User = "user", Partner = "partner", Admin = "admin" });
words!(UserStatus { Active = "active", Disabled = "disabled" });

/// An e-mail address as typed, with a folded form that is compared: `Ann@Example.org` and `ann@example.org` are one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Checks the form `local@domain`, at most 254 octets (RFC 5321, 4.5.3.1.3 less the brackets).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const FORM: Invalid = Invalid::Form("must be an e-mail address such as ann@example.org");
        let text = plain(text, Lines::Removed);
        if text.is_empty() {
            return Err(Invalid::Empty);
        }
        if text.len() > 254 {
            return Err(Invalid::TooLong(254));
        }
        let (local, domain) = text.rsplit_once('@').ok_or(FORM)?;
        let odd = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',' | ';' | '(' | ')');
        if local.is_empty()
            || domain.is_empty()
            || domain.starts_with('.')
            || domain.ends_with('.')
            || text.contains(odd)
        {
            return Err(FORM);
        }
        Ok(Self(text))
    }
    /// As the person typed it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The form under which an account is found and is unique.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A person's name as shown to others: 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

impl DisplayName {
    /// Refuses an empty name and one of more than 100 characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = plain(text, Lines::Removed);
        match text.chars().count() {
            0 => Err(Invalid::Empty),
            1..=100 => Ok(Self(text)),
            _ => Err(Invalid::TooLong(100)),
        }
    }
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(
            Email::parse(" Ann@Example.org ").map(|e| e.folded()),
            Ok("ann@example.org".into())
        );
        for bad in [
            "",
            "ann",
            "@x",
            "ann@",
            "a b@c.d",
            "a@.d",
            "a@d.",
            "<a@b.c>",
            &"a".repeat(260),
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }
    #[test]
    fn words_read_back() {
        for role in [Role::User, Role::Partner, Role::Admin] {
            assert_eq!(role.as_str().parse::<Role>(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }
}
