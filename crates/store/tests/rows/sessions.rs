use crate::world::*;
use domain::{
    Actor, At, Person, SessionId,
    policy::{ListSessions, RevokeSession},
};
use store::StoreError;

const FIRST: [u8; 32] = [1; 32];
const SECOND: [u8; 32] = [2; 32];

#[testkit::both]
async fn a_refresh_token_is_exchanged_once(world: World) {
    let ann = world.person("ann").await;
    let session = world.sign_in(ann, FIRST).await;
    let token = world.change(|tx| tx.refresh_token(&FIRST)).await.unwrap().unwrap();
    assert_eq!(
        (token.session.id, token.session.user, token.used_at),
        (session, ann.id, None)
    );
    let later = NOW.plus(At::MINUTE);
    let old = token.clone();
    world
        .change(move |tx| tx.rotate_refresh(&old, &FIRST, &SECOND, later.plus(At::DAY), later))
        .await
        .unwrap();

    // Used again: its reader sees that it was used, and the exchange itself refuses.
    let used = world.change(|tx| tx.refresh_token(&FIRST)).await.unwrap().unwrap();
    assert_eq!(used.used_at, Some(later));
    let twice = world
        .change(move |tx| tx.rotate_refresh(&token, &FIRST, &[3; 32], later, later))
        .await;
    assert!(matches!(twice, Err(StoreError::Stale)), "{twice:?}");
    let next = world.change(|tx| tx.refresh_token(&SECOND)).await.unwrap().unwrap();
    assert_eq!((next.used_at, next.expires_at), (None, later.plus(At::DAY)));
    assert_eq!(
        world.change(|tx| tx.refresh_token(&[3; 32])).await.unwrap(),
        None,
        "nothing of the refused exchange stayed"
    );
}

#[testkit::both]
async fn of_many_exchanges_of_one_token_at_once_one_succeeds(world: World) {
    let ann = world.person("ann").await;
    world.sign_in(ann, FIRST).await;
    let tries: Vec<_> = (10..18_u8)
        .map(|n| {
            let store = world.store.clone();
            tokio::spawn(async move {
                store
                    .write::<_, StoreError>(move |tx| {
                        let token = tx.refresh_token(&FIRST)?.ok_or(StoreError::Stale)?;
                        if token.used_at.is_some() {
                            return Ok(tx.unaudited(false));
                        }
                        tx.rotate_refresh(&token, &FIRST, &[n; 32], NOW.plus(At::DAY), NOW)?;
                        Ok(tx.unaudited(true))
                    })
                    .await
            })
        })
        .collect();
    let mut exchanged = 0;
    for one in tries {
        exchanged += usize::from(one.await.unwrap().unwrap());
    }
    assert_eq!(exchanged, 1, "the others see that it was used, on either database");
}

#[testkit::both]
async fn the_family_dies_with_its_session(world: World) {
    let ann = world.person("ann").await;
    let session = world.sign_in(ann, FIRST).await;
    let other = world.sign_in(ann, [9; 32]).await;
    assert_eq!(
        world
            .read(move |tx| tx.person_of_session(session, NOW))
            .await
            .unwrap()
            .id,
        ann.id
    );
    let list =
        move |tx: &mut store::Tx<'_, '_>| tx.sessions(&may::<ListSessions>(Actor::Person(ann), user_facts(ann)), NOW);
    assert_eq!(world.read(list).await.len(), 2);
    for _ in 0..2 {
        world.change(move |tx| end(tx, ann, session)).await.unwrap();
    }
    assert_eq!(world.read(move |tx| tx.person_of_session(session, NOW)).await, None);
    assert_eq!(world.read(move |tx| tx.session_facts(session)).await, None);
    assert!(
        world
            .change(|tx| tx.refresh_token(&FIRST))
            .await
            .unwrap()
            .unwrap()
            .revoked_at
            .is_some()
    );
    let left: Vec<_> = world.read(list).await.into_iter().map(|s| s.id).collect();
    assert_eq!(left, [other]);
}

#[testkit::both]
async fn a_session_ends_by_itself(world: World) {
    let ann = world.person("ann").await;
    let session = world.sign_in(ann, FIRST).await;
    let end = NOW.plus(30 * At::DAY);
    assert!(
        world
            .read(move |tx| tx.person_of_session(session, end.plus(-1)))
            .await
            .is_some()
    );
    assert!(world.read(move |tx| tx.person_of_session(session, end)).await.is_none());
    // Asked again and again, within one view: the time is looked at each time.
    for _ in 0..20 {
        let asked = [end.plus(-1), end].map(|at| world.store.person_of_session(session, at));
        let [before, after] = asked;
        assert_eq!(before.await.unwrap().map(|p| p.id), Some(ann.id));
        assert_eq!(after.await.unwrap(), None);
    }
}

#[testkit::both]
async fn a_session_that_is_asked_for_all_the_time_ends_at_once(world: World) {
    let ann = world.person("ann").await;
    for n in 0..50_u8 {
        let session = world.sign_in(ann, [n; 32]).await;
        for _ in 0..5 {
            let person = world.store.person_of_session(session, NOW).await.unwrap();
            assert_eq!(person.map(|p| p.session), Some(Some(session)));
        }
        let end = world.change(move |tx| end(tx, ann, session));
        end.await.unwrap();
        assert_eq!(world.store.person_of_session(session, NOW).await.unwrap(), None);
    }
}

#[testkit::both]
async fn a_session_that_another_process_ends_ends_soon(world: World) {
    let ann = world.person("ann").await;
    let session = world.sign_in(ann, FIRST).await;
    let other = world.second_store();
    assert!(world.store.person_of_session(session, NOW).await.unwrap().is_some());
    let ended = other.write::<_, StoreError>(move |tx| {
        end(tx, ann, session)?;
        Ok(tx.unaudited(()))
    });
    ended.await.unwrap();
    let asked = std::time::Instant::now();
    while world.store.person_of_session(session, NOW).await.unwrap().is_some() {
        assert!(asked.elapsed().as_secs() < 5, "it never ends here");
    }
}

/// Where the database is another program, a request is begun by who its session belonged to a moment ago.
#[testkit::both]
async fn nothing_comes_of_going_by_a_session_that_has_ended(world: World) {
    let ann = world.person("ann").await;
    let session = world.sign_in(ann, FIRST).await;
    let store = &world.store;
    assert!(store.believed(session, NOW).is_none(), "nobody has asked yet");
    store.person_of_session(session, NOW).await.unwrap();
    if store.engine() == "sqlite" {
        assert!(store.believed(session, NOW).is_none(), "asking takes no longer");
        return;
    }
    let believed = || store.believed(session, NOW).unwrap();
    assert!(
        store.believed(session, NOW.plus(31 * At::DAY)).is_none(),
        "it has ended by itself"
    );
    let count = |by: &'static str| {
        store.write::<_, StoreError>(move |tx| {
            tx.count_sign_in_failure(by, NOW)?;
            Ok(tx.unaudited(()))
        })
    };
    let counted = |by: &'static str| store.read::<_, StoreError>(move |tx| tx.sign_in_failures(by));

    let good = believed();
    let done = store.going_by(&good, async {
        assert_eq!(good.person().id, ann.id);
        count("good").await?;
        counted("good").await
    });
    assert_eq!(done.await.unwrap().unwrap(), Some((1, NOW)));

    // Each of these is the first to notice.
    let notices = [0, 1, 2, 3].map(|_| believed());
    let other = world.second_store();
    let ended = other.write::<_, StoreError>(move |tx| {
        end(tx, ann, session)?;
        Ok(tx.unaudited(()))
    });
    ended.await.unwrap();
    let [reads, writes, idles, ignores] = &notices;

    let told = store.going_by(reads, async {
        reads.person();
        let told = counted("good").await;
        assert!(matches!(told, Err(StoreError::Outdated)), "{told:?}");
    });
    assert!(matches!(told.await, Err(StoreError::Outdated)));
    let kept = store.going_by(writes, async {
        writes.person();
        let kept = count("bad").await;
        assert!(matches!(kept, Err(StoreError::Outdated)), "{kept:?}");
    });
    assert!(matches!(kept.await, Err(StoreError::Outdated)));
    assert_eq!(counted("bad").await.unwrap(), None);
    let asked_nothing = store.going_by(idles, async {
        idles.person();
    });
    assert!(matches!(asked_nothing.await, Err(StoreError::Outdated)));
    // A request that does not ask who it is from is none of the session's business.
    let anyone = store.going_by(ignores, counted("good"));
    assert_eq!(anyone.await.unwrap().unwrap(), Some((1, NOW)));
    assert!(store.believed(session, NOW).is_none(), "it is not believed again");
}

fn end(tx: &mut store::Tx<'_, '_>, person: Person, session: SessionId) -> Result<(), StoreError> {
    let facts = domain::policy::SessionFacts {
        id: session,
        user: person.id,
    };
    tx.revoke_session(&may::<RevokeSession>(Actor::Person(person), facts), NOW)
}

#[testkit::both]
async fn failures_are_counted_for_a_day(world: World) {
    let count = |at: At| world.change(move |tx| tx.count_sign_in_failure("user:ann", at));
    count(NOW).await.unwrap();
    count(NOW.plus(At::MINUTE)).await.unwrap();
    let seen = world.read(|tx| tx.sign_in_failures("user:ann")).await;
    assert_eq!(seen, Some((2, NOW.plus(At::MINUTE))));
    count(NOW.plus(2 * At::DAY)).await.unwrap();
    assert_eq!(world.read(|tx| tx.sign_in_failures("user:ann")).await.unwrap().0, 1);
    world.change(|tx| tx.clear_sign_in_failures("user:ann")).await.unwrap();
    assert_eq!(world.read(|tx| tx.sign_in_failures("user:ann")).await, None);
}
