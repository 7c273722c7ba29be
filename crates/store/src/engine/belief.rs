//! What a request goes by without having asked: that its session is still good, as it was a moment ago. PostgreSQL is asked about it together
//! with whatever the request asks first; nothing of that is told, and nothing is kept, if it does not hold any more. So asking costs no way there
//! and back of its own.

use crate::value::{Row, Value};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

tokio::task_local! {
    static GONE_BY: Arc<Belief>;
}

type Check = dyn Fn(&Row<'_>) -> bool + Send + Sync;

/// A question whose answer is presumed.
pub(crate) struct Belief {
    pub(super) sql: &'static str,
    pub(super) args: Vec<Value>,
    holds: Box<Check>,
    relied_on: AtomicBool,
    answer: OnceLock<bool>,
}

impl Belief {
    /// It holds if the question has one row, and that is as expected.
    pub(crate) fn new(
        sql: &'static str,
        args: Vec<Value>,
        holds: impl Fn(&Row<'_>) -> bool + Send + Sync + 'static,
    ) -> Arc<Belief> {
        Arc::new(Belief {
            sql,
            args,
            holds: Box::new(holds),
            relied_on: AtomicBool::new(false),
            answer: OnceLock::new(),
        })
    }

    /// Runs a request that goes by it.
    pub(crate) async fn during<T>(self: Arc<Self>, request: impl Future<Output = T>) -> T {
        GONE_BY.scope(self, request).await
    }

    /// From here on it matters to the request whether it holds.
    pub(crate) fn rely(&self) {
        self.relied_on.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_relied_on(&self) -> bool {
        self.relied_on.load(Ordering::Relaxed)
    }

    /// What the request that runs here relies on, as long as nobody has asked.
    pub(super) fn unasked() -> Option<Arc<Belief>> {
        let belief = GONE_BY.try_with(Arc::clone).ok()?;
        (belief.is_relied_on() && belief.answer().is_none()).then_some(belief)
    }

    /// Whether it held when it was asked for; none if nothing was asked.
    pub(crate) fn answer(&self) -> Option<bool> {
        self.answer.get().copied()
    }

    /// Takes the answer.
    pub(super) fn learn(&self, rows: &[postgres::Row]) -> bool {
        let holds = matches!(rows, [row] if (self.holds)(&Row::Postgres(row)));
        // Two questions of one request may both have brought it; what one of them is told is not changed by the other.
        self.answer.get_or_init(|| holds);
        holds
    }
}
