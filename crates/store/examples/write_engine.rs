//! How many durable changes a second the write engine does: marking a favourite, whole (facts, rule, change, counters, event, audit
//! entry, commit), from one caller and from many, on SQLite on the disk of FOLDER.
//!
//! `write_engine FOLDER [CALLERS] [SECONDS]` prints one line of JSON. Beside it stands what the disk itself does: 4 KiB appended and
//! synchronized, one after another. `latency_ms_*` is the median that a caller waits.
#![allow(clippy::print_stdout, reason = "it is a command")]

#[path = "seed/generator.rs"]
#[allow(dead_code, reason = "of the generator only SQLite's half is used here")]
mod generator;

use domain::{Actor, At, Call, MediaId, Person, Role, UserId, View, can, policy::FavoriteMedia, scope_of};
use std::{
    error::Error,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use store::{Mark, Settings, Store, StoreError};

/// Items that are marked in turn.
const ITEMS: u64 = 20_000;

async fn mark(store: &Store, person: Person, media: MediaId, mark: Mark) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            let call = Call {
                actor: Actor::Person(person),
                now: At(1_795_521_600_000_000),
                ip: Some([192, 0, 2, 7].into()),
            };
            let facts = tx.media_to_change(media)?.ok_or(StoreError::Stale)?;
            let may = can::<FavoriteMedia>(&call.actor, facts).map_err(|_| StoreError::Stale)?;
            tx.mark_favorite(&may, mark, call.now)?;
            tx.audited(&may, &call, ())
        })
        .await
}

/// Changes a second and the median wait of one, from so many callers.
async fn measure(
    store: &Store,
    person: Person,
    ids: &Arc<Vec<MediaId>>,
    callers: usize,
    span: Duration,
) -> Result<(f64, f64), Box<dyn Error>> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (store, ids) = (store.clone(), ids.clone());
            tokio::spawn(async move {
                let mut waits = vec![];
                let mut n = caller;
                while begun.elapsed() < span {
                    let marks = [Mark::Set, Mark::Cleared];
                    let asked = Instant::now();
                    let id = ids[n % ids.len()];
                    mark(&store, person, id, marks[(n / ids.len()) % 2]).await?;
                    waits.push(asked.elapsed());
                    n += callers;
                }
                Ok::<_, StoreError>(waits)
            })
        })
        .collect();
    let mut waits = vec![];
    for task in tasks {
        waits.extend(task.await??);
    }
    let rate = waits.len() as f64 / begun.elapsed().as_secs_f64();
    waits.sort();
    let median = waits.get(waits.len() / 2).copied().unwrap_or_default();
    Ok((rate, median.as_secs_f64() * 1000.0))
}

/// How often a second this disk makes 4 KiB behind a file's end durable.
fn syncs(folder: &Path, span: Duration) -> Result<f64, Box<dyn Error>> {
    let path = folder.join("syncs");
    let mut file = std::fs::File::create(&path)?;
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < span {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(args.first().ok_or("write_engine FOLDER [CALLERS] [SECONDS]")?);
    let callers = args.get(1).map_or(Ok(64), |a| a.parse())?;
    let span = Duration::from_secs(args.get(2).map_or(Ok(10), |a| a.parse())?);
    let path = folder.join("write_engine.db");
    for end in ["", "-wal", "-shm"] {
        let old = format!("{}{end}", path.display());
        if Path::new(&old).exists() {
            std::fs::remove_file(old)?;
        }
    }
    let settings = Settings {
        url: format!("sqlite://{}", path.display()),
        connections: 2,
    };
    let store = Store::open(&settings, Arc::new(|_| {}))?;
    let mut c = rusqlite::Connection::open(&path)?;
    let owner = generator::sqlite::owner(&c, "ann@example.org")?;
    let plan = generator::Plan {
        owner,
        count: ITEMS,
        seed: 1,
        now: generator::CREATED,
    };
    generator::sqlite::fill(&mut c, &plan)?;
    drop(c);
    let person = Person {
        id: UserId(owner),
        role: Role::User,
        session: None,
    };
    let scope = scope_of(&Actor::Person(person), View::Timeline)?;
    let ids = Arc::new(
        store
            .read::<_, StoreError>(move |tx| tx.media_ids(&scope, 20_000))
            .await?,
    );

    // The disk's own figure before and after: others may be using it.
    let before = syncs(folder, span / 4)?;
    let (one, one_waits) = measure(&store, person, &ids, 1, span).await?;
    let between = syncs(folder, span / 4)?;
    let (many, many_waits) = measure(&store, person, &ids, callers, span).await?;
    let after = syncs(folder, span / 4)?;
    println!(
        "{{\"one_per_s\": {one:.0}, \"many_per_s\": {many:.0}, \"ratio\": {:.1}, \"callers\": {callers}, \"fsync_per_s\": {:.0}, \
         \"latency_ms_one\": {one_waits:.2}, \"latency_ms_many\": {many_waits:.2}, \"fsync_ms\": {:.2}}}",
        many / one,
        (before + between + after) / 3.0,
        3000.0 / (before + between + after),
    );
    Ok(())
}
