//! PostgreSQL: each thread owns a connection and mends it by itself.

use super::{
    Belief, Job, Lasting, Session,
    line::{self, Answer, Line, Request},
    texts::Texts,
};
use crate::{StoreError, value::Value};
use postgres::{Client, Row, Statement};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Longest time between two tries to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// First time between two tries to connect.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// So many statements are sent together at most.
const TOGETHER: usize = 64;

/// A connection with its prepared statements.
pub(crate) struct Connection {
    url: String,
    line: Line,
    known: HashMap<String, Statement>,
    /// What all connections were asked, and how much of it this one has looked at.
    texts: Texts,
    learned: usize,
    /// A change that was begun, but not told to the server yet.
    begin: Option<&'static str>,
    /// Statements of the change that nobody waits for the answer of yet.
    unsent: Vec<Unsent>,
    /// What the work under way goes by and nobody has asked the server about yet.
    belief: Option<Arc<Belief>>,
    /// Whether a change is under way: then nothing may be tried again behind its back.
    changing: bool,
    /// The server has gone, even if the socket does not know it yet.
    lost: bool,
}

/// What is waited for of a statement.
#[derive(Clone, Copy)]
enum Wanted {
    Rows,
    /// How many rows it touched.
    Count,
    /// It is a word of a change, without parameters.
    Nothing,
}

struct Unsent {
    sql: String,
    args: Vec<Value>,
}

/// A connection for migrations.
pub(crate) fn connect(url: &str) -> Result<Client, StoreError> {
    let (config, tls) = line::called(url)?;
    let mut client = postgres::Config::from(config).connect(tls)?;
    client.batch_execute(line::BOUNDED)?;
    Ok(client)
}

impl Connection {
    pub(crate) fn open(url: &str, texts: Texts) -> Result<Connection, StoreError> {
        Ok(Connection {
            url: url.to_owned(),
            line: Line::open(url)?,
            known: HashMap::new(),
            texts,
            learned: 0,
            begin: None,
            unsent: vec![],
            belief: None,
            changing: false,
            lost: false,
        })
    }

    /// Asks the server. What is asked outside of a change is asked once more on a new connection when the old one turns out to be dead,
    /// as each one does after the server was restarted; so is the beginning of a change.
    fn ask<T>(&mut self, act: impl Fn(&mut Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match act(self) {
            Err(StoreError::Unreachable(why)) => {
                self.lost = true;
                if self.changing {
                    return Err(StoreError::Unreachable(why));
                }
                self.line = Line::open(&self.url)?;
                self.known.clear();
                self.learned = 0;
                let out = act(self);
                self.lost = matches!(out, Err(StoreError::Unreachable(_)));
                out
            }
            out => out,
        }
    }

    /// The server hears of it with the first statement.
    pub(super) fn begin(&mut self, lasting: Lasting) {
        self.unsent.clear();
        self.begin = Some(match lasting {
            Lasting::Now => "BEGIN",
            Lasting::Soon => "BEGIN; SET LOCAL synchronous_commit = off",
        });
    }

    /// What was not sent yet goes out together with the end.
    pub(super) fn end(&mut self, keep: bool) -> Result<(), StoreError> {
        if !keep {
            self.unsent.clear();
        }
        // A beginning may be tried again on another connection, an end never: they do not go out together.
        let begun = if self.begin.is_some() {
            self.send_unsent()
        } else {
            Ok(())
        };
        if self.begin.take().is_some() {
            return begun;
        }
        // The server takes a COMMIT behind a statement that failed for a ROLLBACK. One more is for what failed before it was sent.
        let kept = begun.and_then(|()| match keep {
            true => self.send_all([("COMMIT", &[], Wanted::Nothing)]).map(drop),
            false => Ok(()),
        });
        let ended = if keep && kept.is_ok() {
            Ok(())
        } else {
            self.belief = None;
            self.send_all([("ROLLBACK", &[], Wanted::Nothing)]).map(drop)
        };
        self.changing = false;
        kept.and(ended)
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(s) = self.known.get(sql) {
            return Ok(s.clone());
        }
        let s = self.line.prepare(&numbered(sql))?;
        if self.known.len() >= 512 {
            // Filters make many texts; forgetting all of them is rare and cheap.
            self.known.clear();
        }
        self.known.insert(sql.into(), s.clone());
        self.texts.tell(sql);
        Ok(s)
    }

    /// Prepares one statement that another connection was asked, and has it planned once, which brings all that the server keeps for it on each
    /// connection. Whether there was one left. Not to be called within a change.
    fn learn(&mut self) -> bool {
        let Some(sql) = self.texts.get(self.learned) else {
            return false;
        };
        self.learned += 1;
        if !self.known.contains_key(&*sql) {
            let learned = self.statement(&sql).and_then(|s| {
                let explain = self.line.prepare(&format!("EXPLAIN {}", numbered(&sql)))?;
                let nothing = vec![Value::Null; s.params().len()];
                Ok(self.line.send(&[Request::Query(explain, &nothing)])?)
            });
            if let Err(error) = learned {
                tracing::debug!(event = "store.not_learned", %error);
            }
        }
        true
    }

    /// Runs a statement before the next one whose answer is waited for, or the end of the change; if it fails, so does that.
    pub(super) fn post(&mut self, sql: &str, args: &[Value]) -> Result<(), StoreError> {
        self.unsent.push(Unsent {
            sql: sql.to_owned(),
            args: args.to_vec(),
        });
        if self.unsent.len() < TOGETHER {
            return Ok(());
        }
        self.send_unsent()
    }

    /// The same for a statement that must touch exactly one row. The server sees to that itself, since nobody looks at the number
    /// before the change ends: a division by zero stands for [`StoreError::Stale`].
    pub(super) fn post_one(&mut self, sql: &str, args: &[Value]) -> Result<(), StoreError> {
        let checked = format!("WITH touched AS ({sql} RETURNING 1) SELECT 1 / (COUNT(*) = 1)::int FROM touched");
        self.post(&checked, args)
    }

    pub(super) fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, StoreError> {
        let [answer] = self.send_all([(sql, args, Wanted::Rows)])?;
        Ok(answer.rows())
    }

    /// Two queries in one breath. The second sees what the first has waited for.
    pub(super) fn query_both(
        &mut self,
        first: (&str, &[Value]),
        second: (&str, &[Value]),
    ) -> Result<[Vec<Row>; 2], StoreError> {
        let asked = [first, second].map(|(sql, args)| (sql, args, Wanted::Rows));
        Ok(self.send_all(asked)?.map(Answer::rows))
    }

    pub(super) fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, StoreError> {
        let [answer] = self.send_all([(sql, args, Wanted::Count)])?;
        Ok(match answer {
            Answer::Touched(rows) => rows,
            Answer::Done | Answer::Rows(_) => 0,
        })
    }

    fn send_unsent(&mut self) -> Result<(), StoreError> {
        self.send_all([]).map(|[]| ())
    }

    /// Sends what was not sent yet, and behind it what is asked now; its answer. Before all of it the server is asked about what the work goes by.
    fn send_all<const N: usize>(&mut self, asked: [(&str, &[Value], Wanted); N]) -> Result<[Answer; N], StoreError> {
        let unsent = std::mem::take(&mut self.unsent);
        if unsent.is_empty() && N == 0 {
            return Ok(std::array::from_fn(|_| Answer::Done));
        }
        let begin = self.begin;
        let belief = self.belief.clone();
        let sent = self.ask(|c| {
            let mut requests: Vec<_> = begin.into_iter().map(Request::Plain).collect();
            if let Some(belief) = &belief {
                requests.push(Request::Query(c.statement(belief.sql)?, &belief.args));
            }
            for one in &unsent {
                requests.push(Request::Execute(c.statement(&one.sql)?, &one.args));
            }
            for (sql, args, wanted) in asked {
                requests.push(match wanted {
                    Wanted::Rows => Request::Query(c.statement(sql)?, args),
                    Wanted::Count => Request::Execute(c.statement(sql)?, args),
                    Wanted::Nothing => Request::Plain(sql),
                });
            }
            Ok(c.line.send(&requests)?)
        });
        // A line that broke before anything was answered leaves nothing behind that must be ended.
        if begin.is_some() && !matches!(sent, Err(StoreError::Unreachable(_))) {
            self.begin = None;
            self.changing = true;
        }
        let answers = sent?;
        if let Some(belief) = self.belief.take() {
            let rows = match answers.get(usize::from(begin.is_some())) {
                Some(Answer::Rows(rows)) => rows.as_slice(),
                _ => &[],
            };
            if !belief.learn(rows) {
                return Err(StoreError::Outdated);
            }
        }
        let mut last = answers.into_iter().rev().take(N).rev();
        Ok(std::array::from_fn(|_| last.next().unwrap_or(Answer::Done)))
    }
}

/// `?1` as SQLite reads it becomes `$1`. Our texts have no question mark elsewhere; a test holds that.
pub(crate) fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// Starts the threads; gives back where work is handed in.
pub(super) fn start(url: &str, connections: usize, queue: usize) -> Result<flume::Sender<Job>, StoreError> {
    let (work, jobs) = flume::bounded::<Job>(queue);
    let texts = Texts::default();
    for n in 0..connections {
        let (jobs, url, texts) = (jobs.clone(), url.to_owned(), texts.clone());
        let spawned = std::thread::Builder::new()
            .name(format!("db-{n}"))
            .spawn(move || serve(&url, &jobs, &texts));
        spawned.map_err(|e| StoreError::Unreachable(e.to_string()))?;
    }
    Ok(work)
}

fn serve(url: &str, jobs: &flume::Receiver<Job>, texts: &Texts) {
    let open = || Connection::open(url, texts.clone());
    let mut pause = SHORTEST_PAUSE;
    let mut tried = Instant::now();
    let mut connection = open();
    while let Some(job) = next(jobs, &mut connection) {
        match &connection {
            Ok(c) if c.lost || c.line.has_ended() => {
                tried = Instant::now();
                connection = open();
            }
            // Whoever asks between two tries is answered at once.
            Err(_) if tried.elapsed() >= pause => {
                tried = Instant::now();
                pause = (pause * 2).min(LONGEST_PAUSE);
                connection = open();
            }
            _ => {}
        }
        match &mut connection {
            Ok(c) => {
                pause = SHORTEST_PAUSE;
                c.belief.clone_from(&job.belief);
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

/// What is to be done next; learns until there is something.
fn next(jobs: &flume::Receiver<Job>, connection: &mut Result<Connection, StoreError>) -> Option<Job> {
    loop {
        match jobs.try_recv() {
            Err(flume::TryRecvError::Empty) => {}
            found => return found.ok(),
        }
        if !connection.as_mut().is_ok_and(Connection::learn) {
            return jobs.recv().ok();
        }
    }
}
