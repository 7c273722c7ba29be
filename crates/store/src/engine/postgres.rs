//! PostgreSQL: each thread owns a connection and mends it by itself.

use super::{
    Job, Lasting, Session,
    tls::{self, Security},
};
use crate::{StoreError, value::Value};
use postgres::{Client, NoTls, Row, Statement, config::SslMode, types::ToSql};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Longest time between two tries to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// First time between two tries to connect.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// A connection with its prepared statements.
pub(crate) struct Connection {
    url: String,
    client: Client,
    known: HashMap<String, Statement>,
    /// Whether a change is under way: then nothing may be tried again behind its back.
    changing: bool,
    /// The server has gone, even if the socket does not know it yet.
    lost: bool,
}

/// Connects. Every statement is bounded in time: a person waits, and a lock is never held for longer.
pub(crate) fn connect(url: &str) -> Result<Client, StoreError> {
    let (url, security) = tls::asked_for(url)?;
    let mut config: postgres::Config = url.parse().map_err(|_| StoreError::Address("postgres://...".into()))?;
    config
        .connect_timeout(Duration::from_secs(5))
        .application_name("media-vault");
    config
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(Duration::from_secs(20));
    let mut client = match security {
        Security::None => config.ssl_mode(SslMode::Disable).connect(NoTls)?,
        Security::IfOffered => config.ssl_mode(SslMode::Prefer).connect(tls::unverified()?)?,
        Security::Encrypted => config.ssl_mode(SslMode::Require).connect(tls::unverified()?)?,
        Security::Verified { roots } => config
            .ssl_mode(SslMode::Require)
            .connect(tls::verified(roots.as_deref())?)?,
    };
    client.batch_execute("SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET timezone = 'UTC'")?;
    Ok(client)
}

impl Connection {
    pub(crate) fn open(url: &str) -> Result<Connection, StoreError> {
        Ok(Connection {
            url: url.to_owned(),
            client: connect(url)?,
            known: HashMap::new(),
            changing: false,
            lost: false,
        })
    }

    /// Asks the server. What is asked outside of a change is asked once more on a new connection when the old one turns out to be dead,
    /// as each one does after the server was restarted.
    fn ask<T>(&mut self, act: impl Fn(&mut Connection) -> Result<T, postgres::Error>) -> Result<T, StoreError> {
        match act(self).map_err(StoreError::from) {
            Err(StoreError::Unreachable(why)) => {
                self.lost = true;
                if self.changing {
                    return Err(StoreError::Unreachable(why));
                }
                *self = Connection::open(&self.url)?;
                Ok(act(self)?)
            }
            out => out,
        }
    }
    pub(super) fn begin(&mut self, lasting: Lasting) -> Result<(), StoreError> {
        let begin = match lasting {
            Lasting::Now => "BEGIN",
            Lasting::Soon => "BEGIN; SET LOCAL synchronous_commit = off",
        };
        self.ask(|c| c.client.batch_execute(begin))?;
        self.changing = true;
        Ok(())
    }
    pub(super) fn end(&mut self, keep: bool) -> Result<(), StoreError> {
        let ended = self.ask(|c| c.client.batch_execute(if keep { "COMMIT" } else { "ROLLBACK" }));
        self.changing = false;
        ended
    }
    fn statement(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(s) = self.known.get(sql) {
            return Ok(s.clone());
        }
        let s = self.client.prepare(&numbered(sql))?;
        if self.known.len() >= 512 {
            // Filters make many texts; forgetting all of them is rare and cheap.
            self.known.clear();
        }
        self.known.insert(sql.into(), s.clone());
        Ok(s)
    }
    pub(super) fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.ask(|c| {
            let s = c.statement(sql)?;
            c.client.query(&s, &bound(args))
        })
    }
    pub(super) fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, StoreError> {
        self.ask(|c| {
            let s = c.statement(sql)?;
            c.client.execute(&s, &bound(args))
        })
    }
}

fn bound(args: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    args.iter().map(|a| a as &(dyn ToSql + Sync)).collect()
}

/// `?1` as SQLite reads it becomes `$1`. Our texts have no question mark elsewhere; a test holds that.
pub(crate) fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// Starts the threads; gives back where work is handed in.
pub(super) fn start(url: &str, connections: usize, queue: usize) -> Result<flume::Sender<Job>, StoreError> {
    let (work, jobs) = flume::bounded::<Job>(queue);
    for n in 0..connections {
        let (jobs, url) = (jobs.clone(), url.to_owned());
        let spawned = std::thread::Builder::new()
            .name(format!("db-{n}"))
            .spawn(move || serve(&url, &jobs));
        spawned.map_err(|e| StoreError::Unreachable(e.to_string()))?;
    }
    Ok(work)
}

fn serve(url: &str, jobs: &flume::Receiver<Job>) {
    let mut pause = SHORTEST_PAUSE;
    let mut tried = Instant::now();
    let mut connection = Connection::open(url);
    while let Ok(job) = jobs.recv() {
        match &connection {
            Ok(c) if c.lost || c.client.is_closed() => {
                tried = Instant::now();
                connection = Connection::open(url);
            }
            // Whoever asks between two tries is answered at once.
            Err(_) if tried.elapsed() >= pause => {
                tried = Instant::now();
                pause = (pause * 2).min(LONGEST_PAUSE);
                connection = Connection::open(url);
            }
            _ => {}
        }
        match &mut connection {
            Ok(c) => {
                pause = SHORTEST_PAUSE;
                // On PostgreSQL a change commits by itself, inside `end_change`.
                job.run(&mut Session::Postgres(c))(Ok(()));
            }
            Err(e) => {
                tracing::warn!(event = "store.unreachable", error = %e);
                job.run(&mut Session::Broken(e))(Err(e.again()));
            }
        }
    }
}
