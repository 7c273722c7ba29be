//! One's own account and sign-ins.

use super::{Reply, words};
use crate::{
    extract::{Id, Json as Body},
    layer::SignedIn,
    problem::Answer,
    rows::{SessionRow, UserRow},
    state::Api,
    when,
};
use axum::{Json, extract::State, http::StatusCode};
use domain::SessionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::accounts;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// As shown to others.
    pub name: String,
    /// By what they sign in.
    pub email: String,
    /// What they may do in the installation: user, partner or admin.
    #[schema(value_type = words::Role)]
    pub role: &'static str,
    /// Whether they may sign in: active or disabled.
    #[schema(value_type = words::UserStatus)]
    pub status: &'static str,
    /// The most bytes that they may keep; null for no limit.
    pub quota_bytes: Option<u64>,
    /// Bytes of originals that they keep, trash included.
    pub used_bytes: u64,
    /// Items that they keep, trash included.
    pub item_count: u64,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<UserRow> for User {
    fn from(u: UserRow) -> Self {
        User {
            id: u.id.to_string(),
            name: u.name,
            email: u.email,
            role: u.role.as_str(),
            status: u.status.as_str(),
            quota_bytes: u.quota_bytes,
            used_bytes: u.used_bytes,
            item_count: u.items,
            created_at: when::instant(u.created_at),
        }
    }
}

/// Your account.
#[utoipa::path(get, path = "/api/v1/users/me", tag = "account", responses((status = 200, body = User)))]
pub async fn get(State(api): State<Api>, SignedIn(call): SignedIn) -> Reply<User> {
    Ok(Json(accounts::profile(api.vault(), call).await?.into()))
}

/// How safe what you keep is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Safety {
    /// Items that you keep.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Everything is encrypted where it is stored; there is no other way to store.
    pub encrypted: bool,
    /// When everything in this installation was last opened and compared with its hash (`media-vault verify`).
    #[schema(format = DateTime)]
    pub last_verified_at: Option<String>,
    /// Objects that were opened then: originals and renditions of everybody.
    pub verified_items: u64,
    /// What was not as it should be then.
    pub problems: u64,
}

/// Says how much you keep, and when it was last verified.
#[utoipa::path(get, path = "/api/v1/users/me/safety", tag = "account", responses((status = 200, body = Safety)))]
pub async fn safety(State(api): State<Api>, SignedIn(call): SignedIn) -> Reply<Safety> {
    let (me, found) = accounts::safety(api.vault(), call).await?;
    Ok(Json(Safety {
        items: me.items,
        bytes: me.used_bytes,
        encrypted: true,
        last_verified_at: found.map(|f| when::instant(f.at)),
        verified_items: found.map_or(0, |f| f.objects),
        problems: found.map_or(0, |f| f.problems),
    }))
}

/// What may be changed about an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// The new name: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// Changes your name.
#[utoipa::path(
    patch, path = "/api/v1/users/me", tag = "account", request_body = UserChange, responses((status = 200, body = User))
)]
pub async fn change(State(api): State<Api>, SignedIn(call): SignedIn, Body(asked): Body<UserChange>) -> Reply<User> {
    Ok(Json(accounts::rename(api.vault(), call, &asked.name).await?.into()))
}

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one that you have.
    #[schema(format = Password)]
    pub current_password: String,
    /// At least 10 characters, at most 256 bytes, not one of the most common.
    #[schema(min_length = 10, max_length = 256, format = Password)]
    pub new_password: String,
}

/// Changes your password. All your other sign-ins end.
#[utoipa::path(
    post, path = "/api/v1/users/me/password", tag = "account", request_body = PasswordChange,
    responses((status = 204, description = "It is changed."), (status = 409, description = "The account has no password here."))
)]
pub async fn change_password(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Body(asked): Body<PasswordChange>,
) -> Answer<StatusCode> {
    accounts::change_password(api.vault(), call, asked.current_password, asked.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionInfo {
    /// Its id.
    #[schema(format = Uuid)]
    pub id: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last renewed.
    #[schema(format = DateTime)]
    pub last_used_at: String,
    /// Where it came from.
    pub ip: Option<String>,
    /// What the browser or program calls itself.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Sign-ins.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The latest first.
    pub items: Vec<SessionInfo>,
}

/// Your sign-ins that are still good.
#[utoipa::path(get, path = "/api/v1/users/me/sessions", tag = "account", responses((status = 200, body = SessionList)))]
pub async fn sessions(State(api): State<Api>, SignedIn(call): SignedIn) -> Reply<SessionList> {
    let mine = call.actor.person().and_then(|p| p.session);
    let show = |s: SessionRow| SessionInfo {
        id: s.id.to_string(),
        created_at: when::instant(s.created_at),
        last_used_at: when::instant(s.last_used_at),
        ip: s.ip,
        user_agent: s.user_agent,
        current: Some(s.id) == mine,
    };
    let items = accounts::sessions(api.vault(), call)
        .await?
        .into_iter()
        .map(show)
        .collect();
    Ok(Json(SessionList { items }))
}

/// Ends all your sign-ins but the one that asks.
#[utoipa::path(
    delete, path = "/api/v1/users/me/sessions", tag = "account", responses((status = 204, description = "They are over."))
)]
pub async fn end_other_sessions(State(api): State<Api>, SignedIn(call): SignedIn) -> Answer<StatusCode> {
    accounts::revoke_other_sessions(api.vault(), call).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of your sign-ins.
#[utoipa::path(
    delete, path = "/api/v1/users/me/sessions/{id}", tag = "account",
    params(("id" = String, Path, format = Uuid)), responses((status = 204, description = "It is over."))
)]
pub async fn end_session(
    State(api): State<Api>,
    SignedIn(call): SignedIn,
    Id(id): Id<SessionId>,
) -> Answer<StatusCode> {
    accounts::revoke_session(api.vault(), call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
