//! Access tokens: JWT (RFC 7519) signed with Ed25519 (RFC 8037), which anyone can check with the published key set.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{At, Role, SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use std::path::Path;

use crate::{
    keyfile::{self, KeyFileError},
    known::Known,
};

/// How long an access token is good for, in seconds.
pub const LIFETIME_SECONDS: i64 = 600;
/// How far the clocks of two servers may differ, in seconds.
const LEEWAY_SECONDS: i64 = 30;
/// Media type of RFC 9068: an access token is never taken for an ID token, nor the other way round.
const TYPE: &str = "at+jwt";
/// The longest token that is looked at, in bytes; ours have about 450.
const MAX_BYTES: usize = 4096;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who.
    pub sub: UserId,
    /// By which sign-in.
    pub sid: SessionId,
    /// Issued at, seconds since the epoch.
    pub iat: i64,
    /// Good until, seconds since the epoch.
    pub exp: i64,
    /// The installation that issued it: its public URL.
    pub iss: String,
    /// The role at that time. A hint for other services; the database is asked again where it matters.
    pub role: Role,
}

/// Why a token is refused. Callers answer all of them alike (401) but may say "expired" so that clients refresh.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours: other form, algorithm, type or key.
    #[error("the access token is not one of this installation")]
    Foreign,
    /// The signature or a claim is wrong.
    #[error("the access token is not valid")]
    Invalid,
    /// Its time is over: refresh it.
    #[error("the access token has expired")]
    Expired,
    /// The key could not be used: an installation fault.
    #[error("the signing key cannot be used: {0}")]
    Key(String),
}

/// Why the signing key is not there.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Its file cannot be used; the text says why and what to do.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The library refused it.
    #[error("the signing key cannot be used: {0}")]
    Rejected(String),
}

/// The key that signs access tokens, and what is published of it.
pub struct TokenKeys {
    signing: EncodingKey,
    checking: DecodingKey,
    issuer: String,
    kid: String,
    x: String,
    known: Known,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeys")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl TokenKeys {
    /// The key of a file (mode 0600), made of `fresh` when there is none; `issuer` is the installation's public URL.
    pub fn load_or_create(path: &Path, fresh: &[u8; 32], issuer: &str) -> Result<Self, KeysError> {
        Self::from_seed(&*keyfile::load_or_create(path, fresh)?, issuer)
    }

    /// The key of a seed of 32 random bytes (RFC 8032, 5.1.5).
    pub fn from_seed(seed: &[u8; 32], issuer: &str) -> Result<Self, KeysError> {
        let rejected = |e: &dyn std::fmt::Display| KeysError::Rejected(e.to_string());
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|e| rejected(&e))?;
        let pkcs8 = pair.to_pkcs8().map_err(|e| rejected(&e))?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        // RFC 7638, 3.2 with RFC 8037, 2: the required members in lexicographic order, without white space.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Ok(Self {
            signing: EncodingKey::from_ed_der(pkcs8.as_ref()),
            checking: DecodingKey::from_ed_components(&x).map_err(|e| rejected(&e))?,
            issuer: issuer.to_owned(),
            kid: URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes())),
            x,
            known: Known::new(),
        })
    }

    /// The installation's public URL, as `iss` has it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Claims of a token issued `now` that lives [`LIFETIME_SECONDS`].
    pub fn claims(&self, sub: UserId, sid: SessionId, role: Role, now: At) -> Claims {
        let iat = now.seconds();
        Claims {
            sub,
            sid,
            iat,
            exp: iat + LIFETIME_SECONDS,
            iss: self.issuer.clone(),
            role,
        }
    }

    /// Signs. The result has three base64url parts and fits a header or a cookie.
    pub fn issue(&self, claims: &Claims) -> Result<String, TokenError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.into());
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.signing).map_err(|e| TokenError::Key(e.to_string()))
    }

    /// Checks algorithm, type, key id, signature, issuer and time (the clocks may differ by 30 s).
    pub fn verify(&self, token: &str, now: At) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Foreign);
        }
        let digest = digest(&SHA256, token.as_bytes());
        let claims = match self.known.recall(digest.as_ref()) {
            Some(claims) => claims,
            None => {
                let claims = self.genuine(token)?;
                self.known.remember(digest.as_ref(), &claims);
                claims
            }
        };
        let now = now.seconds();
        if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(TokenError::Expired);
        }
        if claims.iat.saturating_sub(LEEWAY_SECONDS) > now || claims.exp <= claims.iat {
            return Err(TokenError::Invalid);
        }
        Ok(claims)
    }

    /// What a token says that this installation has signed, whenever that was.
    fn genuine(&self, token: &str) -> Result<Claims, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Foreign)?;
        let ours = header.alg == Algorithm::EdDSA
            && header.typ.as_deref() == Some(TYPE)
            && header.kid.as_deref() == Some(self.kid.as_str());
        if !ours {
            return Err(TokenError::Foreign);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would read the clock; time is compared by the caller with the `now` that was passed in.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        decode::<Claims>(token, &self.checking, &validation)
            .map(|data| data.claims)
            .map_err(|_| TokenError::Invalid)
    }

    /// The public key set (RFC 7517) for `/.well-known/jwks.json`.
    pub fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": self.x,
        }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> TokenKeys {
        TokenKeys::from_seed(&[5; 32], "https://vault.example").unwrap()
    }
    fn claims(keys: &TokenKeys) -> Claims {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        keys.claims(
            id.parse().unwrap(),
            id.parse().unwrap(),
            Role::User,
            At(1_000 * At::SECOND),
        )
    }
    fn at(seconds: i64) -> At {
        At(seconds * At::SECOND)
    }

    #[test]
    fn issued_tokens_hold_for_ten_minutes() {
        let keys = keys();
        let token = keys.issue(&claims(&keys)).unwrap();
        assert_eq!(keys.verify(&token, at(1_000)), Ok(claims(&keys)));
        assert_eq!(keys.verify(&token, at(1_629)), Ok(claims(&keys)));
        assert_eq!(keys.verify(&token, at(1_630)), Err(TokenError::Expired));
        assert_eq!(
            keys.verify(&token, at(969)),
            Err(TokenError::Invalid),
            "from the future"
        );
    }
    #[test]
    fn another_key_issuer_algorithm_or_type_is_refused() {
        let ours = keys();
        let other_key = TokenKeys::from_seed(&[6; 32], "https://vault.example").unwrap();
        assert_eq!(
            ours.verify(&other_key.issue(&claims(&ours)).unwrap(), at(1_000)),
            Err(TokenError::Foreign)
        );
        let mut foreign = claims(&ours);
        foreign.iss = "https://else.example".into();
        assert_eq!(
            ours.verify(&ours.issue(&foreign).unwrap(), at(1_000)),
            Err(TokenError::Invalid)
        );

        let body = ours.issue(&claims(&ours)).unwrap();
        let payload = body.split('.').nth(1).unwrap();
        for header in [r#"{"alg":"none","typ":"at+jwt"}"#, r#"{"alg":"HS256","typ":"at+jwt"}"#] {
            let forged = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
            assert!(ours.verify(&forged, at(1_000)).is_err(), "{header}");
        }
        // The public key as an HMAC secret: the classic confusion.
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.into());
        header.kid = Some(ours.kid.clone());
        let confused = encode(&header, &claims(&ours), &EncodingKey::from_secret(ours.x.as_bytes())).unwrap();
        assert_eq!(ours.verify(&confused, at(1_000)), Err(TokenError::Foreign));
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(ours.kid.clone());
        let id_token = encode(&header, &claims(&ours), &ours.signing).unwrap();
        assert_eq!(ours.verify(&id_token, at(1_000)), Err(TokenError::Foreign));
    }
    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        // RFC 8037, appendix A.1 to A.3.
        let mut seed = [0; 32];
        seed.copy_from_slice(
            &URL_SAFE_NO_PAD
                .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
                .unwrap(),
        );
        let key = &TokenKeys::from_seed(&seed, "").unwrap().jwks()["keys"][0];
        assert_eq!(key["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
    proptest! {
        #[test]
        fn any_text_and_any_changed_token_is_refused(text: String, at_byte in 0_usize..300, with in "[A-Za-z0-9_.-]") {
            let keys = keys();
            prop_assert!(keys.verify(&text, at(1_000)).is_err());
            let good = keys.issue(&claims(&keys)).unwrap();
            // Neither the one that is known makes others known.
            prop_assert!(keys.verify(&good, at(1_000)).is_ok());
            let mut changed = good.clone();
            changed.replace_range(at_byte..at_byte + 1, &with);
            // The last character of a base64url part has unused bits, which the decoder refuses unless they are zero.
            prop_assert!(changed == good || keys.verify(&changed, at(1_000)).is_err());
        }
    }
}
