//! Sign-in, refresh, sign-out.

use crate::{
    extract::{Json as Body, JsonOr},
    layer::{Anyone, SignedIn},
    problem::{Answer, Problem},
    state::Api,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use domain::Call;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::sign_in::{self, Tokens};

/// What is proven to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The account's address.
    #[schema(example = "ann@example.org")]
    pub email: String,
    /// Its password.
    #[schema(format = Password)]
    pub password: String,
}

/// What a sign-in gives.
#[derive(Serialize, ToSchema)]
pub struct Session {
    /// A signed token for `Authorization: Bearer`; absent when it was set as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Exchanged once for the next pair; absent when it was set as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// `Bearer`, or `Cookie` when the tokens were set as cookies.
    #[schema(pattern = "^(Bearer|Cookie)$")]
    pub token_type: &'static str,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
}

const X_SESSION: HeaderName = HeaderName::from_static("x-session");

fn wants_cookies(headers: &HeaderMap) -> bool {
    headers.get(&X_SESSION).is_some_and(|v| v == "cookie")
}

fn session(api: &Api, call: &Call, tokens: Tokens, by_cookie: bool) -> Response {
    let expires_in = tokens.expires_in;
    if !by_cookie {
        let (access_token, refresh_token) = (Some(tokens.access_token), Some(tokens.refresh_token));
        return Json(Session {
            access_token,
            refresh_token,
            token_type: "Bearer",
            expires_in,
        })
        .into_response();
    }
    let refresh_seconds = tokens.refresh_expires_at.seconds() - call.now.seconds();
    let cookies = api
        .cookies()
        .set(&tokens.access_token, expires_in, &tokens.refresh_token, refresh_seconds);
    let body = Session {
        access_token: None,
        refresh_token: None,
        token_type: "Cookie",
        expires_in,
    };
    (set(cookies), Json(body)).into_response()
}

fn set(cookies: [HeaderValue; 2]) -> AppendHeaders<[(HeaderName, HeaderValue); 2]> {
    AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)))
}

/// Signs in by address and password. With the header `X-Session: cookie` the tokens are set as HttpOnly cookies and are
/// not in the answer. The answer is the same whether the account exists or not.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "sign-in", security(()), request_body = LoginRequest,
    params(("X-Session" = Option<String>, Header, description = "`cookie`: set the tokens as cookies.")),
    responses((status = 200, body = Session), (status = 401, description = "Address or password is wrong."))
)]
pub async fn login(
    State(api): State<Api>,
    Anyone(call): Anyone,
    headers: HeaderMap,
    Body(asked): Body<LoginRequest>,
) -> Answer<Response> {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let tokens = sign_in::by_password(api.vault(), call.clone(), &asked.email, asked.password, agent).await?;
    metrics::counter!("sign_ins_total").increment(1);
    Ok(session(&api, &call, tokens, wants_cookies(&headers)))
}

/// How a browser's sign-in stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInState {
    /// The access token is good.
    SignedIn,
    /// It has run out; there is a refresh token to try.
    Renewable,
    /// There is neither.
    SignedOut,
}

/// How the sign-in of this browser stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInStatus {
    /// signed_in, renewable or signed_out.
    pub state: SignInState,
}

/// Says how the sign-in stands, so that a page that opens need not try and be refused. It is always answered.
#[utoipa::path(
    get, path = "/api/v1/auth/session", tag = "sign-in", security((), ("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = SignInStatus))
)]
pub async fn status(
    State(api): State<Api>,
    signed_in: Result<SignedIn, Problem>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let state = match (signed_in, api.cookies().refresh(&headers)) {
        (Ok(_), _) => SignInState::SignedIn,
        (Err(_), Some(_)) => SignInState::Renewable,
        (Err(_), None) => SignInState::SignedOut,
    };
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(SignInStatus { state }),
    )
}

/// A refresh token, when it is not in a cookie.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshRequest {
    /// The token of the last sign-in or refresh.
    pub refresh_token: Option<String>,
}

/// Exchanges a refresh token, from the body or from the cookie, for the next pair. Each works once; one that is used again
/// ends the whole sign-in.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "sign-in", security(()), request_body = Option<RefreshRequest>,
    responses((status = 200, body = Session), (status = 401, description = "The sign-in is over."))
)]
pub async fn refresh(
    State(api): State<Api>,
    Anyone(call): Anyone,
    headers: HeaderMap,
    JsonOr(asked): JsonOr<RefreshRequest>,
) -> Answer<Response> {
    let by_cookie = asked.refresh_token.is_none();
    let token = asked.refresh_token.or_else(|| api.cookies().refresh(&headers));
    let token = token.ok_or_else(|| Problem::unauthorized("There is no refresh token. Sign in."))?;
    let tokens = sign_in::refresh(api.vault(), call.clone(), &token).await?;
    Ok(session(&api, &call, tokens, by_cookie))
}

/// Ends the sign-in, by whatever names it: the access token, or the refresh token of the body or the cookie. It always works.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "sign-in", security((), ("bearer" = []), ("cookie" = [])),
    request_body = Option<RefreshRequest>, responses((status = 204, description = "It is over."))
)]
pub async fn logout(
    State(api): State<Api>,
    signed_in: Result<SignedIn, Problem>,
    Anyone(call): Anyone,
    headers: HeaderMap,
    JsonOr(asked): JsonOr<RefreshRequest>,
) -> Answer<Response> {
    if let Ok(SignedIn(call)) = signed_in {
        sign_in::sign_out(api.vault(), call).await?;
    }
    if let Some(token) = asked.refresh_token.or_else(|| api.cookies().refresh(&headers)) {
        sign_in::sign_out_by_refresh(api.vault(), call, &token).await?;
    }
    Ok((StatusCode::NO_CONTENT, set(api.cookies().clear())).into_response())
}
