//! The interface as its clients meet it.

mod common;

use axum::body::Body;
use common::{Client, House, PASSWORD, Reply};
use domain::{At, Role};
use serde_json::json;

async fn house_of_ann() -> (House, Client) {
    let house = House::new().await;
    let ann = house.person("ann", Role::User).await;
    (house, ann)
}

#[tokio::test]
async fn the_first_start_makes_the_administrator_once() {
    let house = House::new().await;
    let nobody = house.nobody();
    assert_eq!(nobody.get("/api/v1/setup").await.json(), json!({"needed": true}));
    let asked = json!({"name": "Ann", "email": "ann@example.org", "password": PASSWORD});
    let made = nobody.post("/api/v1/setup", asked.clone()).await;
    assert_eq!((made.status, made.json()["role"].as_str()), (201, Some("admin")));
    assert_eq!(nobody.post("/api/v1/setup", asked).await.status, 409);
    assert_eq!(nobody.get("/api/v1/setup").await.json(), json!({"needed": false}));
}

#[tokio::test]
async fn wrong_values_are_named_field_by_field() {
    let house = House::new().await;
    let answer = house
        .nobody()
        .post(
            "/api/v1/setup",
            json!({"name": "", "email": "ann", "password": "short"}),
        )
        .await;
    let mut body = answer.json();
    body["request_id"] = "ID".into();
    insta::assert_json_snapshot!(body, @r#"
    {
      "detail": "Please correct: email, name.",
      "errors": [
        {
          "field": "email",
          "message": "must be an e-mail address such as ann@example.org"
        },
        {
          "field": "name",
          "message": "must not be empty"
        }
      ],
      "instance": "/api/v1/setup",
      "request_id": "ID",
      "status": 422,
      "title": "Some values cannot be accepted",
      "type": "urn:media-vault:problem:validation"
    }
    "#);
}

#[tokio::test]
async fn what_no_route_takes_is_a_problem_too() {
    let (_house, ann) = house_of_ann().await;
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/media/not-an-id", 404),
        ("GET", "/api/v1/media/%00", 404),
        ("PUT", "/api/v1/media", 405),
        ("POST", "/", 405),
        ("GET", "/no/such/file.js", 404),
    ] {
        let answer = ann.send(ann.request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, "application/problem+json"),
            "{method} {path}"
        );
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
    }
    assert_eq!(
        ann.get("/photos/2024").await.header("content-type"),
        "text/html; charset=utf-8"
    );
}

#[tokio::test]
async fn a_photo_goes_in_and_comes_out_byte_for_byte() {
    let (_house, ann) = house_of_ann().await;
    let photo = testkit::sample::jpeg_of_size(1, 700_000);
    // Fields on both sides of the file.
    let parts: &[(&str, Option<&str>, &[u8])] = &[
        ("title", None, b"A lake"),
        ("file", Some("zdjęcie.jpg"), &photo),
        ("description", None, b"Seen from the bridge"),
        ("taken_at", None, b"2024-05-31T18:20:00+02:00"),
    ];
    let added = ann.form("/api/v1/media", parts).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let media = added.json();
    let got = |name: &str| media[name].as_str().unwrap_or("").to_owned();
    assert_eq!(
        [
            got("file_name"),
            got("title"),
            got("description"),
            got("taken_at"),
            got("taken_at_source"),
            got("mime_type")
        ],
        [
            "zdjęcie.jpg",
            "A lake",
            "Seen from the bridge",
            "2024-05-31T18:20:00+02:00",
            "person",
            "image/jpeg"
        ]
    );
    assert_eq!(media["size"], photo.len());

    let path = format!("/api/v1/media/{}/content", got("id"));
    let whole = ann.get(&path).await;
    assert!(whole.body == photo && whole.status == 200);
    assert_eq!(whole.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    assert!(
        whole
            .header("content-disposition")
            .starts_with("inline; filename=\"zdj_cie.jpg\"")
    );
    assert!(
        ann.get(&format!("{path}?download=1"))
            .await
            .header("content-disposition")
            .starts_with("attachment;")
    );
    let etag = whole.header("etag").to_owned();
    let with = |name: &'static str, value: String| {
        let (ann, path) = (ann.clone(), path.clone());
        async move {
            ann.send(
                ann.request("GET", &path)
                    .header(name, value)
                    .body(Body::empty())
                    .unwrap(),
            )
            .await
        }
    };
    assert_eq!(with("if-none-match", etag).await.status, 304);
    let part = with("range", "bytes=300000-".into()).await;
    assert!(part.status == 206 && part.body == photo[300_000..]);
    assert_eq!(
        with("range", "bytes=700000-".into()).await.header("content-range"),
        "bytes */700000"
    );

    let again = ann.form("/api/v1/media", &[("file", Some("b.jpg"), &photo)]).await;
    assert_eq!(
        (again.status, again.json()["id"].as_str()),
        (200, media["id"].as_str()),
        "the same content is there already"
    );
}

#[tokio::test]
async fn forms_that_are_wrong_are_refused_with_the_reason() {
    let (_house, ann) = house_of_ann().await;
    let photo = testkit::sample::jpeg(1, 8, 8);
    let text: &[u8] = b"just text";
    for (parts, status) in [
        (vec![("file", Some("a.jpg"), text)], 415),
        (vec![("file", Some("a.jpg"), &b""[..])], 415),
        (vec![("title", None, text)], 422),
        (vec![("taken_at", None, text), ("file", Some("a.jpg"), &photo)], 422),
        (vec![("unknown", None, text), ("file", Some("a.jpg"), &photo)], 422),
    ] {
        let answer = ann.form("/api/v1/media", &parts).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    assert_eq!(ann.post("/api/v1/media", json!({})).await.status, 415);
    // The connection ends in the middle of the file.
    let mut cut = common::form(&[("file", Some("a.jpg"), &photo)]);
    cut.truncate(cut.len() - 20);
    let request = ann
        .request("POST", "/api/v1/media")
        .header("content-type", "multipart/form-data; boundary=XX");
    assert_eq!(ann.send(request.body(Body::from(cut)).unwrap()).await.status, 400);
    assert_eq!(
        ann.get("/api/v1/media").await.json()["items"],
        json!([]),
        "nothing of it was added"
    );
}

async fn tus(who: &Client, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut request = who.request(method, path).header("tus-resumable", "1.0.0");
    if method == "PATCH" {
        request = request.header("content-type", "application/offset+octet-stream");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    who.send(request.body(Body::from(body.to_vec())).unwrap()).await
}

#[tokio::test]
async fn a_tus_upload_is_resumed_checked_and_completed() {
    let (house, ann) = house_of_ann().await;
    let photo = testkit::sample::jpeg_of_size(2, 50_000);
    let length = photo.len().to_string();
    // "holiday.jpg"
    let named = ("upload-metadata", "filename aG9saWRheS5qcGc=");
    let created = tus(&ann, "POST", "/api/v1/tus", &[("upload-length", &length), named], b"").await;
    assert_eq!((created.status, created.header("tus-resumable")), (201, "1.0.0"));
    let url = created.header("location").to_owned();
    assert!(created.header("upload-expires").ends_with("GMT"));

    // The address alone is enough, and nothing but it.
    let link = house.nobody();
    let bare = url.split('?').next().unwrap();
    assert_eq!(tus(&link, "HEAD", bare, &[], b"").await.status, 401);
    assert_eq!(
        tus(&link, "HEAD", &format!("{bare}?sig=0.AAAA"), &[], b"").await.status,
        404
    );
    assert_eq!(tus(&link, "HEAD", &url, &[], b"").await.header("upload-offset"), "0");

    let first = tus(&link, "PATCH", &url, &[("upload-offset", "0")], &photo[..20_000]).await;
    assert_eq!((first.status, first.header("upload-offset")), (204, "20000"));
    let elsewhere = tus(&link, "PATCH", &url, &[("upload-offset", "5")], b"xx").await;
    assert_eq!((elsewhere.status, elsewhere.header("upload-offset")), (409, "20000"));
    let wrong = ("upload-checksum", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=");
    assert_eq!(
        tus(
            &link,
            "PATCH",
            &url,
            &[("upload-offset", "20000"), wrong],
            &photo[20_000..]
        )
        .await
        .status,
        460
    );
    assert_eq!(
        tus(&link, "HEAD", &url, &[], b"").await.header("upload-offset"),
        "20000",
        "wrong bytes were dropped"
    );

    let last = tus(&link, "PATCH", &url, &[("upload-offset", "20000")], &photo[20_000..]).await;
    assert_eq!(last.status, 204, "{}", last.text());
    let id = last.header("media-id").to_owned();
    assert_eq!(ann.get(&format!("/api/v1/media/{id}/content")).await.body, photo);
    assert_eq!(
        ann.get(&format!("/api/v1/media/{id}")).await.json()["file_name"],
        "holiday.jpg"
    );
    assert_eq!(
        tus(&link, "HEAD", &url, &[], b"").await.header("media-id"),
        id,
        "asking again tells it again"
    );
}

#[tokio::test]
async fn tus_requests_that_are_wrong_are_refused() {
    let (_house, ann) = house_of_ann().await;
    let options = tus(&ann, "OPTIONS", "/api/v1/tus", &[], b"").await;
    assert_eq!(options.status, 204);
    assert_eq!(
        options.header("tus-extension"),
        "creation,creation-with-upload,checksum,expiration,termination"
    );
    let no_version = ann
        .send(
            ann.request("POST", "/api/v1/tus")
                .header("upload-length", "5")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!((no_version.status, no_version.header("tus-version")), (412, "1.0.0"));
    assert_eq!(tus(&ann, "POST", "/api/v1/tus", &[], b"").await.status, 400);
    assert_eq!(
        tus(&ann, "POST", "/api/v1/tus", &[("upload-defer-length", "1")], b"")
            .await
            .status,
        400
    );
    assert_eq!(
        tus(
            &ann,
            "POST",
            "/api/v1/tus",
            &[("upload-length", "9223372036854775807")],
            b""
        )
        .await
        .status,
        413
    );

    let created = tus(&ann, "POST", "/api/v1/tus", &[("upload-length", "10")], b"").await;
    let url = created.header("location").to_owned();
    let request = ann
        .request("PATCH", &url)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", "0");
    assert_eq!(ann.send(request.body(Body::from("x")).unwrap()).await.status, 415);
    assert_eq!(
        tus(&ann, "PATCH", &url, &[("upload-offset", "0")], b"more than ten bytes")
            .await
            .status,
        413
    );
    assert_eq!(
        tus(&ann, "POST", &url, &[("x-http-method-override", "DELETE")], b"")
            .await
            .status,
        204
    );
    assert_eq!(tus(&ann, "HEAD", &url, &[], b"").await.status, 404);
}

#[tokio::test]
async fn an_announced_file_that_is_there_already_is_not_sent() {
    let (_house, ann) = house_of_ann().await;
    let id = ann.add_photo(7).await;
    let media = ann.get(&format!("/api/v1/media/{id}")).await.json();
    let asked = json!({"file_name": "a.jpg", "size": media["size"], "sha256": media["sha256"]});
    let there = ann.post("/api/v1/uploads", asked).await;
    assert_eq!(
        (there.status, there.json()["media"]["id"].as_str()),
        (200, Some(id.as_str()))
    );
    let new = ann
        .post("/api/v1/uploads", json!({"file_name": "b.jpg", "size": 9}))
        .await;
    assert_eq!((new.status, new.json()["protocol"].as_str()), (201, Some("tus")));
    assert_eq!(ann.get("/api/v1/uploads").await.json()["items"][0]["offset"], 0);
}

#[tokio::test]
async fn the_timeline_and_lists_show_what_is_there_page_by_page() {
    let (_house, ann) = house_of_ann().await;
    for n in 0..5 {
        ann.add_photo(20 + n).await;
    }
    let months = ann.get("/api/v1/timeline").await.json();
    assert_eq!(
        months,
        json!({"total": 5, "buckets": [{"month": "2026-01", "count": 5}]})
    );
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ann
            .get(&format!("/api/v1/timeline/2026-01?limit=2{cursor}"))
            .await
            .json();
        ids.extend(page["items"]["id"].as_array().unwrap().clone());
        assert_eq!(
            page["items"]["ratio"].as_array().unwrap().len(),
            page["count"].as_u64().unwrap() as usize
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 5);
    assert_eq!(
        ann.get("/api/v1/media?limit=3").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    for bad in [
        "limit=0",
        "limit=1001",
        "cursor=x",
        "view=all",
        "kind=book",
        "taken_from=yesterday",
    ] {
        assert_eq!(ann.get(&format!("/api/v1/media?{bad}")).await.status, 422, "{bad}");
    }
    assert_eq!(ann.get("/api/v1/timeline/2026-13").await.status, 404);
}

#[tokio::test]
async fn a_change_is_refused_when_the_item_changed_meanwhile() {
    let (_house, ann) = house_of_ann().await;
    let path = format!("/api/v1/media/{}", ann.add_photo(1).await);
    let seen = ann.get(&path).await;
    let etag = seen.header("etag").to_owned();
    let change = async |body: serde_json::Value, etag: &str| {
        let request = ann
            .request("PATCH", &path)
            .header("content-type", "application/json")
            .header("if-match", etag);
        ann.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let changed = change(json!({"title": "One", "latitude": 50.06, "longitude": 19.94}), &etag).await;
    assert_eq!(
        (changed.status, changed.json()["latitude"].as_f64()),
        (200, Some(50.06))
    );
    assert_eq!(change(json!({"title": "Two"}), &etag).await.status, 412);
    let cleared = ann
        .patch(
            &path,
            json!({"title": null, "latitude": null, "longitude": null, "favorite": true}),
        )
        .await
        .json();
    assert_eq!(
        (
            cleared["title"].as_str(),
            cleared["latitude"].is_null(),
            cleared["favorite"].as_bool()
        ),
        (Some(""), true, Some(true))
    );
    assert_eq!(ann.patch(&path, json!({"latitude": 1.0})).await.status, 422);
    assert_eq!(ann.patch(&path, json!({"owner": "me"})).await.status, 422);
    assert_ne!(ann.get(&path).await.header("etag"), etag);
}

#[tokio::test]
async fn a_write_that_is_sent_again_is_answered_again() {
    let (_house, ann) = house_of_ann().await;
    let send = async |key: &str, body: serde_json::Value| {
        let request = ann
            .request("POST", "/api/v1/uploads")
            .header("content-type", "application/json");
        ann.send(
            request
                .header("idempotency-key", key)
                .body(Body::from(body.to_string()))
                .unwrap(),
        )
        .await
    };
    let asked = json!({"file_name": "a.jpg", "size": 5});
    let (first, again) = (send("k-1", asked.clone()).await, send("k-1", asked.clone()).await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json(), again.json());
    assert_eq!(
        (
            first.header("idempotency-replayed"),
            again.header("idempotency-replayed")
        ),
        ("", "true")
    );
    assert_eq!(send("k-1", json!({"file_name": "b.jpg", "size": 5})).await.status, 422);
    assert_ne!(send("k-2", asked).await.json()["id"], first.json()["id"]);
    // A refusal changed nothing and is decided anew.
    assert_eq!(send("k-3", json!({"size": 5})).await.status, 422);
    assert_eq!(send("k-3", json!({"file_name": "c.jpg", "size": 5})).await.status, 201);
}

fn cookie_of(reply: &Reply, name: &str) -> String {
    let all = reply.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap());
    all.filter_map(|v| v.split(';').next())
        .find(|v| v.starts_with(name))
        .unwrap_or("")
        .to_owned()
}

#[tokio::test]
async fn the_web_app_signs_in_by_cookie_and_only_its_own_pages_write() {
    let house = House::new().await;
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

#[tokio::test]
async fn signing_out_ends_the_session_and_its_cookies() {
    let (_house, ann) = house_of_ann().await;
    let out = ann.post("/api/v1/auth/logout", json!({})).await;
    assert_eq!((out.status, cookie_of(&out, "mv_access")), (204, "mv_access=".into()));
    assert_eq!(ann.get("/api/v1/users/me").await.status, 401);
    assert_eq!(ann.get("/api/v1/users/me").await.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let house = House::with(api::Settings {
        rate_limit_per_minute: 20,
        ..api::Settings::default()
    })
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

#[tokio::test]
async fn only_failed_sign_ins_use_up_their_budget() {
    let house = House::with(api::Settings {
        rate_limit_per_minute: 30,
        ..api::Settings::default()
    })
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

#[tokio::test]
async fn json_is_compressed_and_media_is_not() {
    let (_house, ann) = house_of_ann().await;
    let id = ann.add_photo(3).await;
    for n in 0..10 {
        ann.add_photo(100 + n).await;
    }
    let encoding = async |path: &str| {
        let request = ann
            .request("GET", path)
            .header("accept-encoding", "gzip, br")
            .body(Body::empty())
            .unwrap();
        ann.send(request).await.header("content-encoding").to_owned()
    };
    assert_ne!(encoding("/api/v1/media").await, "");
    assert_eq!(encoding(&format!("/api/v1/media/{id}/content")).await, "");
}
