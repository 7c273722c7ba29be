//! What was announced, kept for a while so that an open page can catch up.

use crate::{StoreError, Tx, value::Row};
use domain::{Allowed, At, EventKind, MediaId, UserId, policy::KeepHouse};

/// An announcement with its running number. On PostgreSQL a lower number may become visible after a higher one; announcements are hints
/// that may be repeated; whoever reads them looks again for numbers that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRow {
    /// Its running number.
    pub seq: i64,
    /// Who is told.
    pub audience: UserId,
    /// What happened.
    pub kind: EventKind,
    /// To which item.
    pub media: MediaId,
    /// When.
    pub at: At,
}

impl Tx<'_, '_> {
    /// Everybody's announcements behind a number, for the pump that hands them to open pages.
    pub fn events_behind(&mut self, seq: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let sql = "SELECT seq, user_id, kind, media_id, at FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        self.list(sql, &[seq.into(), limit.into()], event)
    }

    /// One person's announcements behind a number.
    pub fn events_of(&mut self, person: &domain::Person, seq: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let sql =
            "SELECT seq, user_id, kind, media_id, at FROM event WHERE user_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        self.list(sql, &[person.id.into(), seq.into(), limit.into()], event)
    }

    /// The number of the latest announcement; 0 when there is none.
    pub fn latest_event(&mut self) -> Result<i64, StoreError> {
        Ok(self
            .find("SELECT seq FROM event ORDER BY seq DESC LIMIT 1", &[], |r| r.get(0))?
            .unwrap_or(0))
    }

    /// The number of the oldest announcement that is still kept; a page that knows less must load anew.
    pub fn oldest_event(&mut self) -> Result<i64, StoreError> {
        Ok(self
            .find("SELECT seq FROM event ORDER BY seq LIMIT 1", &[], |r| r.get(0))?
            .unwrap_or(0))
    }

    /// Removes what only serves for a while: announcements, answers kept for repeated requests, ended sign-ins, old failures.
    pub fn forget_the_old(&mut self, _: &Allowed<KeepHouse>, now: At) -> Result<u64, StoreError> {
        let day_ago = now.plus(-At::DAY);
        let month_ago = now.plus(-30 * At::DAY);
        let mut rows = self.execute("DELETE FROM event WHERE at < ?1", &[day_ago.into()])?;
        rows += self.execute("DELETE FROM download WHERE expires_at < ?1", &[now.into()])?;
        rows += self.execute("DELETE FROM idempotency WHERE created_at < ?1", &[day_ago.into()])?;
        rows += self.execute("DELETE FROM sign_in_failure WHERE last_at < ?1", &[day_ago.into()])?;
        let sql = "DELETE FROM refresh_token WHERE session_id IN (SELECT id FROM session WHERE expires_at < ?1)";
        rows += self.execute(sql, &[month_ago.into()])?;
        rows += self.execute("DELETE FROM session WHERE expires_at < ?1", &[month_ago.into()])?;
        Ok(rows)
    }

    /// Items in the trash since before `before`, oldest first.
    pub fn trashed_before(
        &mut self,
        _: &Allowed<KeepHouse>,
        before: At,
        limit: u32,
    ) -> Result<Vec<MediaId>, StoreError> {
        let sql =
            "SELECT id FROM media WHERE deleted_at IS NOT NULL AND deleted_at < ?1 ORDER BY deleted_at, id LIMIT ?2";
        self.list(sql, &[before.into(), limit.into()], |r| Ok(MediaId(r.get(0)?)))
    }
}

fn event(r: &Row<'_>) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        seq: r.get(0)?,
        audience: UserId(r.get(1)?),
        kind: r.word("event", "kind", 2)?,
        media: MediaId(r.get(3)?),
        at: At(r.get(4)?),
    })
}
