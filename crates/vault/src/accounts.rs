//! Accounts: the first administrator, more people, one's own profile and sign-ins.

use crate::{Vault, VaultError, error::Fields};
use domain::{
    Call, DisplayName, Email, Role, SessionId, UserId, can,
    policy::{ChangePassword, CreateUser, EditUser, ListSessions, RevokeSession, SetUp, ViewUser},
};
use store::{NewUser, SessionRow, UserRow, Verification};

/// What is asked of a new person.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// As shown.
    pub name: String,
    /// By what they sign in.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their role.
    pub role: Role,
    /// Bytes that they may keep; `None` for the installation's default.
    pub quota_bytes: Option<u64>,
}

/// Whether the installation waits for its first administrator.
pub async fn needs_setup(vault: &Vault) -> Result<bool, VaultError> {
    let facts = vault
        .store()
        .read::<_, VaultError>(|tx| Ok(tx.installation_facts()?))
        .await?;
    Ok(!facts.has_users)
}

/// Makes the first account, an administrator; once.
pub async fn set_up(vault: &Vault, call: Call, account: NewAccount) -> Result<UserRow, VaultError> {
    const DONE: VaultError = VaultError::Conflict("This installation is set up already. Sign in instead.");
    if !needs_setup(vault).await? {
        return Err(DONE);
    }
    let user = new_user(
        vault,
        NewAccount {
            role: Role::Admin,
            ..account
        },
    )
    .await?;
    let id = user.id;
    let made = vault.store().write(move |tx| {
        let facts = tx.installation_facts()?;
        if facts.has_users {
            return Err(DONE);
        }
        let may = can::<SetUp>(&call.actor, facts)?;
        tx.add_first_user(&may, &user, call.now)?;
        Ok(tx.audited(&may, &call, ())?)
    });
    match made.await {
        // Somebody else set up at the same moment.
        Err(VaultError::Stale) => return Err(DONE),
        other => other?,
    }
    profile_of(vault, id).await
}

/// Makes an account.
pub async fn add(vault: &Vault, call: Call, account: NewAccount) -> Result<UserRow, VaultError> {
    let user = new_user(vault, account).await?;
    let id = user.id;
    vault
        .store()
        .write(move |tx| {
            let may = can::<CreateUser>(&call.actor, tx.installation_facts()?)?;
            if !tx.add_user(&may, &user, call.now)? {
                return Err(VaultError::field("email", "must not belong to another account"));
            }
            Ok(tx.audited(&may, &call, ())?)
        })
        .await?;
    profile_of(vault, id).await
}

async fn new_user(vault: &Vault, account: NewAccount) -> Result<NewUser, VaultError> {
    let mut fields = Fields::default();
    let email = fields.check("email", Email::parse(&account.email));
    let name = fields.check("name", DisplayName::parse(&account.name));
    if let (Some(email), Some(name)) = (&email, &name) {
        fields.check(
            "password",
            identity::password::check_policy(&account.password, email, name),
        );
    }
    fields.done()?;
    let (Some(email), Some(name)) = (email, name) else {
        return Err(VaultError::Internal("fields".into()));
    };
    Ok(NewUser {
        id: vault.world().id(),
        email,
        name,
        role: account.role,
        password_phc: hash(vault, account.password).await?,
        quota_bytes: account.quota_bytes.or(vault.settings().default_quota),
    })
}

/// Hashes a password on a blocking thread, a few at a time.
async fn hash(vault: &Vault, password: String) -> Result<String, VaultError> {
    let salt = vault.world().random();
    vault
        .hashing(move || identity::password::hash(&password, salt))
        .await?
        .map_err(|e| VaultError::Internal(e.to_string()))
}

impl Vault {
    pub(crate) async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VaultError> {
        let turn = self
            .0
            .hashing
            .acquire()
            .await
            .map_err(|e| VaultError::Internal(e.to_string()))?;
        let done = tokio::task::spawn_blocking(work).await?;
        drop(turn);
        Ok(done)
    }
}

async fn profile_of(vault: &Vault, id: UserId) -> Result<UserRow, VaultError> {
    let person = domain::Person {
        id,
        role: Role::User,
        session: None,
    };
    profile(vault, vault.call(domain::Actor::Person(person), None)).await
}

/// One's own account.
pub async fn profile(vault: &Vault, call: Call) -> Result<UserRow, VaultError> {
    let me = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    vault
        .store()
        .read(move |tx| {
            let may = can::<ViewUser>(&call.actor, tx.user_facts(me)?.ok_or(VaultError::NotFound)?)?;
            Ok(tx.user(&may)?)
        })
        .await
}

/// One's own account, and what the last verification of the installation found.
pub async fn safety(vault: &Vault, call: Call) -> Result<(UserRow, Option<Verification>), VaultError> {
    let me = profile(vault, call).await?;
    let found = vault
        .store()
        .read::<_, VaultError>(|tx| Ok(tx.last_verification()?))
        .await?;
    Ok((me, found))
}

/// Changes one's own name.
pub async fn rename(vault: &Vault, call: Call, name: &str) -> Result<UserRow, VaultError> {
    let me = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    let name = DisplayName::parse(name).map_err(|e| VaultError::field("name", e))?;
    let again = call.clone();
    vault
        .store()
        .write(move |tx| {
            let may = can::<EditUser>(&call.actor, tx.user_facts(me)?.ok_or(VaultError::NotFound)?)?;
            tx.rename_user(&may, &name, call.now)?;
            Ok::<_, VaultError>(tx.audited(&may, &call, ())?)
        })
        .await?;
    profile(vault, again).await
}

/// Changes one's own password. All other sign-ins end.
pub async fn change_password(vault: &Vault, call: Call, current: String, new: String) -> Result<(), VaultError> {
    let person = call.actor.person().ok_or(VaultError::Unauthenticated)?;
    let actor = call.actor;
    let (user, phc) = vault
        .store()
        .read::<_, VaultError>(move |tx| {
            let facts = tx.user_facts(person.id)?.ok_or(VaultError::NotFound)?;
            let may = can::<ViewUser>(&actor, facts.clone())?;
            let change = can::<ChangePassword>(&actor, facts)?;
            Ok((tx.user(&may)?, tx.password_of(&change)?))
        })
        .await?;
    let phc = phc.ok_or(VaultError::Conflict(
        "This account has no password here. Change it where you sign in.",
    ))?;
    let matches = vault
        .hashing(move || identity::password::verify(&current, &phc))
        .await?;
    if !matches.is_ok_and(|v| v.ok) {
        return Err(VaultError::field("current_password", "must be your current password"));
    }
    let (email, name) = (Email::parse(&user.email), DisplayName::parse(&user.name));
    if let (Ok(email), Ok(name)) = (email, name) {
        identity::password::check_policy(&new, &email, &name).map_err(|e| VaultError::field("new_password", e))?;
    }
    let phc = hash(vault, new).await?;
    vault
        .store()
        .write(move |tx| {
            let facts = tx.user_facts(person.id)?.ok_or(VaultError::NotFound)?;
            let may = can::<ChangePassword>(&call.actor, facts.clone())?;
            tx.set_password(&may, &phc, call.now)?;
            end_other_sessions(tx, &call, facts)?;
            Ok(tx.audited(&may, &call, ())?)
        })
        .await
}

/// One's own sign-ins that are still good, the latest first.
pub async fn sessions(vault: &Vault, call: Call) -> Result<Vec<SessionRow>, VaultError> {
    let me = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    vault
        .store()
        .read(move |tx| {
            let may = can::<ListSessions>(&call.actor, tx.user_facts(me)?.ok_or(VaultError::NotFound)?)?;
            Ok(tx.sessions(&may, call.now)?)
        })
        .await
}

/// Ends one of one's own sign-ins.
pub async fn revoke_session(vault: &Vault, call: Call, id: SessionId) -> Result<(), VaultError> {
    vault
        .store()
        .write(move |tx| {
            let may = can::<RevokeSession>(&call.actor, tx.session_facts(id)?.ok_or(VaultError::NotFound)?)?;
            tx.revoke_session(&may, call.now)?;
            Ok(tx.audited(&may, &call, ())?)
        })
        .await
}

/// Ends all of one's own sign-ins but the one that asks.
pub async fn revoke_other_sessions(vault: &Vault, call: Call) -> Result<(), VaultError> {
    let me = call.actor.person().ok_or(VaultError::Unauthenticated)?.id;
    vault
        .store()
        .write(move |tx| {
            let facts = tx.user_facts(me)?.ok_or(VaultError::NotFound)?;
            end_other_sessions(tx, &call, facts)?;
            Ok(tx.unaudited(()))
        })
        .await
}

/// Each ended sign-in is an audit entry of its own.
fn end_other_sessions(
    tx: &mut store::Tx<'_, '_>,
    call: &Call,
    facts: domain::policy::UserFacts,
) -> Result<(), VaultError> {
    let mine = call.actor.person().and_then(|p| p.session);
    let user = facts.id;
    let may = can::<ListSessions>(&call.actor, facts)?;
    for session in tx.sessions(&may, call.now)? {
        if Some(session.id) != mine {
            let may = can::<RevokeSession>(&call.actor, domain::policy::SessionFacts { id: session.id, user })?;
            tx.revoke_session(&may, call.now)?;
            tx.audited(&may, call, ())?;
        }
    }
    Ok(())
}
