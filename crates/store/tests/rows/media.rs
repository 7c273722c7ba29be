use crate::world::*;
use domain::{
    Actor, At, Description, DescriptionSource, EventKind, MediaId, MediaState, Position, Priority, Shelf, TakenSource,
    Title,
    policy::{AddMedia, DownloadMedia, EditMedia, RetryMedia, ViewMedia},
};
use store::{Added, Mark, MediaChange, StoreError};

#[testkit::both]
async fn an_item_reads_back_as_it_was_added(world: World) {
    let ann = world.person("ann").await;
    let mut new = photo(at_local(day(2024, 5, 17)));
    new.title = Some(Title::parse("Na plaży").unwrap());
    new.description = Some(Description::parse("two\nlines").unwrap());
    new.favorite = true;
    new.archived = true;
    new.sidecar = Some("{}".into());
    let expected = new.clone();
    assert_eq!(world.add(ann, new).await, Added::New(expected.id));

    let row = world.media(ann, expected.id).await;
    assert_eq!(
        (row.id, row.kind, row.state, row.shelf),
        (expected.id, expected.kind, MediaState::Processing, Shelf::Archive)
    );
    assert_eq!(
        (row.title.as_str(), row.description.as_str()),
        ("Na plaży", "two\nlines")
    );
    assert_eq!(row.description_source, DescriptionSource::Person);
    assert_eq!(
        (row.size, row.sha256, row.taken),
        (1000, expected.blob.sha256, expected.taken)
    );
    assert_eq!((row.version, row.revision, row.favorite), (1, 1, true));
    assert_eq!(
        (row.archived_at, row.deleted_at, row.failure, row.position),
        (Some(NOW), None, None, None)
    );
    let user = world.user(ann).await;
    assert_eq!((user.used_bytes, user.items), (1000, 1));

    let id = expected.id;
    let (original, versions) = world
        .read(move |tx| {
            let facts = tx.media_facts(id)?.ok_or(StoreError::Stale)?;
            let original = tx.original(&may::<DownloadMedia>(Actor::Person(ann), facts.clone()))?;
            Ok((original, tx.versions(&may::<ViewMedia>(Actor::Person(ann), facts))?))
        })
        .await;
    assert_eq!(versions, std::slice::from_ref(&original));
    assert_eq!(
        (original.blob, original.id, original.number),
        (expected.blob, expected.version, 1)
    );
    assert_eq!(
        (original.uploaded_by, original.file_time, original.sidecar.as_deref()),
        (ann.id, Some(NOW), Some("{}"))
    );
}

#[testkit::both]
async fn the_same_content_is_one_item_per_owner(world: World) {
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let same = content();
    let first = photo_of(same, at_local(0));
    let id = first.id;
    let object = first.blob.id;
    assert_eq!(world.add(ann, first).await, Added::New(id));
    let second = photo_of(same, at_local(day(2020, 1, 1)));
    let unneeded = second.blob.id;
    assert_eq!(world.add(ann, second).await, Added::Existing(id));
    let others = photo_of(same, at_local(0));
    assert_eq!(world.add(bob, others.clone()).await, Added::New(others.id));

    assert_eq!((world.user(ann).await.items, world.user(bob).await.items), (1, 1));
    assert!(world.read(move |tx| tx.has_blob(object)).await);
    assert!(
        !world.read(move |tx| tx.has_blob(unneeded)).await,
        "nothing of the second stayed"
    );
    assert_eq!(same_content(&world, ann, same).await, Some(id));
    assert_eq!(same_content(&world, ann, content()).await, None);
    assert_eq!(world.ask("SELECT COUNT(*) FROM job")[0][0], "2");
}

async fn same_content(world: &World, person: domain::Person, sha256: domain::Sha256) -> Option<MediaId> {
    world
        .change(move |tx| tx.same_content(&may::<AddMedia>(Actor::Person(person), library(person)), sha256, NOW))
        .await
        .unwrap()
}

#[testkit::both]
async fn adding_what_lies_in_the_trash_takes_it_out(world: World) {
    let ann = world.person("ann").await;
    let new = photo(at_local(day(2024, 5, 17)));
    let (id, same) = (new.id, new.blob.sha256);
    world.add(ann, new).await;
    world.act(ann, id, Deed::Archive(Mark::Set)).await;
    for _ in 0..2 {
        world.act(ann, id, Deed::Trash).await;
        assert_eq!(same_content(&world, ann, same).await, Some(id));
        assert_eq!(world.media(ann, id).await.shelf, Shelf::Archive);
        assert_eq!(same_content(&world, ann, same).await, Some(id), "and it stays there");
    }
    assert_eq!(world.add(ann, photo_of(same, at_local(0))).await, Added::Existing(id));
    assert_eq!(world.user(ann).await.items, 1);
}

#[testkit::both]
async fn the_same_content_sent_eight_times_at_once_is_one_item(world: World) {
    let ann = world.person("ann").await;
    let same = content();
    let sends: Vec<_> = (0..8)
        .map(|_| {
            let (store, new) = (world.store.clone(), photo_of(same, at_local(0)));
            tokio::spawn(async move {
                store
                    .write::<_, StoreError>(move |tx| {
                        let added = tx.add_media(&may::<AddMedia>(Actor::Person(ann), library(ann)), &new, NOW)?;
                        Ok(tx.unaudited(added))
                    })
                    .await
            })
        })
        .collect();
    let mut new = 0;
    for send in sends {
        new += usize::from(matches!(send.await.unwrap().unwrap(), Added::New(_)));
    }
    assert_eq!(new, 1);
    assert_eq!(
        (world.user(ann).await.items, world.user(ann).await.used_bytes),
        (1, 1000)
    );
}

#[testkit::both]
async fn words_date_and_place_change_and_count_the_revision_up(world: World) {
    let ann = world.person("ann").await;
    let id = world.item(ann, day(2024, 5, 17)).await;
    let change = MediaChange {
        title: Some(Title::parse("t").unwrap()),
        description: Some(Description::parse("d").unwrap()),
        taken: Some(domain::Taken {
            local: At(day(2019, 12, 31)),
            offset_minutes: None,
            source: TakenSource::Person,
        }),
        position: Some(Some(Position::new(52.2, -21.0).unwrap())),
    };
    let edit = |change: MediaChange| {
        world.change(move |tx| {
            let facts = tx.media_to_change(id)?.ok_or(StoreError::Stale)?;
            tx.edit_media(&may::<EditMedia>(Actor::Person(ann), facts), &change, NOW.plus(1))
        })
    };
    edit(change.clone()).await.unwrap();
    let row = world.media(ann, id).await;
    assert_eq!(
        (row.title.as_str(), row.description.as_str(), row.position),
        ("t", "d", change.position.unwrap())
    );
    assert_eq!(
        (Some(row.taken), row.revision, row.updated_at),
        (change.taken, 2, NOW.plus(1))
    );
    edit(MediaChange {
        position: Some(None),
        ..MediaChange::default()
    })
    .await
    .unwrap();
    let row = world.media(ann, id).await;
    assert_eq!((row.position, row.title.as_str(), row.revision), (None, "t", 3));
}

#[testkit::both]
async fn a_decision_about_an_older_revision_is_refused_and_changes_nothing(world: World) {
    let ann = world.person("ann").await;
    let id = world.item(ann, day(2024, 5, 17)).await;
    let old = world.facts(id).await.unwrap();
    assert!(world.act(ann, id, Deed::Archive(Mark::Set)).await);
    let before = (
        world.media(ann, id).await,
        world.ask("SELECT view, month, items FROM media_month ORDER BY view, month"),
    );
    for deed in 0..4 {
        let old = old.clone();
        let refused = world
            .change(move |tx| {
                let ann = Actor::Person(ann);
                match deed {
                    0 => tx.trash_media(&may(ann, old), NOW),
                    1 => tx.mark_favorite(&may(ann, old), Mark::Set, NOW),
                    2 => tx.archive_media(&may(ann, old), Mark::Cleared, NOW),
                    _ => {
                        let title = Some(Title::parse("lost").unwrap());
                        tx.edit_media(
                            &may(ann, old),
                            &MediaChange {
                                title,
                                ..MediaChange::default()
                            },
                            NOW,
                        )
                    }
                }
            })
            .await;
        assert!(matches!(refused, Err(StoreError::Stale)), "{deed}: {refused:?}");
    }
    let after = (
        world.media(ann, id).await,
        world.ask("SELECT view, month, items FROM media_month ORDER BY view, month"),
    );
    assert_eq!(before, after);
}

#[testkit::both]
async fn out_of_the_trash_it_lies_where_it_lay(world: World) {
    let ann = world.person("ann").await;
    for (archived, shelf) in [(false, Shelf::Timeline), (true, Shelf::Archive)] {
        let mut new = photo(at_local(0));
        new.archived = archived;
        let id = new.id;
        world.add(ann, new).await;
        world.act(ann, id, Deed::Trash).await;
        let row = world.media(ann, id).await;
        assert_eq!(
            (row.shelf, row.deleted_at, row.archived_at.is_some()),
            (Shelf::Trash, Some(NOW), archived)
        );
        world.act(ann, id, Deed::Restore).await;
        let row = world.media(ann, id).await;
        assert_eq!(
            (row.shelf, row.deleted_at, row.archived_at.is_some()),
            (shelf, None, archived)
        );
    }
}

#[testkit::both]
async fn purging_dooms_every_object_and_leaves_no_row(world: World) {
    let ann = world.person("ann").await;
    let mut new = photo(at_local(day(2024, 5, 17)));
    new.favorite = true;
    let (id, version, original) = (new.id, new.version, new.blob.id);
    world.add(ann, new).await;
    let pack = crate::processing::process(&world, id, version).await;
    assert!(!world.act(ann, id, Deed::Purge).await, "only from the trash");
    world.act(ann, id, Deed::Trash).await;
    assert!(world.act(ann, id, Deed::Purge).await);

    assert_eq!(world.facts(id).await, None);
    for table in ["media", "media_version", "rendition", "favorite"] {
        assert_eq!(
            world.ask(&format!("SELECT COUNT(*) FROM {table}"))[0][0],
            "0",
            "{table}"
        );
    }
    let mut doomed: Vec<_> = world
        .read(|tx| tx.doomed_blobs(&housekeeping(), 10))
        .await
        .into_iter()
        .map(|b| b.id)
        .collect();
    doomed.sort();
    let mut expected = vec![original, pack];
    expected.sort();
    assert_eq!(doomed, expected);
    let user = world.user(ann).await;
    assert_eq!((user.used_bytes, user.items), (0, 0));

    // Its objects are forgotten once they are removed.
    for blob in world.read(|tx| tx.doomed_blobs(&housekeeping(), 10)).await {
        world
            .change(move |tx| tx.forget_blob(&housekeeping(), blob))
            .await
            .unwrap();
    }
    assert!(!world.read(|tx| tx.has_blobs()).await);
}

#[testkit::both]
async fn what_lies_in_the_trash_too_long_is_found_oldest_first(world: World) {
    let ann = world.person("ann").await;
    let (one, two, kept) = (
        world.item(ann, 0).await,
        world.item(ann, 1).await,
        world.item(ann, 2).await,
    );
    for (id, at) in [(two, 1), (one, 2), (kept, 3)] {
        world
            .change(move |tx| {
                let facts = tx.media_to_change(id)?.ok_or(StoreError::Stale)?;
                tx.trash_media(&may(Actor::Person(ann), facts), At(at))
            })
            .await
            .unwrap();
    }
    assert_eq!(
        world.read(|tx| tx.trashed_before(&housekeeping(), At(3), 10)).await,
        [two, one]
    );
    assert_eq!(
        world.read(|tx| tx.trashed_before(&housekeeping(), At(3), 1)).await,
        [two]
    );
}

#[testkit::both]
async fn a_failed_item_is_tried_again(world: World) {
    let ann = world.person("ann").await;
    let new = photo(at_local(0));
    let (id, version) = (new.id, new.version);
    world.add(ann, new).await;
    crate::processing::fail(&world, id, version).await;
    let row = world.media(ann, id).await;
    assert_eq!(
        (row.state, row.failure.unwrap().code.as_str()),
        (MediaState::Failed, "damaged")
    );
    world.ask("UPDATE job SET state = 'dead'");
    let job = crate::world::id();
    world
        .change(move |tx| {
            let facts = tx.media_to_change(id)?.ok_or(StoreError::Stale)?;
            tx.retry_media(
                &may::<RetryMedia>(Actor::Person(ann), facts),
                job,
                Priority::Person,
                NOW,
            )
        })
        .await
        .unwrap();
    let row = world.media(ann, id).await;
    assert_eq!((row.state, row.failure), (MediaState::Processing, None));
    assert_eq!(
        world.ask("SELECT state, priority FROM job"),
        [["waiting", &(Priority::Person as i32).to_string()]]
    );
}

#[testkit::both]
async fn the_audit_log_says_who_did_what_from_where(world: World) {
    let ann = world.person("ann").await;
    let id = world.item(ann, 0).await;
    world.act(ann, id, Deed::Trash).await;
    let row = world
        .ask("SELECT action, actor, actor_id, resource, resource_id, ip, at FROM audit_event")
        .remove(0);
    let expected = [
        "media.trash".to_owned(),
        "person".into(),
        ann.id.0.to_string(),
        "media".into(),
        id.0.to_string(),
        "192.0.2.7".into(),
        NOW.0.to_string(),
    ];
    assert_eq!(
        row.iter().map(|c| c.replace('-', "")).collect::<Vec<_>>(),
        expected.map(|c| c.replace('-', ""))
    );
}

#[testkit::both]
async fn an_unknown_item_is_nothing(world: World) {
    assert_eq!(world.facts(id::<MediaId>()).await, None);
    assert_eq!(world.change(|tx| tx.media_to_change(id())).await.unwrap(), None);
    assert!(!world.read(|tx| tx.is_current(id(), id())).await);
}

#[testkit::both]
async fn each_change_of_an_item_is_announced_to_its_owner(world: World) {
    let ann = world.person("ann").await;
    let id = world.item(ann, 0).await;
    world.act(ann, id, Deed::Favorite(Mark::Set)).await;
    world.act(ann, id, Deed::Trash).await;
    world.act(ann, id, Deed::Purge).await;
    let kinds: Vec<_> = world
        .heard()
        .into_iter()
        .flat_map(|a| a.events)
        .map(|e| (e.audience, e.kind, e.media))
        .collect();
    let expected = [
        EventKind::MediaCreated,
        EventKind::MediaUpdated,
        EventKind::MediaUpdated,
        EventKind::MediaRemoved,
    ];
    assert_eq!(kinds, expected.map(|kind| (ann.id, kind, id)));
}
