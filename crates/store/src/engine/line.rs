//! A line to PostgreSQL on which several requests are under way at once: the server takes them in their order, and the way there and back
//! is waited for once.

use super::tls;
use crate::{StoreError, value::Value};
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, Error, Row, Statement, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Every statement is bounded in time: a person waits, and a lock is never held for longer.
pub(super) const BOUNDED: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET timezone = 'UTC'";

/// What is asked of the server.
pub(super) enum Request<'a> {
    /// A text without parameters.
    Plain(&'a str),
    Execute(Statement, &'a [Value]),
    Query(Statement, &'a [Value]),
}

#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Touched(u64),
    Rows(Vec<Row>),
}

impl Answer {
    pub(super) fn rows(self) -> Vec<Row> {
        match self {
            Answer::Rows(rows) => rows,
            Answer::Done | Answer::Touched(_) => vec![],
        }
    }
}

type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>;
type Carrier = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

pub(super) struct Line {
    client: Client,
    /// Moves bytes between the client and the server while somebody waits for an answer; none when the line has ended.
    carrier: Option<Carrier>,
    runtime: Runtime,
}

/// Who is to be called, and how. The address may say how much the line must be trusted.
pub(super) fn called(url: &str) -> Result<(Config, MakeRustlsConnect), StoreError> {
    let (url, security) = tls::asked_for(url)?;
    let mut config: Config = url.parse().map_err(|_| StoreError::Address("postgres://...".into()))?;
    config
        .connect_timeout(Duration::from_secs(5))
        .application_name("media-vault")
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(Duration::from_secs(20))
        .ssl_mode(security.mode());
    Ok((config, security.connector()?))
}

impl Line {
    /// Calls the server. Not to be called where asynchronous tasks are driven.
    pub(super) fn open(url: &str) -> Result<Line, StoreError> {
        let (config, tls) = called(url)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| StoreError::Unreachable(e.to_string()))?;
        let (client, connection) = runtime.block_on(config.connect(tls))?;
        let mut line = Line {
            client,
            carrier: Some(Box::pin(connection)),
            runtime,
        };
        line.one(|client| Box::pin(client.batch_execute(BOUNDED)))?;
        Ok(line)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.carrier.is_none() || self.client.is_closed()
    }

    pub(super) fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        self.one(|client| Box::pin(client.prepare(sql)))
    }

    /// Sends all, and waits for the answers: the first that is an error, or each in its place. What follows an error is sent all the
    /// same; inside a transaction the server refuses it.
    pub(super) fn send(&mut self, requests: &[Request<'_>]) -> Result<Vec<Answer>, Error> {
        self.all(|client| requests.iter().map(|request| ask(client, request)).collect())
            .into_iter()
            .collect()
    }

    fn one<'a, T: 'a>(&'a mut self, ask: impl FnOnce(&'a Client) -> Asked<'a, T>) -> Result<T, Error> {
        // There is one answer for one request.
        self.all(|client| vec![ask(client)]).remove(0)
    }

    /// Each request leaves when it is looked at for the first time, so they leave in their order.
    fn all<'a, T: 'a>(&'a mut self, ask: impl FnOnce(&'a Client) -> Vec<Asked<'a, T>>) -> Vec<Result<T, Error>> {
        let Line {
            client,
            carrier,
            runtime,
        } = self;
        let mut asked: Vec<_> = ask(client).into_iter().map(Waiting::For).collect();
        let mut are_sent = false;
        let mut why = None;
        runtime.block_on(poll_fn(|cx| {
            // The first look sends; later there is something new to see only when the carrier has brought it.
            if !std::mem::replace(&mut are_sent, true) {
                asked.iter_mut().for_each(|one| one.look(cx));
            }
            if let Some(Poll::Ready(ended)) = carrier.as_mut().map(|carrier| carrier.as_mut().poll(cx)) {
                // Those who wait are told by the end of their channels.
                *carrier = None;
                why = ended.err();
            }
            asked.iter_mut().for_each(|one| one.look(cx));
            if asked.iter().all(|one| matches!(one, Waiting::Over(_))) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        let mut answers: Vec<_> = asked.into_iter().filter_map(Waiting::answer).collect();
        if let (Some(why), Some(failed)) = (why, answers.iter_mut().find(|answer| answer.is_err())) {
            *failed = Err(why);
        }
        answers
    }
}

enum Waiting<'a, T> {
    For(Asked<'a, T>),
    Over(Result<T, Error>),
}

impl<T> Waiting<'_, T> {
    fn look(&mut self, cx: &mut Context<'_>) {
        if let Waiting::For(asked) = self
            && let Poll::Ready(answer) = asked.as_mut().poll(cx)
        {
            *self = Waiting::Over(answer);
        }
    }

    fn answer(self) -> Option<Result<T, Error>> {
        match self {
            Waiting::Over(answer) => Some(answer),
            Waiting::For(_) => None,
        }
    }
}

fn ask<'a>(client: &'a Client, request: &'a Request<'_>) -> Asked<'a, Answer> {
    match request {
        Request::Plain(sql) => Box::pin(async move { client.batch_execute(sql).await.map(|()| Answer::Done) }),
        Request::Execute(statement, args) => {
            Box::pin(async move { client.execute(statement, &bound(args)).await.map(Answer::Touched) })
        }
        Request::Query(statement, args) => {
            Box::pin(async move { client.query(statement, &bound(args)).await.map(Answer::Rows) })
        }
    }
}

fn bound(args: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    args.iter().map(|a| a as &(dyn ToSql + Sync)).collect()
}
