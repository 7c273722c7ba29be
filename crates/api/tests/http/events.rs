//! The stream of what changed.

use crate::{common::Client, house_of_ann};
use axum::{body::Body, http::Request};
use futures_util::StreamExt;
use serde_json::json;

/// An open stream, read frame by frame.
struct Stream {
    body: axum::body::BodyDataStream,
    rest: String,
}

impl Stream {
    async fn open(who: &Client, last: Option<&str>) -> Stream {
        let mut request: axum::http::request::Builder = who.request("GET", "/api/v1/events");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request: Request<Body> = request.body(Body::empty()).unwrap();
        let response = who.open(request).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream {
            body: response.into_body().into_data_stream(),
            rest: String::new(),
        }
    }
    /// The next frame that is not a comment: its event, id and data. `None` at the end of the stream.
    async fn next(&mut self) -> Option<(String, String, String)> {
        loop {
            while let Some((frame, rest)) = self.rest.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.rest = rest;
                let field = |name: &str| {
                    let line = frame.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or("").to_owned()
                };
                if !frame.starts_with(':') {
                    return Some((field("event"), field("id"), field("data")));
                }
            }
            let bytes = self.body.next().await?.unwrap();
            self.rest.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

#[testkit::both]
async fn changes_arrive_and_a_page_that_comes_back_catches_up(database: testkit::Database) {
    let (house, ann) = house_of_ann(database).await;
    let ben = house.person("ben", domain::Role::User).await;
    tokio::spawn(vault::events::pump(house.vault.clone()));
    let mut stream = Stream::open(&ann, None).await;
    let (_, begin, _) = stream.next().await.unwrap();

    ben.add_photo(1).await;
    let id = ann.add_photo(2).await;
    let (event, seen, data) = stream.next().await.unwrap();
    assert_eq!(
        (event.as_str(), data),
        ("media.created", json!({"ids": [id]}).to_string()),
        "and nothing of Ben's"
    );
    drop(stream);

    ann.delete(&format!("/api/v1/media/{id}")).await;
    let mut back = Stream::open(&ann, Some(&seen)).await;
    assert_eq!(back.next().await.unwrap().1, seen);
    let (event, _, data) = back.next().await.unwrap();
    assert_eq!(
        (event.as_str(), data),
        ("media.updated", json!({"ids": [id]}).to_string())
    );

    let mut all = Stream::open(&ann, Some(&begin)).await;
    assert_eq!(all.next().await.unwrap().1, begin);
    assert_eq!(
        all.next().await.unwrap().0,
        "media.created",
        "merged: it is new to this page"
    );
    for unknown in ["999999999", "not-a-number"] {
        assert_eq!(
            Stream::open(&ann, Some(unknown)).await.next().await.unwrap().0,
            "resync"
        );
    }
}

#[testkit::both]
async fn the_stream_ends_with_the_sign_in(database: testkit::Database) {
    let (_house, ann) = house_of_ann(database).await;
    let mut stream = Stream::open(&ann, None).await;
    stream.next().await.unwrap();
    ann.post("/api/v1/auth/logout", json!({})).await;
    assert_eq!(stream.next().await, None);
}
