//! The OpenAPI document, made from the routes, and the page that shows it.

use crate::{
    problem::{self, Kind, ProblemBody},
    routes,
};
use std::sync::LazyLock;
use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        Content, Info, License, OpenApi as Document, Ref, RefOr, Response, Server,
        path::{Operation, PathItem},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

/// The page: it loads its script and style from this server and nothing from anywhere else.
pub const PAGE: &str = include_str!("page.html");
/// Its script.
pub const SCRIPT: &str = include_str!("page.js");
/// Its style.
pub const STYLE: &str = include_str!("page.css");

#[derive(OpenApi)]
#[openapi(components(schemas(ProblemBody, problem::FieldError)))]
struct Base;

/// The OpenAPI document in JSON, as it is served and as `media-vault openapi` prints it.
pub fn document() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let (_, api) = routes::all().split_for_parts();
        let mut text = complete(api).to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    });
    &TEXT
}

/// Adds what all operations have in common, so that no route can forget it.
fn complete(mut api: Document) -> Document {
    api.merge(Base::openapi());
    api.info = Info::new("Media Vault", env!("CARGO_PKG_VERSION"));
    api.info.description = Some(INTRODUCTION.to_owned());
    api.info.license = Some(License::new("Apache-2.0"));
    api.servers = Some(vec![Server::new("/")]);
    let components = api.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let cookie = ApiKeyValue::with_description(
        "mv_access",
        "Set by sign-in with `X-Session: cookie`; writes need `Origin`.",
    );
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    api.security = Some(vec![
        SecurityRequirement::new("bearer", Vec::<String>::new()),
        SecurityRequirement::new("cookie", Vec::<String>::new()),
    ]);
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(name_of(path, method));
            common(path, method, operation);
        }
    }
    api
}

/// A name for the operation that generators can use: `get_media_id_content`.
fn name_of(path: &str, method: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

const INTRODUCTION: &str = "The interface of Media Vault. Errors are problem details (RFC 9457). Sign in at \
`/api/v1/auth/login` and send the token as `Authorization: Bearer`. Lists have `next_cursor`; give it as `cursor`. \
Writes accept `Idempotency-Key`. `RateLimit` headers follow draft-ietf-httpapi-ratelimit-headers-10; 429 has `Retry-After`.";

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
        ("head", &mut item.head),
        ("options", &mut item.options),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The refusals that any operation of this shape may answer with.
fn common(path: &str, method: &str, operation: &mut Operation) {
    let writes = matches!(method, "post" | "put" | "patch" | "delete");
    let public = operation
        .security
        .as_ref()
        .is_some_and(|all| all.len() == 1 && all[..] == [SecurityRequirement::default()]);
    let has_parameters = operation.parameters.as_ref().is_some_and(|p| !p.is_empty());
    let mut kinds = vec![Kind::Internal, Kind::Unavailable];
    let free = matches!(path, "/health" | "/ready");
    if !free {
        kinds.push(Kind::TooManyRequests);
    }
    if !public {
        kinds.push(Kind::Unauthorized);
    }
    // Cookies without the right Origin; an administrator's call from elsewhere; what is seen but not allowed.
    if writes || !public {
        kinds.push(Kind::Forbidden);
    }
    if path.contains('{') {
        kinds.push(Kind::NotFound);
    }
    if operation.request_body.is_some() {
        kinds.extend([Kind::BadRequest, Kind::TooLarge, Kind::UnsupportedMediaType]);
    }
    if operation.request_body.is_some() || has_parameters || (writes && !public) {
        kinds.push(Kind::Validation);
    }
    // Idempotency-Key: under way, or used for something else; and a body that breaks off.
    if writes && !public {
        kinds.extend([Kind::BadRequest, Kind::Conflict, Kind::TooLarge]);
    }
    if path.contains("tus") || path.ends_with("/data") {
        kinds.push(Kind::BadRequest);
    }
    if writes {
        kinds.push(Kind::InsufficientStorage);
    }
    for kind in kinds {
        let status = kind.status().as_u16().to_string();
        operation
            .responses
            .responses
            .entry(status)
            .or_insert_with(|| RefOr::T(Response::new(kind.title())));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let error = status.starts_with(['4', '5']);
        if error && response.content.is_empty() && method != "head" {
            let reference = RefOr::Ref(Ref::from_schema_name(ProblemBody::name()));
            response
                .content
                .insert(problem::MEDIA_TYPE.to_owned(), RefOr::T(Content::new(Some(reference))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed() -> serde_json::Value {
        serde_json::from_str(document()).unwrap()
    }

    #[test]
    fn it_is_openapi_3_1_and_every_operation_names_its_refusals() {
        let api = parsed();
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
        let mut ids = std::collections::BTreeSet::new();
        for (path, item) in api["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(
                    ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                    "{method} {path} shares its id"
                );
                assert!(
                    operation["summary"].is_string() || operation["description"].is_string(),
                    "{method} {path}"
                );
                let responses = operation["responses"].as_object().unwrap();
                assert!(
                    responses.contains_key("500") && responses.keys().any(|s| s.starts_with('2')),
                    "{method} {path}"
                );
            }
        }
    }
    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &serde_json::Value, api: &serde_json::Value) {
            match value {
                serde_json::Value::Object(map) => {
                    if let Some(target) = map.get("$ref").and_then(|r| r.as_str()) {
                        assert!(api.pointer(target.trim_start_matches('#')).is_some(), "{target}");
                    }
                    map.values().for_each(|v| walk(v, api));
                }
                serde_json::Value::Array(list) => list.iter().for_each(|v| walk(v, api)),
                _ => {}
            }
        }
        let api = parsed();
        walk(&api, &api);
    }
    #[test]
    fn the_page_loads_nothing_foreign() {
        for text in [PAGE, SCRIPT, STYLE] {
            assert!(
                !text.contains("https://") && !text.contains("//cdn"),
                "nothing from other servers"
            );
        }
        assert!(!PAGE.contains("<script>") && !PAGE.contains("style="));
    }
}
