//! Sign-ins and their refresh tokens; failures that slow the next try down.

use crate::{Store, StoreError, Tx, engine::Belief, value::Row};
use domain::{
    Allowed, At, Person, SessionId, UserId, UserStatus,
    policy::{ListSessions, RevokeSession, SessionFacts, SignIn},
};
use std::sync::Arc;

/// A sign-in to be recorded.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Where it came from.
    pub ip: Option<String>,
    /// What the client calls itself, shortened.
    pub user_agent: String,
    /// When it ends by itself.
    pub expires_at: At,
    /// The digest of its first refresh token.
    pub refresh_digest: [u8; 32],
}

/// A sign-in as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub created_at: At,
    /// When it was last renewed.
    pub last_used_at: At,
    /// Where it came from.
    pub ip: Option<String>,
    /// What the client calls itself.
    pub user_agent: String,
}

/// A refresh token with the session that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Session and owner.
    pub session: SessionFacts,
    /// When the session ends.
    pub expires_at: At,
    /// When the session was ended early.
    pub revoked_at: Option<At>,
    /// When this token was exchanged for the next.
    pub used_at: Option<At>,
}

/// The person behind a session that nobody has ended, and when it ends by itself.
#[derive(Debug, Clone, Copy)]
struct OpenUntil(Person, At);

const OPEN_UNTIL: &str = "SELECT u.id, u.role, u.status, s.expires_at FROM session s JOIN users u ON u.id = s.user_id \
     WHERE s.id = ?1 AND s.revoked_at IS NULL";

impl OpenUntil {
    fn of(row: &Row<'_>, session: SessionId) -> Result<Option<OpenUntil>, StoreError> {
        let person = Person {
            id: UserId(row.get(0)?),
            role: row.word("users", "role", 1)?,
            session: Some(session),
        };
        let status: UserStatus = row.word("users", "status", 2)?;
        Ok((status == UserStatus::Active).then_some(OpenUntil(person, At(row.get(3)?))))
    }

    fn person(self, now: At) -> Option<Person> {
        (self.1 > now).then_some(self.0)
    }
}

/// Who a session belonged to a moment ago.
#[derive(Clone)]
pub struct Believed {
    session: SessionId,
    person: Person,
    now: At,
    belief: Arc<Belief>,
}

impl Believed {
    /// Their session.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Whose it is.
    pub fn user(&self) -> UserId {
        self.person.id
    }

    /// For a request that runs within [`Store::going_by`]; it relies on this from now on.
    pub fn person(&self) -> Person {
        self.belief.rely();
        self.person
    }
}

impl Store {
    /// The person behind a session, if it is still good: asked with each request.
    pub async fn person_of_session(&self, id: SessionId, now: At) -> Result<Option<Person>, StoreError> {
        let open = self.glance_again(id.0, move |tx| tx.open_until(id)).await?;
        Ok(open.and_then(|open| open.person(now)))
    }

    /// The person behind a session as it was when it was asked for last, where asking takes a way to another program and back.
    pub fn believed(&self, id: SessionId, now: At) -> Option<Believed> {
        let person = self.found_before::<Option<OpenUntil>>(id.0)??.person(now)?;
        let as_before = move |row: &Row<'_>| {
            let found = OpenUntil::of(row, id).ok().flatten();
            found.and_then(|open| open.person(now)) == Some(person)
        };
        Some(Believed {
            session: id,
            person,
            now,
            belief: Belief::new(OPEN_UNTIL, vec![id.into()], as_before),
        })
    }

    /// Runs a request that may rely on this. Whether it is still so is asked together with what the request asks of the database first, or after
    /// it, if it asked nothing: nothing of the database is told, and nothing kept in it, if not. Then [`StoreError::Outdated`] stands for the
    /// answer.
    pub async fn going_by<T>(&self, believed: &Believed, request: impl Future<Output = T>) -> Result<T, StoreError> {
        let Believed {
            session,
            person,
            now,
            belief,
        } = believed;
        let out = belief.clone().during(request).await;
        let holds = match belief.answer() {
            Some(holds) => holds,
            None if belief.is_relied_on() => self.person_of_session(*session, *now).await? == Some(*person),
            None => true,
        };
        if holds {
            return Ok(out);
        }
        self.forget::<Option<OpenUntil>>(session.0);
        Err(StoreError::Outdated)
    }
}

impl Tx<'_, '_> {
    /// Records a sign-in.
    pub fn open_session(&mut self, may: &Allowed<SignIn>, session: &NewSession, now: At) -> Result<(), StoreError> {
        self.post(
            "INSERT INTO session (id, user_id, created_at, last_used_at, expires_at, ip, user_agent) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)",
            &[
                session.id.into(),
                may.facts().id.into(),
                now.into(),
                session.expires_at.into(),
                session.ip.clone().into(),
                session.user_agent.as_str().into(),
            ],
        )?;
        self.insert_refresh(session.id, &session.refresh_digest, now)
    }

    fn insert_refresh(&mut self, session: SessionId, digest: &[u8; 32], now: At) -> Result<(), StoreError> {
        let sql = "INSERT INTO refresh_token (digest, session_id, issued_at) VALUES (?1, ?2, ?3)";
        self.post(sql, &[digest.as_slice().into(), session.into(), now.into()])
    }

    /// The person behind a session, if it is still good.
    pub fn person_of_session(&mut self, id: SessionId, now: At) -> Result<Option<Person>, StoreError> {
        Ok(self.open_until(id)?.and_then(|open| open.person(now)))
    }

    fn open_until(&mut self, id: SessionId) -> Result<Option<OpenUntil>, StoreError> {
        let found = self.find(OPEN_UNTIL, &[id.into()], |row| OpenUntil::of(row, id))?;
        Ok(found.flatten())
    }

    /// A refresh token; its session's row is held until the change ends, so that one token is exchanged once.
    pub fn refresh_token(&mut self, digest: &[u8; 32]) -> Result<Option<RefreshToken>, StoreError> {
        self.find_to_change(
            "SELECT s.id, s.user_id, s.expires_at, s.revoked_at, t.used_at FROM refresh_token t JOIN session s ON s.id = t.session_id \
             WHERE t.digest = ?1",
            &[digest.as_slice().into()],
            |r| {
                Ok(RefreshToken {
                    session: SessionFacts { id: SessionId(r.get(0)?), user: UserId(r.get(1)?) },
                    expires_at: At(r.get(2)?),
                    revoked_at: r.get::<Option<i64>>(3)?.map(At),
                    used_at: r.get::<Option<i64>>(4)?.map(At),
                })
            },
        )
    }

    /// Exchanges a refresh token for the next of its family.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when it was exchanged meanwhile.
    pub fn rotate_refresh(
        &mut self,
        token: &RefreshToken,
        old: &[u8; 32],
        new: &[u8; 32],
        expires_at: At,
        now: At,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE refresh_token SET used_at = ?2 WHERE digest = ?1 AND used_at IS NULL";
        self.post_one(sql, &[old.as_slice().into(), now.into()])?;
        let sql = "UPDATE session SET last_used_at = ?2, expires_at = ?3 WHERE id = ?1 AND revoked_at IS NULL";
        self.post_one(sql, &[token.session.id.into(), now.into(), expires_at.into()])?;
        self.insert_refresh(token.session.id, new, now)
    }

    /// What the rules need to know of a session.
    pub fn session_facts(&mut self, id: SessionId) -> Result<Option<SessionFacts>, StoreError> {
        let sql = "SELECT id, user_id FROM session WHERE id = ?1 AND revoked_at IS NULL";
        self.find(sql, &[id.into()], |r| {
            Ok(SessionFacts {
                id: SessionId(r.get(0)?),
                user: UserId(r.get(1)?),
            })
        })
    }

    /// The sign-ins of a person that are still good, the latest first.
    pub fn sessions(&mut self, may: &Allowed<ListSessions>, now: At) -> Result<Vec<SessionRow>, StoreError> {
        let row = |r: &Row<'_>| {
            Ok(SessionRow {
                id: SessionId(r.get(0)?),
                created_at: At(r.get(1)?),
                last_used_at: At(r.get(2)?),
                ip: r.get(3)?,
                user_agent: r.get(4)?,
            })
        };
        self.list(
            "SELECT id, created_at, last_used_at, ip, user_agent FROM session \
             WHERE user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 ORDER BY last_used_at DESC, id DESC LIMIT 500",
            &[may.facts().id.into(), now.into()],
            row,
        )
    }

    /// Ends a session with its whole family of tokens. Ending it twice is ending it.
    pub fn revoke_session(&mut self, may: &Allowed<RevokeSession>, now: At) -> Result<(), StoreError> {
        let sql = "UPDATE session SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        self.post(sql, &[may.facts().id.into(), now.into()])
    }

    /// Failed tries of a subject (an account or an address) and when the last was.
    pub fn sign_in_failures(&mut self, subject: &str) -> Result<Option<(u64, At)>, StoreError> {
        let sql = "SELECT failures, last_at FROM sign_in_failure WHERE subject = ?1";
        self.find(sql, &[subject.into()], |r| Ok((r.size(0)?, At(r.get(1)?))))
    }

    /// Counts a failed try. The count starts anew after a day without one.
    pub fn count_sign_in_failure(&mut self, subject: &str, now: At) -> Result<(), StoreError> {
        self.post(
            "INSERT INTO sign_in_failure (subject, failures, last_at) VALUES (?1, 1, ?2) ON CONFLICT (subject) DO UPDATE SET \
             failures = CASE WHEN sign_in_failure.last_at < ?3 THEN 1 ELSE sign_in_failure.failures + 1 END, last_at = excluded.last_at",
            &[subject.into(), now.into(), now.plus(-At::DAY).into()],
        )
    }

    /// Forgets the failed tries of a subject after it signed in.
    pub fn clear_sign_in_failures(&mut self, subject: &str) -> Result<(), StoreError> {
        self.post("DELETE FROM sign_in_failure WHERE subject = ?1", &[subject.into()])
    }
}
