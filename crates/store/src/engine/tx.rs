//! A transaction as a use case sees it.

use super::{Announcement, Lasting, postgres::Connection};
use crate::{
    StoreError,
    tally::{Standing, Tally},
    value::{Row, Value},
};
use domain::{Action, Allowed, At, Call, Event, policy::Facts};

/// A connection of either database, in the hands of its thread.
pub(crate) enum Session<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut Connection),
    /// The connection is lost; whatever is asked is answered with the reason.
    Broken(&'c StoreError),
}

/// One transaction. It lives inside a closure that cannot wait for anything else, so no lock is held while something slow happens.
pub struct Tx<'s, 'c> {
    session: &'s mut Session<'c>,
    events: Vec<Event>,
    work: bool,
    now: At,
    /// What the changes of this transaction count up and down; written at its end.
    pub(crate) tally: Tally,
    /// Where the item stands that was asked for last in order to change it.
    pub(crate) standing: Option<Standing>,
    /// The first failure of a statement. PostgreSQL would refuse all that follows and turn the commit into a rollback; SQLite would keep
    /// the rest, or outside of any transaction when the full disk ended it. Both are made alike: nothing follows and nothing is kept.
    failed: Option<StoreError>,
}

/// The result of a change together with the fact that somebody is accountable for it. Only [`Tx::audited`] and [`Tx::unaudited`] make one.
#[derive(Debug)]
pub struct Audited<T>(T);

impl<T> Audited<T> {
    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

/// Not FOR UPDATE, which would also wait for whoever adds a row that refers to this one.
fn kept_from_others(sql: &str) -> String {
    format!("{sql} FOR NO KEY UPDATE")
}

impl Session<'_> {
    /// On SQLite many changes share one transaction, so each has a savepoint, and how lasting they are is settled for all of them; on
    /// PostgreSQL each has its own transaction.
    pub(super) fn begin_change(&mut self, lasting: Lasting) -> Result<(), StoreError> {
        match self {
            Session::Sqlite(c) => Ok(c.prepare_cached("SAVEPOINT change")?.execute([]).map(drop)?),
            Session::Postgres(c) => {
                c.begin(lasting);
                Ok(())
            }
            Session::Broken(e) => Err(e.again()),
        }
    }
    pub(super) fn end_change(&mut self, keep: bool) -> Result<(), StoreError> {
        match self {
            // SQLite may have rolled the whole transaction back by itself (full disk): then there is no savepoint to end.
            Session::Sqlite(c) if c.is_autocommit() => {
                if keep {
                    Err(StoreError::NoSpace)
                } else {
                    Ok(())
                }
            }
            Session::Sqlite(c) => {
                if !keep {
                    c.prepare_cached("ROLLBACK TO change")?.execute([])?;
                }
                Ok(c.prepare_cached("RELEASE change")?.execute([]).map(drop)?)
            }
            Session::Postgres(c) => c.end(keep),
            Session::Broken(e) => Err(e.again()),
        }
    }

    /// The number of rows that a statement touched.
    fn touch(&mut self, sql: &str, args: &[Value]) -> Result<u64, StoreError> {
        match self {
            Session::Sqlite(c) => Ok(c.prepare_cached(sql)?.execute(rusqlite::params_from_iter(args))? as u64),
            Session::Postgres(c) => c.execute(sql, args),
            Session::Broken(e) => Err(e.again()),
        }
    }
}

impl<'s, 'c> Tx<'s, 'c> {
    pub(crate) fn new(session: &'s mut Session<'c>) -> Self {
        Tx {
            session,
            events: vec![],
            work: false,
            now: At(0),
            tally: Tally::default(),
            standing: None,
            failed: None,
        }
    }

    /// Lets a statement run, unless one has failed before.
    fn run<T>(
        &mut self,
        sql: &str,
        args: &[Value],
        act: impl FnOnce(&mut Session<'c>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        #[cfg(test)]
        crate::tests::recorder::saw(sql, args);
        if let Some(e) = &self.failed {
            return Err(e.again());
        }
        let out = act(self.session);
        if let Err(e) = &out {
            tracing::debug!(event = "store.statement_failed", sql, args = args.len(), error = %e);
            self.failed = Some(e.poison());
        }
        out
    }

    /// Whether every statement so far did what it should.
    pub(super) fn sound(&self) -> Result<(), StoreError> {
        self.failed.as_ref().map_or(Ok(()), |e| Err(e.again()))
    }

    /// All rows of a query.
    pub(crate) fn list<T>(
        &mut self,
        sql: &str,
        args: &[Value],
        mut row: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        // What a row holds is a matter of its own: a corrupt one does not end the transaction.
        self.run(sql, args, |session| match session {
            Session::Sqlite(c) => {
                let mut statement = c.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(args))?;
                let mut out = vec![];
                while let Some(r) = rows.next()? {
                    match row(&Row::Sqlite(r)) {
                        Ok(t) => out.push(t),
                        Err(e) => return Ok(Err(e)),
                    }
                }
                Ok(Ok(out))
            }
            Session::Postgres(c) => Ok(c.query(sql, args)?.iter().map(|r| row(&Row::Postgres(r))).collect()),
            Session::Broken(e) => Err(e.again()),
        })?
    }

    /// The one row of a query by key, if there is one.
    pub(crate) fn find<T>(
        &mut self,
        sql: &str,
        args: &[Value],
        row: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.list(sql, args, row)?.pop())
    }

    /// Like [`Tx::find`], and nobody else changes the row before this change ends. (SQLite has one writer anyway.)
    pub(crate) fn find_to_change<T>(
        &mut self,
        sql: &str,
        args: &[Value],
        row: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match self.session {
            Session::Sqlite(_) | Session::Broken(_) => self.find(sql, args, row),
            Session::Postgres(_) => self.find(&kept_from_others(sql), args, row),
        }
    }

    /// Like [`Tx::find_to_change`], and what `second` finds once that row is kept from others. Both are asked in one breath.
    pub(crate) fn find_both_to_change<T, U>(
        &mut self,
        first: (&str, &[Value]),
        mut row: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
        second: (&str, &[Value]),
        mut other: impl FnMut(&Row<'_>) -> Result<U, StoreError>,
    ) -> Result<(Option<T>, Option<U>), StoreError> {
        if !self.on_postgres() {
            return Ok((self.find(first.0, first.1, row)?, self.find(second.0, second.1, other)?));
        }
        let [ones, others] = self.run(first.0, first.1, |session| match session {
            Session::Postgres(c) => c.query_both((&kept_from_others(first.0), first.1), second),
            Session::Sqlite(_) | Session::Broken(_) => Ok(Default::default()),
        })?;
        let one = ones.last().map(|r| row(&Row::Postgres(r))).transpose()?;
        Ok((one, others.last().map(|r| other(&Row::Postgres(r))).transpose()?))
    }

    /// Runs a statement; the number of rows that it touched.
    pub(crate) fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, StoreError> {
        self.run(sql, args, |session| session.touch(sql, args))
    }

    /// Like [`Tx::execute`] where nobody asks how many rows were touched. PostgreSQL gets it together with what follows, so an error may
    /// come from there, or from the end of the change.
    pub(crate) fn post(&mut self, sql: &str, args: &[Value]) -> Result<(), StoreError> {
        self.run(sql, args, |session| match session {
            Session::Postgres(c) => c.post(sql, args),
            other => other.touch(sql, args).map(drop),
        })
    }

    /// Like [`Tx::post`] where exactly one row must be touched: anything else means that it changed meanwhile.
    pub(crate) fn post_one(&mut self, sql: &str, args: &[Value]) -> Result<(), StoreError> {
        self.run(sql, args, |session| match session {
            Session::Postgres(c) => c.post_one(sql, args),
            other => match other.touch(sql, args)? {
                1 => Ok(()),
                _ => Err(StoreError::Stale),
            },
        })
    }

    /// The words that differ between the two databases, chosen in `rows` next to the statement.
    pub(crate) fn on_postgres(&self) -> bool {
        matches!(self.session, Session::Postgres(_))
    }

    /// Announces something to open pages, if and when the change is kept.
    pub(crate) fn publish(&mut self, event: Event, now: At) {
        self.now = now;
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// Says that background work was added.
    pub(crate) fn nudge_workers(&mut self) {
        self.work = true;
    }

    /// Records who did what to what; a change cannot end without it.
    pub fn audited<A: Action, T>(&mut self, may: &Allowed<A>, call: &Call, value: T) -> Result<Audited<T>, StoreError> {
        self.post(
            "INSERT INTO audit_event (action, actor, actor_id, resource, resource_id, ip, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &[
                A::NAME.into(),
                may.actor().label().into(),
                may.actor().person().map(|p| p.id).into(),
                A::On::RESOURCE.into(),
                may.facts().id().into(),
                call.ip.map(|ip| ip.to_string()).into(),
                call.now.into(),
            ],
        )?;
        Ok(Audited(value))
    }

    /// Records several changes of one kind at once, as a batch has them.
    pub fn all_audited<A: Action, T>(
        &mut self,
        may: &[Allowed<A>],
        call: &Call,
        value: T,
    ) -> Result<Audited<T>, StoreError> {
        for one in may {
            self.audited(one, call, ())?;
        }
        Ok(Audited(value))
    }

    /// A change that nobody needs to account for: a session's last use, a job's lease, bytes that did not change anything.
    pub fn unaudited<T>(&mut self, value: T) -> Audited<T> {
        Audited(value)
    }

    pub(super) fn record_events(&mut self) -> Result<(), StoreError> {
        let events = std::mem::take(&mut self.events);
        for event in &events {
            let args: [Value; 4] = [
                event.audience.into(),
                event.kind.into(),
                event.media.into(),
                self.now.into(),
            ];
            self.post(
                "INSERT INTO event (user_id, kind, media_id, at) VALUES (?1, ?2, ?3, ?4)",
                &args,
            )?;
        }
        self.events = events;
        Ok(())
    }

    pub(super) fn announcement(&mut self) -> Announcement {
        Announcement {
            events: std::mem::take(&mut self.events),
            work: self.work,
        }
    }
}
