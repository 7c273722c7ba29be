//! Files on their way in and out.

use crate::common::{self, Client, Reply};
use crate::house_of_ann;
use axum::body::Body;
use serde_json::json;

#[testkit::both]
async fn a_photo_goes_in_and_comes_out_byte_for_byte(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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

#[testkit::both]
async fn forms_that_are_wrong_are_refused_with_the_reason(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
    let photo = testkit::sample::jpeg(1, 8, 8);
    let text: &[u8] = b"just text";
    for (parts, status) in [
        (vec![("file", Some("a.jpg"), text)], 415),
        (vec![("file", Some("a.jpg"), &b""[..])], 415),
        (vec![("title", None, text)], 422),
        (vec![("taken_at", None, text), ("file", Some("a.jpg"), &photo)], 422),
        (vec![("modified_at", None, text), ("file", Some("a.jpg"), &photo)], 422),
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

#[testkit::both]
async fn only_files_of_a_known_size_may_be_here_already(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
    let photo = testkit::sample::jpeg_of_size(1, 20_000);
    let size = photo.len() as u64;
    let (name, time): (_, &[u8]) = ("modified_at", b"2019-07-21T12:00:00Z");
    let added = ann
        .form("/api/v1/media", &[(name, None, time), ("file", Some("a.jpg"), &photo)])
        .await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert!(
        added.json()["taken_at"]
            .as_str()
            .unwrap()
            .starts_with("2019-07-21T12:00:00"),
        "a file that says nothing itself is as old as the device says"
    );

    let asked = |sizes: Vec<u64>| ann.post("/api/v1/uploads/sizes", json!({ "sizes": sizes }));
    let mut many: Vec<u64> = (1..1000).collect();
    many.push(size);
    assert_eq!(asked(many).await.json(), json!({ "known": [size] }));
    assert_eq!(asked(vec![1]).await.json(), json!({ "known": [] }));
    for wrong in [vec![], vec![1; 1001]] {
        assert_eq!(asked(wrong).await.status, 422);
    }
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

#[testkit::both]
async fn a_tus_upload_is_resumed_checked_and_completed(database: testkit::Database) {
    let (house, ann) = house_of_ann(database).await;
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

#[testkit::both]
async fn tus_requests_that_are_wrong_are_refused(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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

#[testkit::both]
async fn an_announced_file_that_is_there_already_is_not_sent(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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
