//! Whether a request has arrived whole. An answer that is given before that ends the connection, for what is still on its way is not the next
//! request; it has to say so (RFC 9112, 9.6), or the client may send its next request into a connection that is just being closed.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::Version,
};
use http_body::{Body as _, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

/// In bytes. What is shorter came with its head: the server reads it to its end by itself, and the connection stays.
const SHORT: u64 = 16 << 10;

/// Knows it of one request.
pub struct Arrival(Arc<AtomicBool>);

impl Arrival {
    /// None if the connection stays in any case: from HTTP/2 on a request has a stream of its own.
    pub fn watch(request: &mut Request) -> Option<Arrival> {
        let is_short = request.body().size_hint().upper().is_some_and(|most| most <= SHORT);
        if is_short || request.version() > Version::HTTP_11 {
            return None;
        }
        let is_whole = Arc::new(AtomicBool::new(false));
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(Watched {
            body,
            is_whole: is_whole.clone(),
        });
        Some(Arrival(is_whole))
    }

    /// Whether all of it has been read.
    pub fn is_whole(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct Watched {
    body: Body,
    is_whole: Arc<AtomicBool>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.is_whole.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::BodyExt;

    fn request(version: Version, body: Body) -> Request {
        Request::builder().version(version).body(body).unwrap()
    }

    fn pieces(count: usize) -> Body {
        Body::from_stream(stream::iter(
            (0..count).map(|_| Ok::<_, std::io::Error>(vec![7; 10_000])),
        ))
    }

    #[tokio::test]
    async fn it_is_whole_when_its_last_byte_was_read_and_not_before() {
        for (body, pieces_of_it) in [(pieces(30), 30), (Body::from(vec![7; 300_000]), 1)] {
            let mut request = request(Version::HTTP_11, body);
            let arrival = Arrival::watch(&mut request).unwrap();
            assert!(!arrival.is_whole());
            let mut body = request.into_body();
            for piece in 0..pieces_of_it {
                assert!(!arrival.is_whole(), "{piece}");
                body.frame().await.unwrap().unwrap();
            }
            // Whose length was not told is known to be whole when nothing follows.
            assert!(body.frame().await.is_none());
            assert!(arrival.is_whole());
        }
    }

    #[tokio::test]
    async fn short_ones_and_those_of_later_versions_need_no_watching() {
        for (version, body) in [
            (Version::HTTP_11, Body::empty()),
            (Version::HTTP_11, Body::from(vec![7; SHORT as usize])),
            (Version::HTTP_2, pieces(30)),
        ] {
            assert!(Arrival::watch(&mut request(version, body)).is_none());
        }
        assert!(Arrival::watch(&mut request(Version::HTTP_10, pieces(1))).is_some());
    }
}
