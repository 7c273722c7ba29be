//! Who gets what: every operation of the OpenAPI document, asked by nobody, by the owner of the thing, by another person
//! and by an administrator. What is not one's own answers exactly as what does not exist.
#![allow(clippy::unwrap_used, reason = "a test's way to fail is to panic")]

mod common;

use axum::{body::Body, http::HeaderMap};
use common::{Client, House, Reply};
use domain::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Whom an operation serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serves {
    /// Everybody alike, signed in or not.
    All,
    /// Anybody who is signed in, about their own things: there is no id to swap.
    Self_,
    /// The owner of the thing that the path or body names. To anybody else it does not exist.
    Owner,
    /// Administrators.
    Administrators,
}

/// An operation with a request to it. `{media}`, `{upload}`, `{session}` stand for ids of the owner's things.
struct Row(&'static str, &'static str, Serves, fn() -> Option<Value>);

fn none() -> Option<Value> {
    None
}

/// One row for each operation of the document. A new operation without a row fails the test.
const ROWS: &[Row] = &[
    Row("get", "/health", Serves::All, none),
    Row("get", "/ready", Serves::All, none),
    Row("get", "/metrics", Serves::Administrators, none),
    Row("get", "/.well-known/jwks.json", Serves::All, none),
    Row("get", "/api/v1/openapi.json", Serves::All, none),
    Row("get", "/api/docs", Serves::All, none),
    Row("get", "/api/docs/page.js", Serves::All, none),
    Row("get", "/api/docs/page.css", Serves::All, none),
    Row("get", "/api/v1/setup", Serves::All, none),
    Row("post", "/api/v1/setup", Serves::All, || {
        Some(json!({"name": "x", "email": "x@example.org", "password": "a long password"}))
    }),
    Row("get", "/api/v1/auth/session", Serves::All, none),
    Row("post", "/api/v1/auth/login", Serves::All, || {
        Some(json!({"email": "ann@example.org", "password": common::PASSWORD}))
    }),
    Row("post", "/api/v1/auth/refresh", Serves::All, || {
        Some(json!({"refresh_token": "mvr_none"}))
    }),
    Row("post", "/api/v1/auth/logout", Serves::All, || Some(json!({}))),
    Row("get", "/api/v1/users/me", Serves::Self_, none),
    Row("patch", "/api/v1/users/me", Serves::Self_, || {
        Some(json!({"name": "New Name"}))
    }),
    Row("post", "/api/v1/users/me/password", Serves::Self_, || {
        Some(json!({"current_password": common::PASSWORD, "new_password": "green valley river"}))
    }),
    Row("get", "/api/v1/users/me/safety", Serves::Self_, none),
    Row("get", "/api/v1/users/me/sessions", Serves::Self_, none),
    Row("delete", "/api/v1/users/me/sessions", Serves::Self_, none),
    Row("delete", "/api/v1/users/me/sessions/{session}", Serves::Owner, none),
    Row("get", "/api/v1/media", Serves::Self_, none),
    Row("post", "/api/v1/media", Serves::Self_, none),
    Row("post", "/api/v1/media/batch", Serves::Owner, || {
        Some(json!({"ids": ["{media}"], "action": "archive"}))
    }),
    Row("get", "/api/v1/media/{media}", Serves::Owner, none),
    Row("patch", "/api/v1/media/{media}", Serves::Owner, || {
        Some(json!({"title": "x", "favorite": true}))
    }),
    Row("delete", "/api/v1/media/{media}", Serves::Owner, none),
    Row("get", "/api/v1/media/{media}/history", Serves::Owner, none),
    Row("get", "/api/v1/search", Serves::Self_, none),
    Row("post", "/api/v1/downloads", Serves::Owner, || {
        Some(json!({"ids": ["{media}"]}))
    }),
    Row("get", "/api/v1/downloads/{download}", Serves::Owner, none),
    Row("get", "/api/v1/media/{media}/versions", Serves::Owner, none),
    Row("post", "/api/v1/media/{media}/reprocess", Serves::Owner, none),
    Row("get", "/api/v1/media/{media}/content", Serves::Owner, none),
    Row("get", "/api/v1/media/{media}/thumbnail", Serves::Owner, none),
    Row("get", "/api/v1/timeline", Serves::Self_, none),
    Row("get", "/api/v1/timeline/2024-05", Serves::Self_, none),
    Row("get", "/api/v1/trash", Serves::Self_, none),
    Row("post", "/api/v1/trash/restore", Serves::Owner, || {
        Some(json!({"ids": ["{media}"]}))
    }),
    Row("post", "/api/v1/trash/empty", Serves::Self_, none),
    Row("get", "/api/v1/uploads", Serves::Self_, none),
    Row("post", "/api/v1/uploads", Serves::Self_, || {
        Some(json!({"file_name": "a.jpg", "size": 10}))
    }),
    Row("post", "/api/v1/uploads/sizes", Serves::Self_, || {
        Some(json!({"sizes": [10]}))
    }),
    Row("get", "/api/v1/uploads/{upload}", Serves::Owner, none),
    Row("delete", "/api/v1/uploads/{upload}", Serves::Owner, none),
    Row("options", "/api/v1/tus", Serves::All, none),
    Row("post", "/api/v1/tus", Serves::Self_, none),
    Row("options", "/api/v1/uploads/{upload}/data", Serves::All, none),
    Row("head", "/api/v1/uploads/{upload}/data", Serves::Owner, none),
    Row("patch", "/api/v1/uploads/{upload}/data", Serves::Owner, none),
    Row("delete", "/api/v1/uploads/{upload}/data", Serves::Owner, none),
    Row("post", "/api/v1/uploads/{upload}/data", Serves::Owner, none),
    Row("get", "/api/v1/events", Serves::Self_, none),
];

/// Where the owner is refused all the same, with the reason. Edited by hand; it may only shrink.
const OWNER_REFUSED: &[(&str, &str, u16, &str)] = &[(
    "get",
    "/api/v1/media/{media}/thumbnail",
    404,
    "no worker runs here, so there is no rendition (`no-rendition`, not `not-found`)",
)];

/// Operations that answer about many things, some of which may not be the caller's: a foreign id is like a missing one inside
/// a 200.
const MANY: &[(&str, &str)] = &[("post", "/api/v1/media/batch"), ("post", "/api/v1/trash/restore")];

/// Where everybody is refused alike.
const ALL_REFUSED: &[(&str, &str, u16)] = &[("post", "/api/v1/setup", 409), ("post", "/api/v1/auth/refresh", 401)];

struct Things {
    media: String,
    upload: String,
    session: String,
    download: String,
}

impl Things {
    async fn of(owner: &Client, seed: u64) -> Things {
        let media = owner.add_photo(seed).await;
        let upload = owner
            .post("/api/v1/uploads", json!({"file_name": "b.jpg", "size": 1_000}))
            .await
            .json();
        let download = owner.post("/api/v1/downloads", json!({"ids": [media]})).await.json();
        let sessions = owner.get("/api/v1/users/me/sessions").await.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Things {
            media,
            upload: text(&upload["id"]),
            session: text(&sessions["items"][0]["id"]),
            download: text(&download["id"]),
        }
    }
    fn missing() -> Things {
        Things {
            media: MISSING.into(),
            upload: MISSING.into(),
            session: MISSING.into(),
            download: MISSING.into(),
        }
    }
    fn fill(&self, text: &str) -> String {
        text.replace("{media}", &self.media)
            .replace("{upload}", &self.upload)
            .replace("{session}", &self.session)
            .replace("{download}", &self.download)
    }
}

async fn ask(who: &Client, row: &Row, things: &Things, seed: u64) -> Reply {
    let Row(method, path, _, body) = row;
    let path = things.fill(path);
    if (*method, path.as_str()) == ("post", "/api/v1/media") {
        return who
            .form(&path, &[("file", Some("c.jpg"), &testkit::sample::jpeg(seed, 8, 8))])
            .await;
    }
    let mut request = who.request(&method.to_uppercase(), &path);
    if path.contains("tus") || path.ends_with("/data") {
        request = request
            .header("tus-resumable", "1.0.0")
            .header("upload-length", "5")
            .header("upload-offset", "0");
    }
    if path.ends_with("/data") && *method == "post" {
        request = request.header("x-http-method-override", "HEAD");
    }
    if path.ends_with("/data") && *method == "patch" {
        request = request.header("content-type", "application/offset+octet-stream");
    }
    let body = match body() {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(things.fill(&body.to_string()))
        }
        None => Body::empty(),
    };
    who.send(request.body(body).unwrap()).await
}

/// An answer without what differs between any two requests, and without the ids that were asked for.
fn bare(reply: &Reply, things: &Things) -> (u16, BTreeMap<String, String>, Value) {
    let headers = |headers: &HeaderMap| {
        headers
            .iter()
            .filter(|(name, _)| *name != "x-request-id" && *name != "date")
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect()
    };
    let mut text = reply.text();
    for id in [&things.media, &things.upload, &things.session, &things.download] {
        text = text.replace(id.as_str(), "ID");
    }
    let mut body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    if let Some(map) = body.as_object_mut() {
        map.remove("request_id");
        map.remove("instance");
    }
    (reply.status, headers(&reply.headers), body)
}

#[testkit::both]
async fn every_operation_serves_whom_it_should_and_nobody_else(database: testkit::Database) {
    let (mut seed, mut wrong) = (0, Vec::<String>::new());
    for row in ROWS {
        let Row(method, path, serves, _) = row;
        let house = House::new(database.another()).await;
        let owner = house.person("ann", Role::User).await;
        let other = house.person("ben", Role::User).await;
        let admin = house.person("eve", Role::Admin).await;
        seed += 10;
        let things = Things::of(&owner, seed).await;
        let mut expect = |who: &str, right: bool, reply: &Reply| {
            if !right {
                wrong.push(format!("{method} {path} by {who}: {} {}", reply.status, reply.text()));
            }
        };
        let anonymous = ask(&house.nobody(), row, &things, seed + 1).await;
        // Strangers first: what they do must not have happened when the owner comes.
        let by_other = ask(&other, row, &things, seed + 2).await;
        let by_admin = ask(&admin, row, &things, seed + 3).await;
        let refused = ALL_REFUSED.iter().find(|r| (r.0, r.1) == (*method, *path)).map(|r| r.2);
        let fine = |reply: &Reply| refused.map_or((200..300).contains(&reply.status), |status| reply.status == status);
        match serves {
            Serves::All => {
                for (who, reply) in [
                    ("nobody", &anonymous),
                    ("another", &by_other),
                    ("administrator", &by_admin),
                ] {
                    expect(who, fine(reply), reply);
                }
            }
            Serves::Self_ => {
                expect("nobody", anonymous.status == 401, &anonymous);
                expect("another", fine(&by_other), &by_other);
                expect("administrator", fine(&by_admin), &by_admin);
            }
            Serves::Administrators => {
                expect("nobody", anonymous.status == 401, &anonymous);
                expect("another", by_other.status == 403, &by_other);
                expect("administrator", fine(&by_admin), &by_admin);
            }
            Serves::Owner => {
                expect("nobody", anonymous.status == 401, &anonymous);
                let missing = Things::missing();
                for (who, client, reply) in [("another", &other, &by_other), ("administrator", &admin, &by_admin)] {
                    let of_missing = ask(client, row, &missing, seed + 4).await;
                    let status = if MANY.contains(&(method, path)) { 200 } else { 404 };
                    let alike = bare(reply, &things) == bare(&of_missing, &missing);
                    expect(who, reply.status == status && alike, reply);
                }
                let by_owner = ask(&owner, row, &things, seed + 5).await;
                let refused = OWNER_REFUSED.iter().find(|r| (r.0, r.1) == (*method, *path));
                let right = match refused {
                    Some((_, _, status, _)) => {
                        by_owner.status == *status && by_owner.json()["type"] != "urn:media-vault:problem:not-found"
                    }
                    None => (200..300).contains(&by_owner.status),
                };
                expect("the owner", right, &by_owner);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_operation_of_the_document_has_its_row() {
    let document: Value = serde_json::from_str(&api::openapi()).unwrap();
    let shape = |path: &str| -> String {
        path.split('/')
            .map(|part| {
                if part.starts_with('{') || part == "2024-05" {
                    "{}"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/")
    };
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.insert(format!("{method} {}", shape(path)));
        }
    }
    let covered: BTreeSet<String> = ROWS
        .iter()
        .map(|Row(method, path, ..)| format!("{method} {}", shape(path)))
        .collect();
    assert_eq!(documented, covered);
}
