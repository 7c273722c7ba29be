//! PostgreSQL: each thread owns a connection and mends it by itself.

use super::{Job, QUEUE, Session};
use crate::{StoreError, value::Value};
use postgres::{Client, NoTls, Row, Statement, types::ToSql};
use std::{collections::HashMap, time::Duration};

/// Longest pause between two tries to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A connection with its prepared statements.
pub(crate) struct Connection {
    client: Client,
    known: HashMap<String, Statement>,
}

/// Connects. Every statement is bounded in time: a person waits, and a lock is never held for longer.
pub(crate) fn connect(url: &str) -> Result<Client, StoreError> {
    let mut config: postgres::Config = url.parse().map_err(|_| StoreError::Address("postgres://...".into()))?;
    config
        .connect_timeout(Duration::from_secs(5))
        .application_name("media-vault");
    config
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(Duration::from_secs(20));
    let mut client = config.connect(NoTls)?;
    client.batch_execute("SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET timezone = 'UTC'")?;
    Ok(client)
}

impl Connection {
    fn open(url: &str) -> Result<Connection, StoreError> {
        Ok(Connection {
            client: connect(url)?,
            known: HashMap::new(),
        })
    }
    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        Ok(self.client.batch_execute("BEGIN")?)
    }
    pub(super) fn end(&mut self, keep: bool) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(if keep { "COMMIT" } else { "ROLLBACK" })?)
    }
    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
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
        let s = self.statement(sql)?;
        Ok(self.client.query(&s, &bound(args))?)
    }
    pub(super) fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, StoreError> {
        let s = self.statement(sql)?;
        Ok(self.client.execute(&s, &bound(args))?)
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
pub(super) fn start(url: &str, connections: usize) -> Result<flume::Sender<Job>, StoreError> {
    let (work, jobs) = flume::bounded::<Job>(QUEUE);
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
    let mut pause = Duration::from_millis(50);
    let mut connection = Connection::open(url);
    while let Ok(job) = jobs.recv() {
        if connection.as_ref().map_or(true, |c| c.client.is_closed()) {
            connection = Connection::open(url);
        }
        match &mut connection {
            Ok(c) => {
                pause = Duration::from_millis(50);
                // On PostgreSQL a change commits by itself, inside `end_change`.
                job(&mut Session::Postgres(c))(Ok(()));
            }
            Err(e) => {
                tracing::warn!(event = "store.unreachable", error = %e);
                job(&mut Session::Broken(e))(Err(e.again()));
                // Whoever waits is answered at once; only this hand rests before it tries again.
                std::thread::sleep(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}
