//! Accounts.

use crate::{StoreError, Tx, value::Row};
use domain::{
    Allowed, At, DisplayName, Email, Role, UserId, UserStatus,
    policy::{ChangePassword, CreateUser, EditUser, InstallationFacts, SetUp, UserFacts, ViewUser},
};

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// Where mail goes and by what they sign in.
    pub email: Email,
    /// As shown.
    pub name: DisplayName,
    /// Their role.
    pub role: Role,
    /// The password as a PHC string (Argon2id).
    pub password_phc: String,
    /// The most bytes they may keep; `None` for no limit.
    pub quota_bytes: Option<u64>,
}

/// An account as it is shown to those who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Its id.
    pub id: UserId,
    /// As typed.
    pub email: String,
    /// As shown.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// The most bytes they may keep.
    pub quota_bytes: Option<u64>,
    /// Bytes of originals that they keep, trash included.
    pub used_bytes: u64,
    /// Items that they keep, trash included.
    pub items: u64,
    /// When it was made.
    pub created_at: At,
}

impl Tx<'_, '_> {
    /// What the rules need to know of the installation.
    pub fn installation_facts(&mut self) -> Result<InstallationFacts, StoreError> {
        let any = self.find("SELECT id FROM users LIMIT 1", &[], |_| Ok(()))?;
        Ok(InstallationFacts {
            has_users: any.is_some(),
        })
    }

    /// Makes the first account.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else was faster.
    pub fn add_first_user(&mut self, _: &Allowed<SetUp>, user: &NewUser, now: At) -> Result<(), StoreError> {
        // Two that set up at the same moment on PostgreSQL both see no user; only one of them writes this row.
        let sql = "INSERT INTO setting (name, value) VALUES ('set_up', ?1) ON CONFLICT DO NOTHING";
        self.post_one(sql, &[user.id.to_string().into()])?;
        if self.insert_user(user, now)? {
            Ok(())
        } else {
            Err(StoreError::Stale)
        }
    }

    /// Makes an account; `false` when the address is taken.
    pub fn add_user(&mut self, _: &Allowed<CreateUser>, user: &NewUser, now: At) -> Result<bool, StoreError> {
        self.insert_user(user, now)
    }

    fn insert_user(&mut self, user: &NewUser, now: At) -> Result<bool, StoreError> {
        let rows = self.execute(
            "INSERT INTO users (id, email, email_folded, name, role, status, quota_bytes, used_bytes, items, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'active', ?6, 0, 0, ?7, ?7) ON CONFLICT DO NOTHING",
            &[
                user.id.into(),
                user.email.as_str().into(),
                user.email.folded().into(),
                user.name.as_str().into(),
                user.role.into(),
                user.quota_bytes.into(),
                now.into(),
            ],
        )?;
        if rows == 1 {
            self.write_password(user.id, &user.password_phc, now)?;
        }
        Ok(rows == 1)
    }

    /// What the rules need to know of an account.
    pub fn user_facts(&mut self, id: UserId) -> Result<Option<UserFacts>, StoreError> {
        self.find(
            "SELECT id, role, status FROM users WHERE id = ?1",
            &[id.into()],
            user_facts,
        )
    }

    /// The account that signs in by this address, with its password's PHC string.
    pub fn user_by_email(&mut self, folded: &str) -> Result<Option<(UserFacts, String)>, StoreError> {
        self.find(
            "SELECT u.id, u.role, u.status, c.secret FROM users u JOIN credential c ON c.user_id = u.id AND c.kind = 'password' \
             WHERE u.email_folded = ?1",
            &[folded.into()],
            |r| Ok((user_facts(r)?, r.get(3)?)),
        )
    }

    /// An account's row.
    pub fn user(&mut self, may: &Allowed<ViewUser>) -> Result<UserRow, StoreError> {
        self.settle()?;
        let sql =
            "SELECT id, email, name, role, status, quota_bytes, used_bytes, items, created_at FROM users WHERE id = ?1";
        let row = |r: &Row<'_>| {
            Ok(UserRow {
                id: UserId(r.get(0)?),
                email: r.get(1)?,
                name: r.get(2)?,
                role: r.word("users", "role", 3)?,
                status: r.word("users", "status", 4)?,
                quota_bytes: r.get::<Option<i64>>(5)?.map(|b| u64::try_from(b).unwrap_or(0)),
                used_bytes: r.size(6)?,
                items: r.size(7)?,
                created_at: At(r.get(8)?),
            })
        };
        self.find(sql, &[may.facts().id.into()], row)?.ok_or(StoreError::Stale)
    }

    /// Changes how a person is called.
    pub fn rename_user(&mut self, may: &Allowed<EditUser>, name: &DisplayName, now: At) -> Result<(), StoreError> {
        let sql = "UPDATE users SET name = ?2, updated_at = ?3 WHERE id = ?1";
        self.post_one(sql, &[may.facts().id.into(), name.as_str().into(), now.into()])
    }

    /// The PHC string of a person's password, to check the old one before a change.
    pub fn password_of(&mut self, may: &Allowed<ChangePassword>) -> Result<Option<String>, StoreError> {
        let sql = "SELECT secret FROM credential WHERE user_id = ?1 AND kind = 'password'";
        self.find(sql, &[may.facts().id.into()], |r| r.get(0))
    }

    /// Replaces a person's password.
    pub fn set_password(&mut self, may: &Allowed<ChangePassword>, phc: &str, now: At) -> Result<(), StoreError> {
        self.write_password(may.facts().id, phc, now)
    }

    fn write_password(&mut self, user: UserId, phc: &str, now: At) -> Result<(), StoreError> {
        self.post(
            "INSERT INTO credential (user_id, kind, secret, updated_at) VALUES (?1, 'password', ?2, ?3) \
             ON CONFLICT (user_id, kind) DO UPDATE SET secret = excluded.secret, updated_at = excluded.updated_at",
            &[user.into(), phc.into(), now.into()],
        )
    }

    /// Bytes that a person keeps, bytes promised to uploads under way, and the most they may keep. Held until the change ends.
    pub fn space_of(&mut self, owner: UserId) -> Result<Space, StoreError> {
        self.settle()?;
        let used = self.find_to_change(ROOM, &[owner.into()], room)?;
        self.space(owner, used)
    }

    /// The same for a first look: others may take that room before it is taken.
    pub fn space_at_present(&mut self, owner: UserId) -> Result<Space, StoreError> {
        let used = self.find(ROOM, &[owner.into()], room)?;
        self.space(owner, used)
    }

    fn space(&mut self, owner: UserId, room: Option<(u64, Option<i64>)>) -> Result<Space, StoreError> {
        let (used, quota) = room.ok_or(StoreError::Stale)?;
        let sql = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM upload WHERE owner = ?1 AND media_id IS NULL";
        let reserved = self.find(sql, &[owner.into()], |r| r.size(0))?.unwrap_or(0);
        Ok(Space {
            used,
            reserved,
            quota: quota.map(|q| u64::try_from(q).unwrap_or(0)),
        })
    }
}

const ROOM: &str = "SELECT used_bytes, quota_bytes FROM users WHERE id = ?1";

fn room(r: &Row<'_>) -> Result<(u64, Option<i64>), StoreError> {
    Ok((r.size(0)?, r.get(1)?))
}

/// How much of their room a person uses, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Of originals kept.
    pub used: u64,
    /// Promised to uploads under way.
    pub reserved: u64,
    /// The most; `None` for no limit.
    pub quota: Option<u64>,
}

impl Space {
    /// Whether so many bytes more fit.
    pub fn fits(&self, bytes: u64) -> bool {
        self.quota
            .is_none_or(|quota| self.used.saturating_add(self.reserved).saturating_add(bytes) <= quota)
    }
}

fn user_facts(r: &Row<'_>) -> Result<UserFacts, StoreError> {
    Ok(UserFacts {
        id: UserId(r.get(0)?),
        role: r.word("users", "role", 1)?,
        status: r.word("users", "status", 2)?,
    })
}
