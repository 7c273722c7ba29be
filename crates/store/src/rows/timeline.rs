//! Lists of items. Each takes a [`Scope`] and nothing else that says whose items they are.

use super::media::{COLUMNS, MediaRow, media_row};
use crate::{
    StoreError, Tx,
    value::{Row, Value},
};
use domain::{At, MediaId, MediaKind, MediaState, Month, Scope, View};
use std::collections::HashSet;

/// A month and how many items are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthCount {
    /// The month.
    pub month: Month,
    /// Items in it.
    pub items: u64,
}

/// Where a page of a list ended: the next one begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The wall clock of the last item.
    pub local: At,
    /// Its id.
    pub id: MediaId,
}

/// An item as a page of thumbnails needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its id.
    pub id: MediaId,
    /// Its wall clock.
    pub local: At,
    /// Minutes east of UTC.
    pub offset_minutes: Option<i64>,
    /// What it is.
    pub kind: MediaKind,
    /// Pixels as shown, once known.
    pub width: Option<i64>,
    /// Pixels as shown, once known.
    pub height: Option<i64>,
    /// Its placeholder.
    pub thumbhash: Option<Vec<u8>>,
    /// Length of video and sound.
    pub duration_ms: Option<i64>,
    /// How far the work on it has come.
    pub state: MediaState,
    /// Counts its files.
    pub version: i64,
    /// Whether its viewer marked it.
    pub favorite: bool,
}

/// What of a scope is listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only this kind.
    pub kind: Option<MediaKind>,
    /// Only this state.
    pub state: Option<MediaState>,
    /// Only items captured at or after this wall clock.
    pub from: Option<At>,
    /// Only items captured before this wall clock.
    pub until: Option<At>,
}

/// A list as SQL: which items `m` are in it, and by which columns of an index it is walked.
struct Cut {
    from: &'static str,
    within: &'static str,
    /// `?1` is the owner, who also is the viewer; `?2` is a shelf.
    args: Vec<Value>,
    walk: Walk,
}

/// Newest first, by columns that one index has in this order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// `media_page`, `media_kind` or `media_unready`.
    Media,
    /// `favorite_page`.
    Favorites,
}

/// The one place where a scope becomes SQL.
fn cut(scope: &Scope) -> Cut {
    let owner = Value::from(scope.owner());
    match scope.view() {
        View::Timeline | View::Archive | View::Trash => Cut {
            from: "media m",
            within: "m.owner = ?1 AND m.shelf = ?2",
            args: vec![owner, scope.view().into()],
            walk: Walk::Media,
        },
        // CROSS JOIN keeps SQLite from beginning with `media`: the favourites are few and in the right order.
        View::Favorites => Cut {
            from: "favorite g CROSS JOIN media m",
            within: "g.user_id = ?1 AND m.id = g.media_id AND m.owner = ?1 AND m.shelf <> ?2",
            args: vec![owner, View::Trash.into()],
            walk: Walk::Favorites,
        },
    }
}

impl Cut {
    fn bind(&mut self, value: impl Into<Value>) -> usize {
        self.args.push(value.into());
        self.args.len()
    }

    /// Only what lies behind a position.
    fn behind(&mut self, p: Position) -> String {
        match self.walk {
            Walk::Media => {
                let (month, local, id) = (self.bind(Month::of(p.local)), self.bind(p.local), self.bind(p.id));
                format!("(m.month, m.taken_local, m.id) < (?{month}, ?{local}, ?{id})")
            }
            Walk::Favorites => {
                let (local, id) = (self.bind(p.local), self.bind(p.id));
                format!("(g.taken_local, g.media_id) < (?{local}, ?{id})")
            }
        }
    }

    /// Only what was captured at or after a wall clock.
    fn since(&mut self, local: At) -> String {
        match self.walk {
            Walk::Media => {
                let (month, local) = (self.bind(Month::of(local)), self.bind(local));
                format!("m.month >= ?{month} AND m.taken_local >= ?{local}")
            }
            Walk::Favorites => format!("g.taken_local >= ?{}", self.bind(local)),
        }
    }

    fn order(&self) -> &'static str {
        match self.walk {
            Walk::Media => "m.month DESC, m.taken_local DESC, m.id DESC",
            Walk::Favorites => "g.taken_local DESC, g.media_id DESC",
        }
    }
}

impl Tx<'_, '_> {
    /// The months of a list, newest first.
    pub fn months(&mut self, scope: &Scope) -> Result<Vec<MonthCount>, StoreError> {
        self.settle()?;
        self.list(
            "SELECT month, items FROM media_month WHERE owner = ?1 AND view = ?2 AND items > 0 ORDER BY month DESC",
            &[scope.owner().into(), scope.view().into()],
            |r| {
                Ok(MonthCount {
                    month: Month(r.get(0)?),
                    items: r.size(1)?,
                })
            },
        )
    }

    /// A month's items behind a position, newest first, at most `limit`.
    pub fn month_page(
        &mut self,
        scope: &Scope,
        month: Month,
        behind: Option<Position>,
        limit: u32,
    ) -> Result<Vec<Cell>, StoreError> {
        let mut cut = cut(scope);
        let (first, next) = (first_of(month), first_of(Month(month.0 + 1)));
        let this_month = match cut.walk {
            Walk::Media => format!("m.month = ?{}", cut.bind(month)),
            Walk::Favorites => format!("g.taken_local >= ?{}", cut.bind(first)),
        };
        let behind = match cut.walk {
            // With the month fixed, the rest of the index is walked by wall clock and id alone.
            Walk::Media => {
                let p = behind.unwrap_or(END);
                let (local, id) = (cut.bind(p.local), cut.bind(p.id));
                format!("(m.taken_local, m.id) < (?{local}, ?{id})")
            }
            Walk::Favorites => cut.behind(nearer(behind, before(next))),
        };
        let limit = cut.bind(limit);
        let sql = format!(
            "SELECT m.id, m.taken_local, m.taken_offset, m.kind, m.width, m.height, m.thumbhash, m.duration_ms, m.state, m.version FROM {} \
             WHERE {} AND {this_month} AND {behind} ORDER BY {} LIMIT ?{limit}",
            cut.from,
            cut.within,
            cut.order(),
        );
        let mut cells = self.list(&sql, &cut.args, cell)?;
        if let (Some(newest), Some(oldest)) = (cells.first(), cells.last()) {
            let marked = self.favorites_between(scope, oldest.local, newest.local)?;
            for cell in &mut cells {
                cell.favorite = marked.contains(&cell.id);
            }
        }
        Ok(cells)
    }

    /// The viewer's favourites of a span of time: for a page of thumbnails one read beside it takes half the time of one
    /// for each item.
    fn favorites_between(&mut self, scope: &Scope, oldest: At, newest: At) -> Result<HashSet<MediaId>, StoreError> {
        let sql = "SELECT media_id FROM favorite WHERE user_id = ?1 AND taken_local >= ?2 AND taken_local <= ?3";
        let ids = self.list(sql, &[scope.owner().into(), oldest.into(), newest.into()], |r| {
            Ok(MediaId(r.get(0)?))
        })?;
        Ok(ids.into_iter().collect())
    }

    /// Items of a list behind a position, newest first, at most `limit`.
    pub fn media_page(
        &mut self,
        scope: &Scope,
        filter: &ListFilter,
        behind: Option<Position>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError> {
        let mut cut = cut(scope);
        let behind = nearer(behind, filter.until.map_or(END, before));
        let mut conditions = cut.behind(behind);
        if let Some(kind) = filter.kind {
            conditions.push_str(&format!(" AND m.kind = ?{}", cut.bind(kind)));
        }
        if let Some(state) = filter.state {
            conditions.push_str(&cut.state(state));
        }
        if let Some(from) = filter.from {
            conditions.push_str(" AND ");
            conditions.push_str(&cut.since(from));
        }
        let limit = cut.bind(limit);
        let sql = format!(
            "SELECT {COLUMNS} FROM {} WHERE {} AND {conditions} ORDER BY {} LIMIT ?{limit}",
            cut.from,
            cut.within,
            cut.order(),
        );
        self.list(&sql, &cut.args, media_row)
    }

    /// The ids of a list in its order, at most `limit`, for acts on all of it such as emptying the trash.
    pub fn media_ids(&mut self, scope: &Scope, limit: u32) -> Result<Vec<MediaId>, StoreError> {
        let mut cut = cut(scope);
        let limit = cut.bind(limit);
        let (from, within, order) = (cut.from, cut.within, cut.order());
        let sql = format!("SELECT m.id FROM {from} WHERE {within} ORDER BY {order} LIMIT ?{limit}");
        self.list(&sql, &cut.args, |r| Ok(MediaId(r.get(0)?)))
    }

    /// How many items of a library are in a state, for "still being processed".
    pub fn media_in_state(&mut self, scope: &Scope, state: MediaState) -> Result<u64, StoreError> {
        let mut cut = cut(scope);
        let state = cut.state(state);
        let sql = format!("SELECT COUNT(*) FROM {} WHERE {}{state}", cut.from, cut.within);
        Ok(self.find(&sql, &cut.args, |r| r.size(0))?.unwrap_or(0))
    }
}

impl Cut {
    /// Only one state. That it is not the usual one is said in words, because only then the index of the few others is used.
    fn state(&mut self, state: MediaState) -> String {
        let unready = if state == MediaState::Ready {
            ""
        } else {
            " AND m.state <> 'ready'"
        };
        format!(" AND m.state = ?{}{unready}", self.bind(state))
    }
}

/// The position right before everything captured at or after a wall clock.
fn before(local: At) -> Position {
    Position {
        local,
        id: MediaId(uuid::Uuid::nil()),
    }
}

/// Whichever of two positions lies further back in time.
fn nearer(behind: Option<Position>, limit: Position) -> Position {
    behind.map_or(limit, |b| {
        if (b.local, b.id) < (limit.local, limit.id) {
            b
        } else {
            limit
        }
    })
}

/// The wall clock at which a month begins.
///
/// Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil` for the first of a month.
fn first_of(month: Month) -> At {
    let (year, month) = (month.0.div_euclid(12), month.0.rem_euclid(12) + 1);
    // Years begin in March, so that the leap day is the last.
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    At((era * 146_097 + day_of_era - 719_468).saturating_mul(At::DAY))
}

/// Before everything, seen from the newest: a page behind it is the first page.
const END: Position = Position {
    local: At(i64::MAX),
    id: MediaId(uuid::Uuid::max()),
};

fn cell(r: &Row<'_>) -> Result<Cell, StoreError> {
    Ok(Cell {
        id: MediaId(r.get(0)?),
        local: At(r.get(1)?),
        offset_minutes: r.get(2)?,
        kind: r.word("media", "kind", 3)?,
        width: r.get(4)?,
        height: r.get(5)?,
        thumbhash: r.get(6)?,
        duration_ms: r.get(7)?,
        state: r.word("media", "state", 8)?,
        version: r.get(9)?,
        favorite: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Taken;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_month_begins_where_the_one_before_it_ends(micros in Taken::RANGE) {
            let month = Month::of(At(micros));
            let first = first_of(month);
            prop_assert!(first.0 <= micros && micros < first_of(Month(month.0 + 1)).0);
            prop_assert_eq!((Month::of(first), Month::of(first.plus(-1))), (month, Month(month.0 - 1)));
        }
    }
}
