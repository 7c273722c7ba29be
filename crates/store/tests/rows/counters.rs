//! Counts are kept, not computed: whatever is done in whatever order, they are what counting says.

use crate::world::*;
use domain::{Actor, BlobId, MediaId, Person, policy::AddMedia};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use store::{Added, Mark, NewMedia, StoreError};

#[derive(Debug, Clone, Copy)]
enum Step {
    Add {
        local: i64,
        size: u64,
        favorite: bool,
        archived: bool,
    },
    /// Content that is there already.
    AddAgain(usize),
    /// To the n-th item.
    Do(usize, Deed),
    /// To several items in one change.
    Batch(usize, usize, Deed),
}

/// Wall clocks of few months, so that many items share one.
fn local() -> impl Strategy<Value = i64> {
    (0..4_i64, 0..28_i64).prop_map(|(month, d)| day(2024, 11 + month % 2, 1 + d) + (month / 2) * 366 * domain::At::DAY)
}

fn deed() -> impl Strategy<Value = Deed> {
    let mark = prop_oneof![Just(Mark::Set), Just(Mark::Cleared)];
    prop_oneof![
        2 => local().prop_map(Deed::Date),
        3 => mark.clone().prop_map(Deed::Favorite),
        3 => mark.prop_map(Deed::Archive),
        3 => Just(Deed::Trash),
        2 => Just(Deed::Restore),
        2 => Just(Deed::Purge),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (local(), 1..5000_u64, any::<bool>(), any::<bool>())
            .prop_map(|(local, size, favorite, archived)| Step::Add { local, size, favorite, archived }),
        1 => (0..20_usize).prop_map(Step::AddAgain),
        10 => (0..20_usize, deed()).prop_map(|(n, deed)| Step::Do(n, deed)),
        2 => (0..20_usize, 1..6_usize, deed()).prop_map(|(n, many, deed)| Step::Batch(n, many, deed)),
    ]
}

fn new_item(local: i64, size: u64, favorite: bool, archived: bool) -> NewMedia {
    let mut new = photo(at_local(local));
    new.blob.plain_size = size;
    new.favorite = favorite;
    new.archived = archived;
    new
}

/// What counting says, and what is kept, as one text each.
fn counted(world: &World) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let counted = world.ask(
        "SELECT owner, shelf AS view, month, COUNT(*) FROM media GROUP BY owner, shelf, month UNION ALL \
         SELECT f.user_id, 'favorites', m.month, COUNT(*) FROM favorite f JOIN media m ON m.id = f.media_id \
         WHERE m.shelf <> 'trash' GROUP BY f.user_id, m.month ORDER BY 1, 2, 3",
    );
    let kept = world.ask("SELECT owner, view, month, items FROM media_month WHERE items <> 0 ORDER BY 1, 2, 3");
    (counted, kept)
}

fn used(world: &World) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let counted = world.ask(
        "SELECT u.id, CAST(COALESCE(SUM(m.size), 0) AS BIGINT), COUNT(m.id) FROM users u LEFT JOIN media m ON m.owner = u.id \
         GROUP BY u.id ORDER BY 1",
    );
    (counted, world.ask("SELECT id, used_bytes, items FROM users ORDER BY 1"))
}

async fn run(world: &World, person: Person, steps: &[Step]) {
    let mut items: Vec<NewMedia> = vec![];
    for step in steps.iter().copied() {
        match step {
            Step::Add {
                local,
                size,
                favorite,
                archived,
            } => {
                let new = new_item(local, size, favorite, archived);
                items.push(new.clone());
                world.add(person, new).await;
            }
            Step::AddAgain(n) if !items.is_empty() => {
                let mut again = items[n % items.len()].clone();
                (again.id, again.version, again.job, again.blob.id) = (id(), id(), id(), id::<BlobId>());
                if let Added::New(_) = world.add(person, again.clone()).await {
                    // It had been purged.
                    items.push(again);
                }
            }
            Step::Do(n, deed) if !items.is_empty() => {
                world.act(person, items[n % items.len()].id, deed).await;
            }
            Step::Batch(n, many, deed) if !items.is_empty() => {
                let ids: Vec<MediaId> = (n..n + many).map(|n| items[n % items.len()].id).collect();
                world
                    .change(move |tx| ids.into_iter().try_for_each(|id| act(tx, person, id, deed).map(drop)))
                    .await
                    .unwrap();
            }
            _ => {}
        }
    }
}

#[testkit::both]
fn whatever_is_done_the_counts_are_what_counting_says(world: World) {
    // A fixed seed: the same runs on both databases and on every machine.
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    TestRunner::new_with_rng(config, rng)
        .run(&prop::collection::vec(step(), 1..80), |steps| {
            let person = runtime.block_on(world.person(&format!("p{}", next())));
            runtime.block_on(run(&world, person, &steps));
            let (counted, kept) = counted(&world);
            prop_assert_eq!(counted, kept);
            let (counted, kept) = used(&world);
            prop_assert_eq!(counted, kept);
            Ok(())
        })
        .unwrap();
}

#[testkit::both]
async fn a_change_that_fails_counts_nothing(world: World) {
    let ann = world.person("ann").await;
    let kept = world.item(ann, day(2024, 5, 1)).await;
    let failed = world
        .change(move |tx| {
            tx.add_media(
                &may::<AddMedia>(Actor::Person(ann), library(ann)),
                &photo(at_local(0)),
                NOW,
            )?;
            act(tx, ann, kept, Deed::Trash)?;
            Err::<(), _>(StoreError::Stale)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(world.user(ann).await.items, 1);
    let (counted, kept) = counted(&world);
    assert_eq!((counted.len(), counted), (1, kept));
}

#[testkit::both]
async fn counts_hold_when_many_change_at_once(world: World) {
    let ann = world.person("ann").await;
    let mut ids = vec![];
    for n in 0..16 {
        ids.push(world.item(ann, day(2024, 5, 1 + n)).await);
    }
    let deeds = [
        Deed::Archive(Mark::Set),
        Deed::Favorite(Mark::Set),
        Deed::Trash,
        Deed::Restore,
        Deed::Archive(Mark::Cleared),
    ];
    let tasks: Vec<_> = (0..8_usize)
        .map(|n| {
            let (store, ids) = (world.store.clone(), ids.clone());
            tokio::spawn(async move {
                for (step, deed) in deeds.iter().cycle().skip(n).take(20).copied().enumerate() {
                    let id = ids[(n * 5 + step) % ids.len()];
                    store
                        .write::<_, StoreError>(move |tx| {
                            act(tx, ann, id, deed)?;
                            Ok(tx.unaudited(()))
                        })
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (counted, kept) = counted(&world);
    assert_eq!(counted, kept);
}
