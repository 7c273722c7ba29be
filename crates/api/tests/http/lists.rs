//! Timeline, lists, changes.

use crate::house_of_ann;
use axum::body::Body;
use serde_json::json;

#[testkit::both]
async fn the_timeline_and_lists_show_what_is_there_page_by_page(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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

#[testkit::both]
async fn a_change_is_refused_when_the_item_changed_meanwhile(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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

#[testkit::both]
async fn json_is_compressed_and_media_is_not(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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

#[testkit::both]
async fn words_find_what_has_all_of_them(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
    let lake = ann.add_photo(1).await;
    let other = ann.add_photo(2).await;
    ann.patch(
        &format!("/api/v1/media/{lake}"),
        json!({"title": "Żółta łódka", "description": "Mazury, lato"}),
    )
    .await;
    let found = async |query: &str| -> Vec<String> {
        let answer = ann.get(&format!("/api/v1/search?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let items = answer.json()["items"].as_array().unwrap().clone();
        items.iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("q=zolta%20MAZURY").await, std::slice::from_ref(&lake));
    assert_eq!(found("q=a.jpg").await.len(), 2);
    assert_eq!(found("q=").await.len(), 2, "no word: everything");
    assert!(found("q=zolta%20morze").await.is_empty());
    assert!(found("q=photo&kind=video").await.is_empty());
    assert!(found("q=photo&favorite=true").await.is_empty());
    ann.delete(&format!("/api/v1/media/{lake}")).await;
    assert_eq!(found("q=photo").await, [other], "what is in the trash is not found");
    assert_eq!(ann.get("/api/v1/search?kind=painting").await.status, 422);
}

#[testkit::both]
async fn many_are_edited_alike_and_each_keeps_its_history(database: testkit::Database) {
    let (house, ann) = house_of_ann(database).await;
    let (one, two) = (ann.add_photo(1).await, ann.add_photo(2).await);
    ann.patch(
        &format!("/api/v1/media/{one}"),
        json!({"taken_at": "2024-05-12T10:00:00+02:00"}),
    )
    .await;
    house.pass(60 * domain::At::SECOND);
    let edited = ann
        .post(
            "/api/v1/media/batch",
            json!({"ids": [one, two], "action": "edit", "changes": {"title": "Lake", "taken_at": {"shift_seconds": 3600}}}),
        )
        .await;
    assert_eq!(
        (edited.status, edited.json()["done"].as_array().unwrap().len()),
        (200, 2),
        "{}",
        edited.text()
    );
    let item = ann.get(&format!("/api/v1/media/{one}")).await.json();
    assert_eq!(
        (&item["title"], &item["taken_at"]),
        (&json!("Lake"), &json!("2024-05-12T11:00:00+02:00"))
    );
    let history = ann.get(&format!("/api/v1/media/{one}/history")).await.json();
    let items = history["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{history}");
    assert_eq!(items[0]["actor"]["name"], "ann");
    assert_eq!(
        items[0]["changes"],
        json!([
            {"field": "title", "before": "", "after": "Lake"},
            {"field": "taken_at", "before": "2024-05-12T10:00:00+02:00", "after": "2024-05-12T11:00:00+02:00"},
        ])
    );
    let placed = json!({"ids": [one, two], "action": "edit", "changes": {"latitude": 52.25, "longitude": 21.0}});
    assert_eq!(ann.post("/api/v1/media/batch", placed).await.status, 200);
    for id in [&one, &two] {
        let item = ann.get(&format!("/api/v1/media/{id}")).await.json();
        assert_eq!((&item["latitude"], &item["longitude"]), (&json!(52.25), &json!(21.0)));
        assert_eq!(item["title"], "Lake", "what is absent stays");
    }
    for wrong in [
        json!({"ids": [one], "action": "edit", "changes": {"latitude": 52.25}}),
        json!({"ids": [one], "action": "edit", "changes": {"latitude": 91, "longitude": 21}}),
        json!({"ids": [one], "action": "edit"}),
        json!({"ids": [one], "action": "edit", "changes": {}}),
        json!({"ids": [one], "action": "trash", "changes": {"title": "x"}}),
        json!({"ids": [one], "action": "edit", "changes": {"taken_at": "yesterday"}}),
        json!({"ids": [one], "action": "edit", "changes": {"taken_at": {"shift_seconds": 9_999_999_999_i64}}}),
    ] {
        assert_eq!(
            ann.post("/api/v1/media/batch", wrong.clone()).await.status,
            422,
            "{wrong}"
        );
    }
}

#[testkit::both]
async fn a_damaged_original_cuts_the_file_so_that_a_part_never_looks_whole(database: testkit::Database) {
    let objects = database.folder().join("objects");
    let (_house, ann) = house_of_ann(database).await;
    let (one, two) = (ann.add_photo(1).await, ann.add_photo(2).await);
    let url = ann.post("/api/v1/downloads", json!({"ids": [one, two]})).await.json()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut folders = vec![objects];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().contains(".media-vault") {
                let mut bytes = std::fs::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                std::fs::write(&path, bytes).unwrap();
            }
        }
    }
    let answer = ann.open(ann.request("GET", &url).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), 200);
    assert!(axum::body::to_bytes(answer.into_body(), usize::MAX).await.is_err());
}

#[testkit::both]
async fn many_originals_come_as_one_file_until_its_time_is_over(database: testkit::Database) {
    let (house, ann) = house_of_ann(database).await;
    let (one, two) = (ann.add_photo(1).await, ann.add_photo(2).await);
    let made = ann.post("/api/v1/downloads", json!({"ids": [one, two]})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let file = ann.get(&url).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/zip"));
    assert!(
        file.header("content-disposition")
            .starts_with("attachment; filename=\"media-vault-2026-01-01.zip\"")
    );
    let text = String::from_utf8_lossy(&file.body).into_owned();
    assert!(text.starts_with("PK") && text.contains("a.jpg") && text.contains("a (2).jpg"));
    for id in [&one, &two] {
        let original = ann.get(&format!("/api/v1/media/{id}/content")).await.body;
        assert!(
            file.body.windows(original.len()).any(|part| part == original),
            "byte for byte"
        );
    }
    assert_eq!(ann.post("/api/v1/downloads", json!({"ids": []})).await.status, 422);
    assert_eq!(
        ann.post("/api/v1/downloads", json!({"ids": [uuid::Uuid::nil()]}))
            .await
            .status,
        404
    );
    house.pass(11 * domain::At::MINUTE);
    // The access token has run out as well by now: a new sign-in of the same person.
    let credentials = json!({"email": "ann@example.org", "password": crate::common::PASSWORD});
    let again = house.nobody().post("/api/v1/auth/login", credentials).await;
    let mut ann = ann.clone();
    ann.token = again.json()["access_token"].as_str().map(str::to_owned);
    assert_eq!(ann.get(&url).await.status, 404);
}
