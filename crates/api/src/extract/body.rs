//! Bytes on their way in: from the connection to a thread that may block, piece by piece, never gathered whole.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::sync::mpsc;

/// Pieces that wait for the writing thread. A piece is what the connection gave at once (8 to 400 kB).
const WAITING: usize = 16;
/// How long a client may send nothing before its request ends.
const IDLE: Duration = Duration::from_secs(60);

/// Why bytes stopped coming before their end. What came before stays: the client resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IncomingError {
    /// The connection broke.
    #[error("the connection broke off")]
    Broken,
    /// Nothing came for a minute.
    #[error("nothing was sent for {} s", IDLE.as_secs())]
    Idle,
}

/// The bytes of a request body, for a blocking thread: an iterator that waits for the next piece.
#[derive(Debug)]
pub struct Incoming {
    pieces: mpsc::Receiver<Result<Bytes, IncomingError>>,
}

impl Incoming {
    /// Begins to take bytes from the connection. Reading and the use of what was read go on side by side.
    pub fn of(body: Body) -> Self {
        let (sender, pieces) = mpsc::channel(WAITING);
        tokio::spawn(pump(body, sender));
        Self { pieces }
    }
    /// One that is fed by hand: the file field of a form.
    pub fn channel() -> (mpsc::Sender<Result<Bytes, IncomingError>>, Self) {
        let (sender, pieces) = mpsc::channel(WAITING);
        (sender, Self { pieces })
    }
}

impl Iterator for Incoming {
    type Item = Result<Bytes, IncomingError>;
    /// Waits; must be called on a blocking thread.
    fn next(&mut self) -> Option<Self::Item> {
        self.pieces.blocking_recv()
    }
}

async fn pump(mut body: Body, sender: mpsc::Sender<Result<Bytes, IncomingError>>) {
    loop {
        let piece = match tokio::time::timeout(IDLE, body.frame()).await {
            Err(_) => Err(IncomingError::Idle),
            Ok(None) => return,
            Ok(Some(Err(_))) => Err(IncomingError::Broken),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => Ok(bytes),
                Err(_) => continue, // trailers
            },
        };
        let ended = piece.is_err();
        // The receiver is gone when the use case refused the rest.
        if sender.send(piece).await.is_err() || ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    async fn collect(incoming: Incoming) -> Vec<Result<Bytes, IncomingError>> {
        tokio::task::spawn_blocking(move || incoming.collect()).await.unwrap()
    }

    #[tokio::test]
    async fn pieces_arrive_in_order_and_a_break_is_told() {
        let pieces: Vec<Result<Bytes, std::io::Error>> = (0..100_u8)
            .map(|n| Ok(Bytes::from(vec![n; 10])))
            .chain([Err(std::io::Error::other("reset"))])
            .collect();
        let got = collect(Incoming::of(Body::from_stream(stream::iter(pieces)))).await;
        assert_eq!(got.len(), 101);
        assert!((0..100).all(|n| got[n as usize].as_ref().unwrap()[0] == n));
        assert_eq!(got[100], Err(IncomingError::Broken));
    }
    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_given_up() {
        let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let mut incoming = Incoming::of(body);
        assert_eq!(incoming.pieces.recv().await, Some(Err(IncomingError::Idle)));
        assert_eq!(incoming.pieces.recv().await, None);
    }
}
