use crate::world::*;
use domain::{At, EventKind};
use store::Mark;

#[testkit::both]
async fn a_page_that_was_away_catches_up_from_where_it_was(world: World) {
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    assert_eq!(
        world.read(|tx| Ok((tx.oldest_event()?, tx.latest_event()?))).await,
        (0, 0)
    );
    let first = world.item(ann, 0).await;
    let seen = world.read(|tx| tx.latest_event()).await;
    let second = world.item(ann, 1).await;
    let bobs = world.item(bob, 2).await;
    world.act(ann, first, Deed::Favorite(Mark::Set)).await;

    let missed = world.read(move |tx| tx.events_of(&ann, seen, 100)).await;
    let kinds: Vec<_> = missed.iter().map(|e| (e.kind, e.media, e.audience, e.at)).collect();
    assert_eq!(
        kinds,
        [
            (EventKind::MediaCreated, second, ann.id, NOW),
            (EventKind::MediaUpdated, first, ann.id, NOW)
        ]
    );
    assert!(missed.is_sorted_by(|a, b| a.seq < b.seq));
    let all = world.read(|tx| tx.events_behind(0, 100)).await;
    assert_eq!(
        all.iter().map(|e| e.media).collect::<Vec<_>>(),
        [first, second, bobs, first]
    );
    let page = world.read(|tx| tx.events_behind(0, 2)).await;
    let rest = world.read(move |tx| tx.events_behind(page[1].seq, 100)).await;
    assert_eq!(rest, all[2..]);
    let ends = world.read(|tx| Ok((tx.oldest_event()?, tx.latest_event()?))).await;
    assert_eq!(ends, (all[0].seq, all[3].seq));
}

#[testkit::both]
async fn several_changes_of_one_item_in_one_change_are_told_once(world: World) {
    let ann = world.person("ann").await;
    let id = world.item(ann, 0).await;
    world.heard();
    world
        .change(move |tx| {
            act(tx, ann, id, Deed::Favorite(Mark::Set))?;
            act(tx, ann, id, Deed::Archive(Mark::Set))
        })
        .await
        .unwrap();
    assert_eq!(world.heard()[0].events.len(), 1);
    assert_eq!(world.read(move |tx| tx.events_of(&ann, 0, 100)).await.len(), 2);
}

#[testkit::both]
async fn what_only_serves_for_a_while_is_forgotten(world: World) {
    let ann = world.person("ann").await;
    world.item(ann, 0).await;
    world.sign_in(ann, [1; 32]).await;
    world
        .change(|tx| tx.count_sign_in_failure("ip:192.0.2.7", NOW))
        .await
        .unwrap();
    world
        .change(move |tx| tx.begin_idempotent(ann.id, "key", &[1; 32], NOW))
        .await
        .unwrap();
    let forget = |now: At| world.change(move |tx| tx.forget_the_old(&housekeeping(), now));
    assert_eq!(forget(NOW.plus(At::DAY)).await.unwrap(), 0);
    assert_eq!(forget(NOW.plus(At::DAY + 1)).await.unwrap(), 3);
    assert_eq!(world.read(|tx| tx.latest_event()).await, 0);
    // A session and its tokens go a month after its end, so that a late reuse is still seen as one.
    assert_eq!(forget(NOW.plus(60 * At::DAY)).await.unwrap(), 0);
    assert_eq!(forget(NOW.plus(60 * At::DAY + 1)).await.unwrap(), 2);
    // Numbers are not given out twice: a page that waits for the next one is never told an old one.
    let before = world.item(ann, 1).await;
    let seq = world.read(|tx| tx.latest_event()).await;
    assert_eq!(
        (seq, before),
        (2, world.read(|tx| tx.events_behind(1, 9)).await[0].media)
    );
}
