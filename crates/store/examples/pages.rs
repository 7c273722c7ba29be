//! What the pages of a library cost: `pages DATABASE_URL OWNER_EMAIL` (see `seed`) prints one line of JSON with the median and the 99th
//! percentile in milliseconds, as a caller waits for them.
#![allow(clippy::print_stdout, reason = "it is a command")]

use domain::{Actor, MediaKind, Person, Role, Scope, View, scope_of};
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};
use store::{ListFilter, Settings, Store, StoreError, Tx};

/// Each page is asked for so often.
const ROUNDS: usize = 200;

async fn measure<T: Send + 'static>(
    store: &Store,
    name: &str,
    page: impl Fn(&mut Tx<'_, '_>) -> Result<Vec<T>, StoreError> + Copy + Send + 'static,
) -> Result<String, StoreError> {
    let mut waits: Vec<Duration> = vec![];
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let asked = Instant::now();
        rows = store.read::<_, StoreError>(page).await?.len();
        waits.push(asked.elapsed());
    }
    waits.sort();
    let ms = |part: usize| {
        waits
            .get(waits.len() * part / 100)
            .map_or(0.0, |w| w.as_secs_f64() * 1000.0)
    };
    Ok(format!(
        "\"{name}\": {{\"rows\": {rows}, \"p50\": {:.3}, \"p99\": {:.3}}}",
        ms(50),
        ms(99)
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, email] = args.as_slice() else {
        return Err("pages DATABASE_URL OWNER_EMAIL".into());
    };
    let settings = Settings {
        url: url.clone(),
        connections: 4,
    };
    let store = Store::open(&settings, Arc::new(|_| {}))?;
    let folded = email.to_lowercase();
    // A seeded account has no password, by which the program would find it.
    let owner = match store.read::<_, StoreError>(move |tx| tx.user_by_email(&folded)).await? {
        Some((facts, _)) => facts.id,
        None => seeded_owner(url, email)?,
    };
    let person = Person {
        id: owner,
        role: Role::User,
        session: None,
    };
    let of = |view: View| scope_of(&Actor::Person(person), view);
    let (timeline, favorites) = (of(View::Timeline)?, of(View::Favorites)?);
    let biggest = |scope: Scope| {
        store.read::<_, StoreError>(move |tx| Ok(tx.months(&scope)?.into_iter().max_by_key(|m| m.items)))
    };
    let big = biggest(timeline).await?.ok_or("the library is empty")?.month;
    let marked = biggest(favorites).await?.map_or(big, |m| m.month);
    let videos = ListFilter {
        kind: Some(MediaKind::Video),
        ..ListFilter::default()
    };
    let figures = [
        measure(&store, "months", move |tx| tx.months(&timeline)).await?,
        measure(&store, "month_page 500", move |tx| {
            tx.month_page(&timeline, big, None, 500)
        })
        .await?,
        measure(&store, "month_page 5000", move |tx| {
            tx.month_page(&timeline, big, None, 5000)
        })
        .await?,
        measure(&store, "favorites 500", move |tx| {
            tx.month_page(&favorites, marked, None, 500)
        })
        .await?,
        measure(&store, "list 100", move |tx| {
            tx.media_page(&timeline, &ListFilter::default(), None, 100)
        })
        .await?,
        measure(&store, "videos 100", move |tx| {
            tx.media_page(&timeline, &videos, None, 100)
        })
        .await?,
    ];
    println!("{{{}}}", figures.join(", "));
    Ok(())
}

fn seeded_owner(url: &str, email: &str) -> Result<domain::UserId, Box<dyn Error>> {
    let (sql, folded) = ("SELECT id FROM users WHERE email_folded = ", email.to_lowercase());
    let id = match url.strip_prefix("sqlite://") {
        Some(path) => rusqlite::Connection::open(path)?.query_row(&format!("{sql}?1"), [folded], |r| r.get(0))?,
        None => {
            let url = url.to_owned();
            // PostgreSQL's client does not run where asynchronous tasks are driven.
            let asked = std::thread::spawn(move || {
                let mut client = postgres::Client::connect(&url, postgres::NoTls)?;
                client.query_one(&format!("{sql}$1"), &[&folded])?.try_get(0)
            });
            asked.join().map_err(|_| "asking for the owner")??
        }
    };
    Ok(domain::UserId(id))
}
