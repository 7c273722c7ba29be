//! Who a request comes from; whether it is one too many; whether a write by cookie comes from our own pages.

use crate::{
    http::{address, cookies::is_read},
    limit::{self, Caller, Class, classify},
    problem::{Answer, Kind, Problem},
    state::Api,
};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{Actor, Call, Person, Role, SessionId};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::pin,
};
use vault::{
    VaultError,
    sign_in::{self, Recognised},
};

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub IpAddr);

/// Who was recognised, if anybody was.
#[derive(Clone)]
struct Presented(Option<Recognised>);

impl Presented {
    fn session(&self) -> Option<SessionId> {
        match self.0.as_ref()? {
            Recognised::Known(person) => person.session,
            Recognised::Believed(believed) => Some(believed.session()),
        }
    }
}

/// How a request says who it is.
enum Credential {
    None,
    Bearer(String),
    Cookie(String),
}

/// The layer.
pub async fn identify<F: Future<Output = Response> + Send>(
    api: Api,
    mut request: Request,
    next: impl FnOnce(Request) -> F + Send,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let ip = address::client(peer, request.headers(), &api.settings().trusted_proxies);
    request.extensions_mut().insert(Client(ip));
    let class = classify(request.method(), request.uri().path());
    match prepare(&api, class, ip, &mut request).await {
        Err(problem) => problem.into_response(),
        Ok(Prepared { caller, decision }) => {
            let presented = request.extensions().get().cloned();
            // Pinned once: each call that it were handed on by would carry room for all of it.
            let next = pin!(next(request));
            let mut response = match presented {
                Some(Presented(Some(Recognised::Believed(believed)))) => {
                    let done = sign_in::going_by(api.vault(), &believed, next).await;
                    done.unwrap_or_else(|e| refused(e).into_response())
                }
                _ => next.await,
            };
            if class == Class::SignIn && !failed(response.status()) {
                api.limits().give_back(class, caller, api.vault().world().now());
            }
            if let Some(decision) = decision {
                limit::announce(response.headers_mut(), class, decision);
            }
            response
        }
    }
}

/// The answer instead of that of a request which should not have been begun.
fn refused(why: VaultError) -> Problem {
    match why {
        VaultError::Unauthenticated => nobody(),
        other => other.into(),
    }
}

fn nobody() -> Problem {
    Problem::unauthorized("Sign in to go on.")
}

/// A try of credentials that counts: they were wrong.
fn failed(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::TOO_MANY_REQUESTS
    )
}

struct Prepared {
    caller: Caller,
    decision: Option<limit::Decision>,
}

async fn prepare(api: &Api, class: Class, ip: IpAddr, request: &mut Request) -> Answer<Prepared> {
    let headers = request.headers();
    let known = !matches!(class, Class::Static | Class::Free) || request.uri().path() == "/metrics";
    let credential = if known {
        credential(api, headers)
    } else {
        Credential::None
    };
    let by_cookie = matches!(credential, Credential::Cookie(_));
    let sends_cookies = by_cookie || api.cookies().refresh(headers).is_some();
    // A page of another site that makes this browser write: its Origin is its own. Pages that send none are not ours.
    let foreign = headers.contains_key(header::ORIGIN) && !api.cookies().same_origin(headers);
    if !is_read(request.method())
        && !matches!(credential, Credential::Bearer(_))
        && known
        && (foreign || (sends_cookies && !api.cookies().same_origin(headers)))
    {
        return Err(Problem::new(
            Kind::Forbidden,
            "Writes with cookies are taken from this server's own pages only (Origin).",
        ));
    }
    let recognised = match &credential {
        Credential::None => None,
        Credential::Bearer(token) | Credential::Cookie(token) => {
            match recognise(api, request.uri().path(), token).await {
                Ok(recognised) => Some(recognised),
                Err(VaultError::Unauthenticated) => None,
                Err(other) => return Err(other.into()),
            }
        }
    };
    let presented = Presented(recognised);
    // A program with a token shares the quota of its address; a session of the web app has its own.
    let caller = match presented.session() {
        Some(session) if by_cookie && class != Class::SignIn => Caller::Session(session),
        _ => Caller::at(ip),
    };
    let decision = api.limits().take(class, caller, api.vault().world().now());
    if let Some(refused) = decision.filter(|d| !d.allowed) {
        let mut headers = HeaderMap::new();
        limit::announce(&mut headers, class, refused);
        let problem = limit::refusal(refused);
        return Err(headers.into_iter().fold(problem, |p, (name, value)| match name {
            Some(name) => p.with(name, value),
            None => p,
        }));
    }
    request.extensions_mut().insert(presented);
    Ok(Prepared { caller, decision })
}

/// Signing in and out is for those as well whose session has ended.
async fn recognise(api: &Api, path: &str, token: &str) -> Result<Recognised, VaultError> {
    if path.starts_with("/api/v1/auth/") {
        return sign_in::authenticate(api.vault(), token).await.map(Recognised::Known);
    }
    sign_in::recognise(api.vault(), token).await
}

/// A bearer token wins over a cookie: whoever sets a header means it.
fn credential(api: &Api, headers: &HeaderMap) -> Credential {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value
            .to_str()
            .ok()
            .and_then(|v| v.split_once(' '))
            .filter(|(s, _)| s.eq_ignore_ascii_case("bearer"));
        // Another scheme is a credential that nobody here knows.
        return Credential::Bearer(token.map_or_else(String::new, |(_, token)| token.trim().to_owned()));
    }
    api.cookies()
        .access(headers)
        .map_or(Credential::None, Credential::Cookie)
}

fn client_of(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Client>().map(|c| c.0)
}

fn person_of(parts: &Parts) -> Option<Person> {
    match parts.extensions.get::<Presented>()?.0.as_ref()? {
        Recognised::Known(person) => Some(*person),
        Recognised::Believed(believed) => Some(believed.person()),
    }
}

/// A call by a signed-in person; anybody else is answered 401.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Call);

impl FromRequestParts<Api> for SignedIn {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let person = person_of(parts).ok_or_else(nobody)?;
        let ip = client_of(parts);
        Ok(SignedIn(api.vault().call(Actor::Person(person), ip)))
    }
}

/// A call by nobody in particular, whoever it is in truth: setup and sign-in are done by those who are not signed in.
#[derive(Debug, Clone)]
pub struct Anyone(pub Call);

impl FromRequestParts<Api> for Anyone {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        Ok(Anyone(api.vault().call(Actor::Anonymous, client_of(parts))))
    }
}

/// A call by an administrator, from a network from which administrators are served; anybody else is answered 403.
#[derive(Debug, Clone)]
pub struct Administrator;

impl FromRequestParts<Api> for Administrator {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answer<Self> {
        let SignedIn(call) = SignedIn::from_request_parts(parts, api).await?;
        let allowed = &api.settings().admin_allowed;
        let near = allowed.is_empty() || call.ip.is_some_and(|ip| allowed.iter().any(|net| net.contains(&ip)));
        let is_admin = call.actor.person().is_some_and(|p| p.role == Role::Admin);
        match is_admin && near {
            true => Ok(Administrator),
            false => Err(Problem::new(
                Kind::Forbidden,
                "This is for administrators, from the networks that are set for them.",
            )),
        }
    }
}
