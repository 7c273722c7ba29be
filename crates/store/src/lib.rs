//! The database: engine, migrations, SQL, rows <-> domain types. SQLite and PostgreSQL by one SQL text.
//!
//! A change is a synchronous closure that runs in one transaction on a database thread ([`Store::write`]); it cannot wait for anything
//! else, it cannot end without saying who is accountable for it ([`Audited`]), and what it announces is announced after it is durable.

mod engine;
mod error;
mod migrate;
mod rows;
mod tally;
#[cfg(test)]
mod tests;
mod value;
#[cfg(doctest)]
mod walls;

pub use engine::{Announce, Announcement, Audited, Settings, Store, Tx};
pub use error::StoreError;
pub use migrate::{Migration, SCHEMA_VERSION};
pub use rows::*;
