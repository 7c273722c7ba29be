//! The real clock and real randomness: the only place that asks the system for them.

use domain::At;
use vault::World;

/// The world as it is.
pub fn real() -> World {
    World::new(now, |bytes| {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            // Without randomness nothing that is sealed would be safe.
            tracing::error!(event = "random.failed");
            std::process::abort();
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> At {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    At(since.ok().and_then(|d| i64::try_from(d.as_micros()).ok()).unwrap_or(0))
}
