//! The interface as its clients meet it.
#![allow(clippy::unwrap_used, reason = "a test's way to fail is to panic")]

#[path = "../common/mod.rs"]
mod common;
mod errors;
mod events;
mod lists;
mod signing_in;
mod uploads;

use common::{Client, House};
use domain::Role;

/// A house in which Ann has an account.
async fn house_of_ann(database: testkit::Database) -> (House, Client) {
    let house = House::new(database).await;
    let ann = house.person("ann", Role::User).await;
    (house, ann)
}
