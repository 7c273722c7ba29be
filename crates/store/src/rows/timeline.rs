//! Lists of items. Each takes a [`Scope`] and nothing else that says whose items they are.

use super::media::{COLUMNS, MediaRow, media_row};
use crate::{
    StoreError, Tx,
    value::{Row, Value},
};
use domain::{At, MediaId, MediaKind, MediaState, Month, Scope, View};

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

/// The one place where a scope becomes SQL. `?1` is the owner, who also is the viewer; `?2` is a shelf.
fn within(scope: &Scope) -> (&'static str, [Value; 2]) {
    let owner = Value::from(scope.owner());
    match scope.view() {
        View::Timeline | View::Archive | View::Trash => {
            ("m.owner = ?1 AND m.shelf = ?2", [owner, scope.view().as_str().into()])
        }
        View::Favorites => (
            "m.owner = ?1 AND m.shelf <> ?2 AND EXISTS (SELECT 1 FROM favorite g WHERE g.user_id = ?1 AND g.media_id = m.id)",
            [owner, View::Trash.as_str().into()],
        ),
    }
}

impl Tx<'_, '_> {
    /// The months of a list, newest first.
    pub fn months(&mut self, scope: &Scope) -> Result<Vec<MonthCount>, StoreError> {
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
        let (within, [owner, shelf]) = within(scope);
        let behind = behind.unwrap_or(END);
        let sql = format!(
            "SELECT m.id, m.taken_local, m.taken_offset, m.kind, m.width, m.height, m.thumbhash, m.duration_ms, m.state, \
             EXISTS (SELECT 1 FROM favorite f WHERE f.user_id = ?1 AND f.media_id = m.id) FROM media m \
             WHERE {within} AND m.month = ?3 AND (m.taken_local, m.id) < (?4, ?5) ORDER BY m.taken_local DESC, m.id DESC LIMIT ?6"
        );
        let args = [
            owner,
            shelf,
            month.into(),
            behind.local.into(),
            behind.id.into(),
            limit.into(),
        ];
        self.list(&sql, &args, cell)
    }

    /// Items of a list behind a position, newest first, at most `limit`.
    pub fn media_page(
        &mut self,
        scope: &Scope,
        filter: &ListFilter,
        behind: Option<Position>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError> {
        let (within, [owner, shelf]) = within(scope);
        let behind = behind.unwrap_or(END);
        let mut args = vec![owner, shelf, behind.local.into(), behind.id.into(), limit.into()];
        let mut conditions = String::new();
        let mut add = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                args.push(value);
                conditions.push_str(&format!(" AND {condition} ?{}", args.len()));
            }
        };
        add("m.kind =", filter.kind.map(Into::into));
        add("m.state =", filter.state.map(Into::into));
        add("m.taken_local >=", filter.from.map(Into::into));
        add("m.taken_local <", filter.until.map(Into::into));
        let sql = format!(
            "SELECT {COLUMNS} FROM media m WHERE {within} AND (m.taken_local, m.id) < (?3, ?4){conditions} \
             ORDER BY m.taken_local DESC, m.id DESC LIMIT ?5"
        );
        self.list(&sql, &args, media_row)
    }

    /// The ids of a list in its order, at most `limit`, for acts on all of it such as emptying the trash.
    pub fn media_ids(&mut self, scope: &Scope, limit: u32) -> Result<Vec<MediaId>, StoreError> {
        let (within, [owner, shelf]) = within(scope);
        let sql = format!("SELECT m.id FROM media m WHERE {within} ORDER BY m.taken_local DESC, m.id DESC LIMIT ?3");
        self.list(&sql, &[owner, shelf, limit.into()], |r| Ok(MediaId(r.get(0)?)))
    }

    /// How many items of a library are in a state, for "still being processed".
    pub fn media_in_state(&mut self, scope: &Scope, state: MediaState) -> Result<u64, StoreError> {
        let (within, [owner, shelf]) = within(scope);
        let sql = format!("SELECT COUNT(*) FROM media m WHERE {within} AND m.state = ?3");
        Ok(self
            .find(&sql, &[owner, shelf, state.into()], |r| r.size(0))?
            .unwrap_or(0))
    }
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
        favorite: r.get(9)?,
    })
}
