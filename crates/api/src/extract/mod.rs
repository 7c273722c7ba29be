//! What handlers take: parsed at the edge, so that nothing malformed goes further. Every refusal is a problem.

mod body;
mod json;
mod path;
mod query;

pub use body::incoming;
pub use json::{Json, JsonOr};
pub use path::Id;
pub use query::Query;

/// The largest JSON body, in bytes.
pub fn json_limit() -> usize {
    json::MAX_BYTES
}
