//! Refusals, and writes that are sent again.

use crate::common::{House, Reply};
use crate::house_of_ann;
use axum::body::Body;
use serde_json::json;

#[testkit::both]
async fn wrong_values_are_named_field_by_field(database: testkit::Database) {
    let house = House::new(database).await;
    let answer = house
        .nobody()
        .post(
            "/api/v1/setup",
            json!({"name": "", "email": "ann", "password": "short"}),
        )
        .await;
    let mut body = answer.json();
    body["request_id"] = "ID".into();
    // Both databases answer alike.
    insta::allow_duplicates! {
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
}

#[testkit::both]
async fn what_no_route_takes_is_a_problem_too(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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

#[testkit::both]
async fn head_is_answered_as_get_is_but_without_a_body(database: testkit::Database) {
    let (house, ann) = house_of_ann(database).await;
    for client in [ann, house.nobody()] {
        for path in [
            "/api/v1/users/me",
            "/api/v1/nothing",
            "/api/v1/media/not-an-id",
            "/health",
            "/photos/2024",
        ] {
            let ask = async |method| {
                client
                    .send(client.request(method, path).body(Body::empty()).unwrap())
                    .await
            };
            let (get, head) = (ask("GET").await, ask("HEAD").await);
            let told = |reply: &Reply, name| reply.header(name).to_owned();
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
            for name in ["content-type", "cache-control", "content-security-policy"] {
                assert_eq!(told(&head, name), told(&get, name), "{name} of {path}");
            }
            assert_eq!(told(&head, "content-length"), get.body.len().to_string(), "{path}");
        }
    }
}

#[testkit::both]
async fn a_write_that_is_sent_again_is_answered_again(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
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
