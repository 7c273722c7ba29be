//! Fills a library with rows, for benchmarks of pages: no files stand behind them.
//!
//! `seed DATABASE_URL OWNER_EMAIL COUNT SEED`: brings the schema up to date, makes the account if there is none of that address (without a
//! password), and adds COUNT items of twenty years. The same seed gives the same rows, but that the trash was filled yesterday. Stop the server
//! meanwhile.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it is a command, started by hand"
)]

mod generator;

use domain::At;
use generator::Plan;
use std::{
    error::Error,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};
use store::{Settings, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, email, count, seed] = args.as_slice() else {
        return Err("seed DATABASE_URL OWNER_EMAIL COUNT SEED".into());
    };
    let (count, seed) = (count.parse()?, seed.parse()?);
    let now = At(i64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros(),
    )?);
    let plan = |owner| Plan {
        owner,
        count,
        seed,
        now,
    };
    let settings = Settings {
        url: url.clone(),
        connections: 1,
    };
    drop(Store::open(&settings, Arc::new(|_| {}))?);
    let begun = Instant::now();
    if let Some(path) = url.strip_prefix("sqlite://") {
        let mut c = rusqlite::Connection::open(path)?;
        let owner = generator::sqlite::owner(&c, email)?;
        generator::sqlite::fill(&mut c, &plan(owner))?;
    } else {
        let mut c = postgres::Client::connect(url, postgres::NoTls)?;
        let owner = generator::postgres::owner(&mut c, email)?;
        generator::postgres::fill(&mut c, &plan(owner))?;
    }
    println!("{count} items in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}
