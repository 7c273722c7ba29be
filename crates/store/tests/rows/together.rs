//! Several at once: both databases give the same answers.

use crate::world::*;
use domain::{Actor, MediaId, Person, Shelf, policy::TrashMedia};
use store::{Store, StoreError};

async fn trash(store: &Store, person: Person, media: MediaId) -> Result<bool, StoreError> {
    store
        .write(move |tx| {
            let facts = tx.media_to_change(media)?.ok_or(StoreError::Stale)?;
            let allowed = may::<TrashMedia>(Actor::Person(person), facts);
            if allowed.facts().shelf == Shelf::Trash {
                return Ok(tx.unaudited(false));
            }
            tx.trash_media(&allowed, NOW)?;
            tx.audited(&allowed, &call(person), true)
        })
        .await
}

#[testkit::both]
async fn eight_who_trash_one_item_at_once_all_succeed(world: World) {
    let ann = world.person("ann").await;
    let second = world.second_store();
    for round in 0..10 {
        let media = world.item(ann, day(2024, 5, 1)).await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let store = if n % 2 == 0 {
                    world.store.clone()
                } else {
                    second.clone()
                };
                tokio::spawn(async move { trash(&store, ann, media).await })
            })
            .collect();
        let mut moved = 0;
        for task in tasks {
            moved += usize::from(task.await.unwrap().unwrap());
        }
        assert_eq!(moved, 1, "round {round}: one moved it, the others found it there");
        assert_eq!(world.media(ann, media).await.revision, 2);
    }
    assert_eq!(
        world.ask("SELECT COUNT(*) FROM audit_event WHERE action = 'media.trash'")[0][0],
        "10"
    );
}

#[testkit::both]
async fn a_second_server_sees_what_the_first_one_acknowledged(world: World) {
    let ann = world.person("ann").await;
    let second = world.second_store();
    for n in 0..20 {
        let media = world.item(ann, n).await;
        let seen = second
            .read::<_, StoreError>(move |tx| tx.media_facts(media))
            .await
            .unwrap();
        assert!(seen.is_some(), "{n}");
    }
}
