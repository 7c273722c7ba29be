use crate::world::*;
use domain::{At, UserId};
use store::{Idempotency, StoreError, StoredAnswer};

const PRINT: [u8; 32] = [5; 32];

async fn begin(world: &World, actor: UserId, print: [u8; 32], now: At) -> Idempotency {
    world
        .change(move |tx| tx.begin_idempotent(actor, "key", &print, now))
        .await
        .unwrap()
}

fn answer() -> StoredAnswer {
    StoredAnswer {
        status: 201,
        headers: "{}".into(),
        body: vec![0, 255, 1],
    }
}

#[testkit::both]
async fn a_repeated_request_is_answered_and_not_done_again(world: World) {
    let (ann, bob) = (world.person("ann").await.id, world.person("bob").await.id);
    assert_eq!(begin(&world, ann, PRINT, NOW).await, Idempotency::Fresh);
    assert_eq!(begin(&world, ann, PRINT, NOW).await, Idempotency::UnderWay);
    assert_eq!(begin(&world, ann, [6; 32], NOW).await, Idempotency::Different);
    assert_eq!(
        begin(&world, bob, PRINT, NOW).await,
        Idempotency::Fresh,
        "keys are everybody's own"
    );
    world
        .change(move |tx| tx.finish_idempotent(ann, "key", &answer()))
        .await
        .unwrap();
    assert_eq!(
        begin(&world, ann, PRINT, NOW.plus(At::HOUR)).await,
        Idempotency::Done(answer())
    );
    assert_eq!(begin(&world, ann, [6; 32], NOW).await, Idempotency::Different);
}

#[testkit::both]
async fn one_that_was_cut_off_or_given_up_is_begun_anew(world: World) {
    let ann = world.person("ann").await.id;
    begin(&world, ann, PRINT, NOW).await;
    assert_eq!(
        begin(&world, ann, PRINT, NOW.plus(At::MINUTE)).await,
        Idempotency::UnderWay
    );
    assert_eq!(
        begin(&world, ann, PRINT, NOW.plus(At::MINUTE + 1)).await,
        Idempotency::Fresh
    );
    world.change(move |tx| tx.abandon_idempotent(ann, "key")).await.unwrap();
    assert_eq!(begin(&world, ann, [6; 32], NOW).await, Idempotency::Fresh);
    world
        .change(move |tx| tx.finish_idempotent(ann, "key", &answer()))
        .await
        .unwrap();
    world.change(move |tx| tx.abandon_idempotent(ann, "key")).await.unwrap();
    assert_eq!(
        begin(&world, ann, [6; 32], NOW).await,
        Idempotency::Done(answer()),
        "an answer that was given stays"
    );
}

#[testkit::both]
async fn of_eight_at_once_one_is_fresh(world: World) {
    let ann = world.person("ann").await.id;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = world.store.clone();
            tokio::spawn(async move {
                store
                    .write::<_, StoreError>(move |tx| {
                        let begun = tx.begin_idempotent(ann, "key", &PRINT, NOW)?;
                        Ok(tx.unaudited(begun))
                    })
                    .await
            })
        })
        .collect();
    let mut fresh = 0;
    for task in tasks {
        fresh += usize::from(task.await.unwrap().unwrap() == Idempotency::Fresh);
    }
    assert_eq!(fresh, 1);
}
