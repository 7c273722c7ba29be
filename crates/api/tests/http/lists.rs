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
