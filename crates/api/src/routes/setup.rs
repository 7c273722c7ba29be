//! The first start: making the administrator.

use super::{Reply, me::User};
use crate::{extract::Json as Body, layer::Anyone, problem::Answer, state::Api};
use axum::{Json, extract::State, http::StatusCode};
use domain::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::accounts::{self, NewAccount};

/// Whether the first start is still to be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupState {
    /// There is no account yet.
    pub needed: bool,
}

/// Says whether the installation waits for its first administrator.
#[utoipa::path(get, path = "/api/v1/setup", tag = "setup", security(()), responses((status = 200, body = SetupState)))]
pub async fn needed(State(api): State<Api>) -> Reply<SetupState> {
    Ok(Json(SetupState {
        needed: accounts::needs_setup(api.vault()).await?,
    }))
}

/// The first administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// As shown to others: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// By what they sign in.
    #[schema(max_length = 254, example = "ann@example.org")]
    pub email: String,
    /// At least 10 characters, at most 256 bytes, not one of the most common.
    #[schema(min_length = 10, max_length = 256, format = Password)]
    pub password: String,
}

/// Makes the first account, an administrator. It can be done once; sign in with the same credentials afterwards.
#[utoipa::path(
    post, path = "/api/v1/setup", tag = "setup", security(()), request_body = SetupRequest,
    responses((status = 201, body = User), (status = 409, description = "It is done already."))
)]
pub async fn run(
    State(api): State<Api>,
    Anyone(call): Anyone,
    Body(asked): Body<SetupRequest>,
) -> Answer<(StatusCode, Json<User>)> {
    let SetupRequest { name, email, password } = asked;
    let account = NewAccount {
        name,
        email,
        password,
        role: Role::Admin,
        quota_bytes: None,
    };
    let user = accounts::set_up(api.vault(), call, account).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}
