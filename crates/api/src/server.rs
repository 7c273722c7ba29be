//! The server: connections in, and an orderly end.

use crate::{app::App, lanes::Lanes, state::Api};
use axum::{body::Body, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use std::{convert::Infallible, future::Future, io, pin::pin, time::Duration};
use tokio::net::{TcpListener, TcpStream};

/// How long a client may take to send the head of a request.
const HEAD: Duration = Duration::from_secs(15);
/// How long requests under way may take when the server stops. An upload that is cut then is resumed later.
const LAST: Duration = Duration::from_secs(20);

/// Serves until `shutdown` is done, then lets requests under way end, for at most 20 s.
///
/// # Errors
/// The system's, when it gives no threads to serve on.
pub async fn serve(listener: TcpListener, api: Api, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let ending = api.ending().clone();
    let app = App::new(api);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let graceful = GracefulShutdown::new();
    let lanes = Lanes::start()?;
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, or a client that left at once: wait a little and go on.
                    tracing::warn!(event = "accept_failed", %error);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        prepare(&stream);
        let app = app.clone();
        let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let app = app.clone();
            async move { Ok::<_, Infallible>(app.answer(request.map(Body::new)).await) }
        });
        let (server, watcher) = (server.clone(), graceful.watcher());
        lanes.serve(move || async move {
            let stream = match hand_over(stream) {
                Ok(stream) => TokioIo::new(stream),
                Err(error) => return tracing::warn!(event = "connection_lost", %peer, %error),
            };
            let connection = server.serve_connection_with_upgrades(stream, service);
            if let Err(error) = watcher.watch(connection.into_owned()).await {
                tracing::debug!(event = "connection_ended", %peer, error);
            }
        });
    }
    drop(listener);
    ending.cancel();
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(LAST) => tracing::warn!(event = "requests_cut_off"),
    }
    Ok(())
}

/// Whoever calls this is told from now on when something arrives.
fn hand_over(stream: TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(stream.into_std()?)
}

fn prepare(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(event = "nodelay_failed", %error);
    }
}
