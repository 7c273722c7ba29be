//! Passwords: kept as Argon2id hashes, checked against a policy when they are chosen.

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordVerifier, Version, password_hash::CustomizedPasswordHasher,
};
use domain::{DisplayName, Email, Invalid};

/// Memory in KiB, passes, lanes: OWASP Password Storage Cheat Sheet (2025), first choice for Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Fewest characters (NIST SP 800-63B-4, 3.1.1.2 asks for at least 8 with a second factor; we ask for 10 without).
pub const MIN_CHARS: usize = 10;
/// Most bytes: long enough for any sentence, short enough that hashing it costs nothing extra.
pub const MAX_BYTES: usize = 256;

/// Passwords of ten or more characters that head every list of leaked ones, lower case, and stems of such.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "9876543210",
    "0987654321",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qwertyuiop",
    "asdfghjkl;",
    "zxcvbnm123",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "passw0rd123",
    "p@ssw0rd123",
    "p@ssword123",
    "letmein123",
    "welcome123",
    "welcome1234",
    "iloveyou12",
    "iloveyou123",
    "iloveyou1234",
    "football123",
    "baseball123",
    "superman123",
    "batman12345",
    "dragon12345",
    "monkey12345",
    "sunshine123",
    "princess123",
    "michael123",
    "charlie123",
    "administrator",
    "admin12345",
    "admin123456",
    "administrator1",
    "changeme123",
    "changeit123",
    "trustno1234",
    "starwars123",
    "pokemon123",
    "abcdefghij",
    "abcdefghijk",
    "abcd123456",
    "abc1234567",
    "a123456789",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "zaq12wsxcde3",
    "123456789a",
    "123456789q",
    "12345678910",
    "123123123123",
    "1111111111",
    "0000000000",
    "1122334455",
    "qazwsxedcrfv",
    "mediavault",
    "mediavault1",
    "mediavault123",
    "media-vault",
    "media vault",
    "correcthorsebatterystaple",
];

/// Why a password could not be hashed or checked. None of them is the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The stored hash cannot be read: the row is damaged; the person needs a new password.
    #[error("a stored password hash is damaged")]
    Damaged,
    /// Hashing failed, for want of memory in practice: try again later.
    #[error("hashing a password failed: {0}")]
    Hashing(String),
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The password is right.
    pub ok: bool,
    /// The hash was made with other costs than today's: hash anew while the password is at hand.
    pub outdated: bool,
}

fn argon() -> Result<Argon2<'static>, PasswordError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|e| PasswordError::Hashing(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`) of a password under 16 random bytes of salt.
///
/// Takes about 20 ms of one core and 19 MiB: call it on a blocking thread.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|e| PasswordError::Hashing(e.to_string()))?;
    argon()?
        .hash_password_customized(password.as_bytes(), &salt, Some("argon2id"), None, params)
        .map(|phc| phc.to_string())
        .map_err(|e| PasswordError::Hashing(e.to_string()))
}

/// Compares a password with a stored PHC string, in constant time as far as the result is concerned.
///
/// A password longer than [`MAX_BYTES`] is wrong without being hashed: no stored one is that long.
pub fn verify(password: &str, phc: &str) -> Result<Verified, PasswordError> {
    let parsed = PasswordHash::new(phc).map_err(|_| PasswordError::Damaged)?;
    let params = Params::try_from(&parsed).map_err(|_| PasswordError::Damaged)?;
    let outdated =
        parsed.algorithm.as_str() != "argon2id" || (params.m_cost(), params.t_cost(), params.p_cost()) != COST;
    if password.len() > MAX_BYTES {
        waste_time("")?;
        return Ok(Verified { ok: false, outdated });
    }
    let ok = argon()?.verify_password(password.as_bytes(), &parsed).is_ok();
    Ok(Verified { ok, outdated })
}

/// Spends the time of [`verify`] on nothing, for accounts that do not exist: the answer takes as long either way.
pub fn waste_time(password: &str) -> Result<(), PasswordError> {
    let mut nothing = [0; 32];
    let end = password.len().min(MAX_BYTES);
    let bytes = password.as_bytes().get(..end).unwrap_or_default();
    argon()?
        .hash_password_into(bytes, &[0x6d; 16], &mut nothing)
        .map_err(|e| PasswordError::Hashing(e.to_string()))?;
    std::hint::black_box(nothing);
    Ok(())
}

/// Whether a password may be chosen: at least [`MIN_CHARS`] characters, at most [`MAX_BYTES`] bytes, not the person's own
/// address or name, not one of the most common, more than three different characters.
///
/// No rule about kinds of characters: they make passwords worse (NIST SP 800-63B-4, 3.1.1.2).
pub fn check_policy(password: &str, email: &Email, name: &DisplayName) -> Result<(), Invalid> {
    if password.chars().count() < MIN_CHARS {
        return Err(Invalid::TooShort(MIN_CHARS));
    }
    if password.len() > MAX_BYTES {
        return Err(Invalid::TooLong(MAX_BYTES));
    }
    let folded = password.to_lowercase();
    let local = email
        .as_str()
        .rsplit_once('@')
        .map_or("", |(local, _)| local)
        .to_lowercase();
    let own = [email.folded(), local, name.as_str().to_lowercase()];
    let stem = folded.trim_matches(|c: char| !c.is_alphabetic());
    if own.iter().any(|o| !o.is_empty() && (*o == folded || *o == stem)) {
        return Err(Invalid::Form("must not be your own name or address"));
    }
    let mut distinct: Vec<char> = folded.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() <= 3 || COMMON.contains(&folded.as_str()) {
        return Err(Invalid::Form("is one of the most common passwords: choose another"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hash_verifies_its_password_only() {
        let phc = hash("blue mountain lake", [1; 16]).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(
            verify("blue mountain lake", &phc).unwrap(),
            Verified {
                ok: true,
                outdated: false
            }
        );
        assert!(!verify("blue mountain lakes", &phc).unwrap().ok);
        assert!(!verify(&"x".repeat(10_000), &phc).unwrap().ok);
        assert_ne!(phc, hash("blue mountain lake", [2; 16]).unwrap());
    }
    #[test]
    fn a_hash_of_other_cost_is_outdated_but_good() {
        // From the reference implementation's test vectors (phc-winner-argon2, test.c): "password", "somesalt".
        let old = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!(
            verify("password", old).unwrap(),
            Verified {
                ok: true,
                outdated: true
            }
        );
        assert!(matches!(
            verify("password", "$argon2id$nonsense"),
            Err(PasswordError::Damaged)
        ));
    }
    #[test]
    fn the_policy() {
        let email = Email::parse("ann.example@example.org").unwrap();
        let name = DisplayName::parse("Ann Example").unwrap();
        let check = |p: &str| check_policy(p, &email, &name);
        assert_eq!(check("short"), Err(Invalid::TooShort(10)));
        assert_eq!(check(&"ab cd ef ".repeat(40)), Err(Invalid::TooLong(256)));
        for bad in [
            "Ann Example",
            "Ann.Example1",
            "ann.example@example.org",
            "aaaaaaaaaaaa",
            "Password123",
            "1234567890",
        ] {
            assert!(matches!(check(bad), Err(Invalid::Form(_))), "{bad}");
        }
        assert_eq!(check("blue mountain lake"), Ok(()));
        assert_eq!(check("żółta łódka 7"), Ok(()));
    }
    proptest! {
        #[test]
        fn any_stored_text_is_read_without_a_panic(phc in "\\$argon2id\\$[a-z0-9=,$+/]{0,40}") {
            prop_assert!(verify("x", &phc).is_ok_and(|v| !v.ok) || verify("x", &phc).is_err());
        }
    }
}
