//! The rows that use cases answer with and the values that they take, as this crate names them.

pub(crate) use store::{
    Added, Cell, EventRow, HistoryRow, ListFilter, ListPosition, Mark, MediaRow, MonthCount, SessionRow, UserRow,
    VersionRow,
};
