//! Every statement that a test runs, with its arguments, so that plans are looked at for what is really asked.

use crate::value::Value;
use std::cell::RefCell;

/// A statement with its arguments.
pub(crate) type Seen = (String, Vec<Value>);

thread_local! {
    static SEEN: RefCell<Option<Vec<Seen>>> = const { RefCell::new(None) };
}

/// Called by each transaction for each statement.
pub(crate) fn saw(sql: &str, args: &[Value]) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            seen.push((sql.to_owned(), args.to_vec()));
        }
    });
}

/// What a closure asks the database, on this thread.
pub(crate) fn record<T>(work: impl FnOnce() -> T) -> (T, Vec<Seen>) {
    SEEN.with_borrow_mut(|seen| *seen = Some(vec![]));
    let out = work();
    (out, SEEN.take().unwrap_or_default())
}
