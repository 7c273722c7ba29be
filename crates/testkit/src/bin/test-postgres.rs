//! A PostgreSQL database for tests that are not written in Rust: prints its URL, and drops it when standard input ends.
#![allow(clippy::print_stdout)]

use std::io::Read;

fn main() -> std::io::Result<()> {
    let database = testkit::postgres::database();
    println!("{}", database.url());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    drop(database);
    Ok(())
}
