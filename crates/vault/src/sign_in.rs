//! Sign-in, refresh, sign-out; and who a request comes from.

use crate::{Vault, VaultError};
use domain::{
    Actor, At, Call, Email, Person, SessionId, UserId, can,
    policy::{RevokeSession, SignIn},
};
use identity::{Backoff, Claims};
use store::{Believed, NewSession};

/// What a client gets that proved who it is.
#[derive(Clone)]
pub struct Tokens {
    /// A signed token, good for [`Tokens::expires_in`] seconds.
    pub access_token: String,
    /// Seconds.
    pub expires_in: i64,
    /// Exchanged once for the next pair.
    pub refresh_token: String,
    /// When the sign-in ends if it is not used.
    pub refresh_expires_at: At,
    /// Who it is.
    pub user: UserId,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What a client calls itself, for the list of sign-ins.
const USER_AGENT_CHARS: usize = 200;

/// Whether a sign-in is still open.
pub async fn is_open(vault: &Vault, session: SessionId) -> Result<bool, VaultError> {
    let now = vault.world().now();
    vault
        .store()
        .read(move |tx| Ok(tx.person_of_session(session, now)?.is_some()))
        .await
}

/// Signs in by address and password. The answer and its time are the same whether the account exists or not.
pub async fn by_password(
    vault: &Vault,
    call: Call,
    email: &str,
    password: String,
    user_agent: &str,
) -> Result<Tokens, VaultError> {
    let folded = Email::parse(email).map(|e| e.folded()).unwrap_or_default();
    let account = format!("account:{folded}");
    let address = call.ip.map(|ip| format!("ip:{}", crate::sign_in::block_of(ip)));
    let subjects: Vec<String> = std::iter::once(account).chain(address).collect();

    let (asked, now) = (subjects.clone(), call.now);
    let (found, wait) = vault
        .store()
        .read::<_, VaultError>(move |tx| {
            let mut wait = 0;
            for subject in &asked {
                if let Some((failures, last)) = tx.sign_in_failures(subject)? {
                    wait = wait.max(backoff(subject).remaining(u32::try_from(failures).unwrap_or(u32::MAX), last, now));
                }
            }
            Ok((tx.user_by_email(&folded)?, wait))
        })
        .await?;
    if wait > 0 {
        return Err(VaultError::TooManyTries {
            seconds: (wait as u64).div_ceil(At::SECOND as u64),
        });
    }

    let phc = found.as_ref().map(|(_, phc)| phc.clone());
    let good = vault
        .hashing(move || match phc {
            Some(phc) => identity::password::verify(&password, &phc).map(|v| v.ok),
            None => identity::password::waste_time(&password).map(|()| false),
        })
        .await?
        .map_err(|e| VaultError::Internal(e.to_string()))?;

    let Some((facts, _)) = found.filter(|_| good) else {
        return failed(vault, subjects, now).await;
    };
    let Ok(may) = can::<SignIn>(&call.actor, facts) else {
        return failed(vault, subjects, now).await;
    };
    let refresh_token = identity::refresh::mint(&vault.world().random());
    let session = NewSession {
        id: vault.world().id(),
        ip: call.ip.map(|ip| ip.to_string()),
        user_agent: domain::plain(user_agent, domain::Lines::Removed)
            .chars()
            .take(USER_AGENT_CHARS)
            .collect(),
        expires_at: now.plus(vault.settings().session_lifetime),
        refresh_digest: identity::refresh::digest(&refresh_token),
    };
    let (user, role, id, expires_at) = (may.facts().id, may.facts().role, session.id, session.expires_at);
    vault
        .store()
        .write(move |tx| {
            for subject in &subjects {
                tx.clear_sign_in_failures(subject)?;
            }
            tx.open_session(&may, &session, call.now)?;
            Ok::<_, VaultError>(tx.audited(&may, &call, ())?)
        })
        .await?;
    tokens(
        vault,
        Person {
            id: user,
            role,
            session: Some(id),
        },
        id,
        refresh_token,
        expires_at,
        now,
    )
}

async fn failed(vault: &Vault, subjects: Vec<String>, now: At) -> Result<Tokens, VaultError> {
    tracing::warn!(event = "sign_in.failed");
    vault
        .store()
        .write::<_, VaultError>(move |tx| {
            for subject in &subjects {
                tx.count_sign_in_failure(subject, now)?;
            }
            Ok(tx.unaudited(()))
        })
        .await?;
    Err(VaultError::SignInFailed)
}

/// An address may stand for many people (a school, a phone network): it has more free tries than an account.
fn backoff(subject: &str) -> Backoff {
    match subject.starts_with("ip:") {
        true => Backoff {
            free: 20,
            ..Backoff::default()
        },
        false => Backoff::default(),
    }
}

/// One subscriber has a whole /64 of IPv6.
fn block_of(ip: std::net::IpAddr) -> String {
    match ip {
        std::net::IpAddr::V4(v4) => v4.to_string(),
        std::net::IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => {
                let s = v6.segments();
                format!("{:x}:{:x}:{:x}:{:x}::/64", s[0], s[1], s[2], s[3])
            }
        },
    }
}

fn tokens(
    vault: &Vault,
    person: Person,
    session: SessionId,
    refresh_token: String,
    refresh_expires_at: At,
    now: At,
) -> Result<Tokens, VaultError> {
    let keys = &vault.0.parts.tokens;
    let claims = keys.claims(person.id, session, person.role, now);
    let access_token = keys.issue(&claims).map_err(|e| VaultError::Internal(e.to_string()))?;
    Ok(Tokens {
        access_token,
        expires_in: claims.exp - claims.iat,
        refresh_token,
        refresh_expires_at,
        user: person.id,
    })
}

enum Exchange {
    Rotated(Person, SessionId),
    Reused,
    Refused,
}

/// Exchanges a refresh token for the next pair. A token that is used again was stolen, from one side or the other: the whole family dies.
pub async fn refresh(vault: &Vault, call: Call, refresh_token: &str) -> Result<Tokens, VaultError> {
    let old = identity::refresh::digest(refresh_token);
    let next = identity::refresh::mint(&vault.world().random());
    let new = identity::refresh::digest(&next);
    let now = call.now;
    let expires_at = now.plus(vault.settings().session_lifetime);
    let exchange = vault
        .store()
        .write::<_, VaultError>(move |tx| {
            let Some(token) = tx.refresh_token(&old)? else {
                return Ok(tx.unaudited(Exchange::Refused));
            };
            if token.revoked_at.is_some() || token.expires_at <= now {
                return Ok(tx.unaudited(Exchange::Refused));
            }
            let Some(person) = tx.person_of_session(token.session.id, now)? else {
                return Ok(tx.unaudited(Exchange::Refused));
            };
            if token.used_at.is_some() {
                let may = can::<RevokeSession>(&Actor::Person(person), token.session.clone())?;
                tx.revoke_session(&may, now)?;
                return Ok(tx.audited(&may, &call, Exchange::Reused)?);
            }
            tx.rotate_refresh(&token, &old, &new, expires_at, now)?;
            Ok(tx.unaudited(Exchange::Rotated(person, token.session.id)))
        })
        .await?;
    match exchange {
        Exchange::Rotated(person, session) => tokens(vault, person, session, next, expires_at, now),
        Exchange::Refused => Err(VaultError::Unauthenticated),
        Exchange::Reused => {
            tracing::warn!(event = "sign_in.refresh_token_reused");
            Err(VaultError::Unauthenticated)
        }
    }
}

/// Ends the sign-in that asks.
pub async fn sign_out(vault: &Vault, call: Call) -> Result<(), VaultError> {
    match call.actor.person().and_then(|p| p.session) {
        Some(session) => crate::accounts::revoke_session(vault, call, session).await,
        None => Ok(()),
    }
}

/// Ends the sign-in of a refresh token, for a client whose access token has run out. An unknown token is already signed out.
pub async fn sign_out_by_refresh(vault: &Vault, call: Call, refresh_token: &str) -> Result<(), VaultError> {
    let digest = identity::refresh::digest(refresh_token);
    vault
        .store()
        .write(move |tx| {
            let Some(token) = tx.refresh_token(&digest)? else {
                return Ok(tx.unaudited(()));
            };
            let Some(person) = tx.person_of_session(token.session.id, call.now)? else {
                return Ok(tx.unaudited(()));
            };
            let may = can::<RevokeSession>(&Actor::Person(person), token.session)?;
            tx.revoke_session(&may, call.now)?;
            Ok(tx.audited(&may, &call, ())?)
        })
        .await
}

/// Who an access token belongs to. The signature is checked offline; the session is asked for, so that ending it ends it at once.
pub async fn authenticate(vault: &Vault, access_token: &str) -> Result<Person, VaultError> {
    let now = vault.world().now();
    asked(vault, &verified(vault, access_token, now)?, now).await
}

/// Who an access token belongs to, if the session need not be asked for beforehand.
#[derive(Clone)]
pub enum Recognised {
    /// Their session is good.
    Known(Person),
    /// Their session was good when it was asked for last; the request has to run in [`going_by`], which sees to it that it still is.
    Believed(Believed),
}

/// Like [`authenticate`], for a request of which nothing is answered to anybody else.
pub async fn recognise(vault: &Vault, access_token: &str) -> Result<Recognised, VaultError> {
    let now = vault.world().now();
    let claims = verified(vault, access_token, now)?;
    match vault.store().believed(claims.sid, now) {
        Some(believed) if believed.user() == claims.sub => Ok(Recognised::Believed(believed)),
        _ => asked(vault, &claims, now).await.map(Recognised::Known),
    }
}

fn verified(vault: &Vault, access_token: &str, now: At) -> Result<Claims, VaultError> {
    let verified = vault.0.parts.tokens.verify(access_token, now);
    verified.map_err(|_| VaultError::Unauthenticated)
}

async fn asked(vault: &Vault, claims: &Claims, now: At) -> Result<Person, VaultError> {
    let person = vault.store().person_of_session(claims.sid, now).await?;
    person.filter(|p| p.id == claims.sub).ok_or(VaultError::Unauthenticated)
}

/// Runs a request of somebody who is believed. [`VaultError::Unauthenticated`] stands for its answer if they should not have been: nothing is kept then.
pub async fn going_by<T>(
    vault: &Vault,
    believed: &Believed,
    request: impl Future<Output = T>,
) -> Result<T, VaultError> {
    Ok(vault.store().going_by(believed, request).await?)
}
