//! First start, sign-in, cookies, limits.

use crate::common::{House, PASSWORD, Reply};
use crate::house_of_ann;
use axum::body::Body;
use domain::{At, Role};
use serde_json::json;

#[testkit::both]
async fn the_first_start_makes_the_administrator_once(database: testkit::Database) {
    let house = House::new(database).await;
    let nobody = house.nobody();
    assert_eq!(nobody.get("/api/v1/setup").await.json(), json!({"needed": true}));
    let asked = json!({"name": "Ann", "email": "ann@example.org", "password": PASSWORD});
    let made = nobody.post("/api/v1/setup", asked.clone()).await;
    assert_eq!((made.status, made.json()["role"].as_str()), (201, Some("admin")));
    assert_eq!(nobody.post("/api/v1/setup", asked).await.status, 409);
    assert_eq!(nobody.get("/api/v1/setup").await.json(), json!({"needed": false}));
}

fn cookie_of(reply: &Reply, name: &str) -> String {
    let all = reply.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap());
    all.filter_map(|v| v.split(';').next())
        .find(|v| v.starts_with(name))
        .unwrap_or("")
        .to_owned()
}

#[testkit::both]
async fn the_web_app_signs_in_by_cookie_and_only_its_own_pages_write(database: testkit::Database) {
    let house = House::new(database).await;
    house.person("ann", Role::User).await;
    let browser = house.nobody();
    let call = async |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let mut request = browser.request(method, path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        browser.send(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    let credentials = json!({"email": "ann@example.org", "password": PASSWORD}).to_string();
    let own = ("origin", "http://house.test");
    let login = call(
        "POST",
        "/api/v1/auth/login",
        &[("x-session", "cookie"), own],
        &credentials,
    )
    .await;
    assert_eq!(
        login.json(),
        json!({"token_type": "Cookie", "expires_in": 600}),
        "no token in the answer"
    );
    let (access, refresh) = (cookie_of(&login, "mv_access"), cookie_of(&login, "mv_refresh"));
    let cookie = ("cookie", access.as_str());
    assert_eq!(call("GET", "/api/v1/users/me", &[cookie], "").await.status, 200);
    let rename = r#"{"name":"Anna"}"#;
    assert_eq!(
        call("PATCH", "/api/v1/users/me", &[cookie], rename).await.status,
        403,
        "no Origin"
    );
    let foreign = ("origin", "https://evil.example");
    assert_eq!(
        call("PATCH", "/api/v1/users/me", &[cookie, foreign], rename)
            .await
            .status,
        403
    );
    assert_eq!(
        call("POST", "/api/v1/auth/login", &[foreign], &credentials)
            .await
            .status,
        403
    );
    assert_eq!(
        call("PATCH", "/api/v1/users/me", &[cookie, own], rename).await.status,
        200
    );

    // The access token runs out; the refresh cookie gives the next pair, once.
    house.pass(11 * At::MINUTE);
    assert_eq!(call("GET", "/api/v1/users/me", &[cookie], "").await.status, 401);
    let renewed = call("POST", "/api/v1/auth/refresh", &[("cookie", &refresh), own], "{}").await;
    let next = cookie_of(&renewed, "mv_access");
    assert_eq!(
        call("GET", "/api/v1/users/me", &[("cookie", &next)], "").await.status,
        200
    );
    assert_eq!(
        call("POST", "/api/v1/auth/refresh", &[("cookie", &refresh), own], "{}")
            .await
            .status,
        401,
        "used twice"
    );
    assert_eq!(
        call("GET", "/api/v1/users/me", &[("cookie", &next)], "").await.status,
        401,
        "the whole sign-in is over"
    );
}

#[testkit::both]
async fn signing_out_ends_the_session_and_its_cookies(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
    let out = ann.post("/api/v1/auth/logout", json!({})).await;
    assert_eq!((out.status, cookie_of(&out, "mv_access")), (204, "mv_access=".into()));
    assert_eq!(ann.get("/api/v1/users/me").await.status, 401);
    assert_eq!(ann.get("/api/v1/users/me").await.header("www-authenticate"), "Bearer");
}

#[testkit::both]
async fn too_many_requests_are_told_when_to_come_back(database: testkit::Database) {
    let house = House::with(
        database,
        api::Settings {
            rate_limit_per_minute: 20,
            ..api::Settings::default()
        },
    )
    .await;
    let ann = house.person("ann", Role::User).await;
    for _ in 0..20 {
        assert_eq!(ann.get("/api/v1/users/me").await.status, 200);
    }
    let refused = ann.get("/api/v1/users/me").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("ratelimit-policy"), "\"api\";q=20;w=60");
    assert!(
        refused
            .header("retry-after")
            .parse::<u64>()
            .is_ok_and(|s| (1..=120).contains(&s))
    );
    assert_eq!(refused.header("content-type"), "application/problem+json");
    // Other budgets are untouched, and monitoring is never refused.
    assert_eq!(ann.get("/health").await.status, 200);
    assert_eq!(ann.get("/").await.status, 200);
    house.pass(2 * At::MINUTE);
    assert_eq!(ann.get("/api/v1/users/me").await.status, 200);
}

#[testkit::both]
async fn only_failed_sign_ins_use_up_their_budget(database: testkit::Database) {
    let house = House::with(
        database,
        api::Settings {
            rate_limit_per_minute: 30,
            ..api::Settings::default()
        },
    )
    .await;
    for name in ["a", "b", "c", "d", "e"] {
        house.person(name, Role::User).await;
    }
    let wrong = json!({"email": "nobody@example.org", "password": "not this one"});
    for _ in 0..3 {
        assert_eq!(
            house.nobody().post("/api/v1/auth/login", wrong.clone()).await.status,
            401
        );
    }
    let refused = house.nobody().post("/api/v1/auth/login", wrong).await;
    assert_eq!(
        (refused.status, refused.header("ratelimit-policy")),
        (429, "\"sign-in\";q=3;w=60")
    );
}

/// Who has been asked for is believed for the time being where asking takes a way to another program; nothing may come of that.
#[testkit::both]
async fn a_session_that_another_server_ends_is_good_for_nothing_more_here(database: testkit::Database) {
    let house = House::new(database).await;
    let ann = house.person("ann", Role::User).await;
    let photo = ann.add_photo(1).await;
    let at = format!("/api/v1/media/{photo}");
    let login = json!({"email": "ann@example.org", "password": PASSWORD});

    let acts = [
        ("GET", "/api/v1/timeline".to_owned(), "", None),
        ("GET", at.clone(), "", None),
        ("GET", format!("{at}/content"), "", None),
        (
            "GET",
            "/api/v1/media/01890000-0000-7000-8000-000000000000".into(),
            "",
            None,
        ),
        ("GET", "/api/v1/events".into(), "", None),
        ("PATCH", at.clone(), r#"{"favorite":true}"#, None),
        // Nothing of this is ever asked of the database.
        ("PATCH", at.clone(), r#"{"favorite":"perhaps"}"#, None),
        ("DELETE", at.clone(), "", None),
        ("PATCH", "/api/v1/users/me".into(), r#"{"name":"Mallory"}"#, None),
        (
            "POST",
            "/api/v1/uploads".into(),
            r#"{"file_name":"b.jpg","size":10}"#,
            Some("once"),
        ),
    ];
    for (method, path, body, once) in acts {
        let mut here = house.nobody();
        here.token = here.post("/api/v1/auth/login", login.clone()).await.json()["access_token"]
            .as_str()
            .map(str::to_owned);
        for _ in 0..3 {
            assert_eq!(here.get(&at).await.status, 200);
        }
        let there = house.beside(&here).await;
        assert_eq!(there.post("/api/v1/auth/logout", json!({})).await.status, 204);
        // On SQLite another process is seen this much later.
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;

        let mut request = here.request(method, &path).header("content-type", "application/json");
        if let Some(key) = once {
            request = request.header("idempotency-key", key);
        }
        let reply = here.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(reply.status, 401, "{method} {path} {body}: {}", reply.text());
        assert_eq!(
            here.get("/api/v1/auth/session").await.json()["state"],
            json!("signed_out")
        );
    }
    let now = ann.get(&at).await.json();
    assert_eq!((&now["favorite"], &now["trashed_at"]), (&json!(false), &json!(null)));
    assert_eq!(ann.get("/api/v1/users/me").await.json()["name"], json!("ann"));
    assert_eq!(ann.get("/api/v1/uploads").await.json()["items"], json!([]));
}
