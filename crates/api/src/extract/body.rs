//! Bytes on their way in, never gathered whole.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use std::{io, time::Duration};

/// How long a client may send nothing before its request ends.
const IDLE: Duration = Duration::from_secs(60);

/// The bytes of a request body as they arrive. An error means that the connection broke, or that nothing came for a minute;
/// it is the last item.
pub fn incoming(body: Body) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let pieces = body.into_data_stream();
    stream::unfold(Some(pieces), |pieces| async {
        let mut pieces = pieces?;
        match tokio::time::timeout(IDLE, pieces.next()).await {
            Err(_) => Some((
                Err(io::Error::new(io::ErrorKind::TimedOut, "nothing was sent for a minute")),
                None,
            )),
            Ok(None) => None,
            Ok(Some(Err(broken))) => Some((Err(io::Error::new(io::ErrorKind::ConnectionReset, broken)), None)),
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(pieces))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_arrive_in_order_and_a_break_ends_them() {
        let pieces: Vec<io::Result<Bytes>> = (0..100_u8)
            .map(|n| Ok(Bytes::from(vec![n; 10])))
            .chain([Err(io::Error::other("reset")), Ok(Bytes::from("never"))])
            .collect();
        let got: Vec<_> = incoming(Body::from_stream(stream::iter(pieces))).collect().await;
        assert_eq!(got.len(), 101);
        assert!((0..100).all(|n| got[n].as_ref().unwrap()[0] == n as u8));
        assert!(got[100].is_err());
    }
    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_given_up() {
        let body = Body::from_stream(stream::pending::<io::Result<Bytes>>());
        let got: Vec<_> = incoming(body).collect().await;
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].as_ref().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
