use crate::world::*;
use domain::{
    Actor, At, BlobId, Camera, Description, DescriptionSource, Errand, Failure, MediaId, MediaKind, MediaState, Month,
    Position, RenditionKind, Title, VersionId, View,
    policy::{MediaFacts, ProcessVersion, ViewMedia},
};
use store::{MediaChange, NewRendition, Processed, StoreError};

fn found() -> Processed {
    Processed {
        kind: MediaKind::Photo,
        mime: "image/heic".into(),
        width: Some(4032),
        height: Some(3024),
        duration_ms: None,
        taken: Some(at_local(day(2023, 7, 1))),
        position: Some(Position::new(50.06, 19.94).unwrap()),
        camera: Camera {
            make: Some("FUJIFILM".into()),
            iso: Some(200),
            aperture: Some(2.8),
            exposure_time: Some(1.0 / 250.0),
            ..Camera::default()
        },
        title: Some(Title::parse("from the file").unwrap()),
        description: Some(Description::parse("from the file").unwrap()),
        thumbhash: Some(vec![9; 25]),
        warning: None,
        pack: Some((
            blob(content(), 40_000),
            vec![
                rendition(RenditionKind::Thumb, 0, 17_000),
                rendition(RenditionKind::Preview, 17_000, 23_000),
            ],
        )),
    }
}

fn rendition(kind: RenditionKind, byte_offset: u64, byte_length: u64) -> NewRendition {
    NewRendition {
        kind,
        byte_offset,
        byte_length,
        mime: "image/webp".into(),
        width: 341,
        height: 256,
    }
}

async fn record(world: &World, id: MediaId, version: VersionId, found: Processed) -> Result<(), StoreError> {
    world
        .change(move |tx| {
            let facts = tx.media_to_change(id)?.ok_or(StoreError::Stale)?;
            tx.record_processed(
                &may::<ProcessVersion>(Actor::System(Errand::Processing), facts),
                version,
                &found,
                NOW,
            )
        })
        .await
}

/// Records the usual finding; gives back the object with the renditions.
pub async fn process(world: &World, id: MediaId, version: VersionId) -> BlobId {
    let found = found();
    let pack = found.pack.as_ref().unwrap().0.id;
    record(world, id, version, found).await.unwrap();
    pack
}

pub async fn fail(world: &World, id: MediaId, version: VersionId) {
    world
        .change(move |tx| {
            let facts = tx.media_to_change(id)?.ok_or(StoreError::Stale)?;
            let failure = Failure {
                code: "damaged".into(),
                detail: "It ends in the middle.".into(),
            };
            tx.record_failure(
                &may::<ProcessVersion>(Actor::System(Errand::Processing), facts),
                version,
                &failure,
                NOW,
            )
        })
        .await
        .unwrap();
}

#[testkit::both]
async fn what_was_found_is_recorded_and_moves_the_item_to_its_month(world: World) {
    let ann = world.person("ann").await;
    let new = photo(at_local(day(2026, 11, 24)));
    let (id, version) = (new.id, new.version);
    world.add(ann, new).await;
    let pack = process(&world, id, version).await;
    let (row, expected) = (world.media(ann, id).await, found());
    assert_eq!(
        (row.state, row.mime.as_str(), row.width, row.height),
        (MediaState::Ready, "image/heic", Some(4032), Some(3024))
    );
    assert_eq!(
        (row.camera, row.position, Some(row.taken)),
        (expected.camera, expected.position, expected.taken)
    );
    assert_eq!(
        (row.title.as_str(), row.description_source),
        ("from the file", DescriptionSource::File)
    );
    assert_eq!(row.thumbhash, expected.thumbhash);
    let months = world.read(move |tx| tx.months(&scope(ann, View::Timeline))).await;
    assert_eq!(
        months.iter().map(|m| (m.month, m.items)).collect::<Vec<_>>(),
        [(Month(2023 * 12 + 6), 1)]
    );
    let rendition = world
        .read(move |tx| {
            let withheld = tx.rendition(id, RenditionKind::Preview)?.ok_or(StoreError::Stale)?;
            let another = MediaFacts {
                id: MediaId(uuid::Uuid::from_u128(9)),
                ..withheld.facts.clone()
            };
            let refused = withheld.clone().give(&may(Actor::Person(ann), another));
            assert!(matches!(refused, Err(StoreError::Stale)), "it belongs to one item only");
            let facts = withheld.facts.clone();
            withheld.give(&may::<ViewMedia>(Actor::Person(ann), facts))
        })
        .await
        .unwrap();
    assert_eq!(
        (rendition.blob.id, rendition.byte_offset, rendition.byte_length),
        (pack, 17_000, 23_000)
    );
}

#[testkit::both]
async fn what_a_person_said_stays(world: World) {
    let ann = world.person("ann").await;
    let new = photo(at_local(day(2026, 11, 24)));
    let (id, version) = (new.id, new.version);
    world.add(ann, new).await;
    world.act(ann, id, Deed::Date(day(2001, 1, 1))).await;
    let place = Position::new(1.0, 2.0).unwrap();
    world
        .change(move |tx| {
            let facts = tx.media_to_change(id)?.ok_or(StoreError::Stale)?;
            let change = MediaChange {
                title: Some(Title::parse("mine").unwrap()),
                description: Some(Description::parse("mine").unwrap()),
                position: Some(Some(place)),
                ..MediaChange::default()
            };
            tx.edit_media(&may(Actor::Person(ann), facts), &change, NOW)
        })
        .await
        .unwrap();
    process(&world, id, version).await;
    let row = world.media(ann, id).await;
    assert_eq!((row.taken.local, row.position), (At(day(2001, 1, 1)), Some(place)));
    assert_eq!((row.title.as_str(), row.description.as_str()), ("mine", "mine"));
    assert_eq!(row.description_source, DescriptionSource::Person);
}

#[testkit::both]
async fn what_a_file_does_not_say_stays_and_its_time_comes_with_its_own_zone_or_none(world: World) {
    let ann = world.person("ann").await;
    let mut new = photo(at_local(day(2026, 11, 24)));
    new.taken.offset_minutes = Some(60);
    let (id, version, added) = (new.id, new.version, new.taken);
    world.add(ann, new).await;
    let before = world.media(ann, id).await;
    let silent = Processed {
        taken: None,
        position: None,
        title: None,
        description: None,
        ..found()
    };
    record(&world, id, version, silent.clone()).await.unwrap();
    let row = world.media(ann, id).await;
    assert_eq!((row.taken, row.position, row.state), (added, None, MediaState::Ready));
    assert_eq!(
        (row.title, row.description, row.description_source),
        (before.title, before.description, before.description_source)
    );
    assert_eq!(row.revision, before.revision + 1);

    let mut taken = at_local(day(2023, 7, 1));
    taken.offset_minutes = None;
    let said = Processed {
        taken: Some(taken),
        pack: found().pack,
        ..silent
    };
    record(&world, id, version, said).await.unwrap();
    assert_eq!(world.media(ann, id).await.taken, taken);
}

#[testkit::both]
async fn a_second_run_replaces_the_first_ones_renditions(world: World) {
    let ann = world.person("ann").await;
    let new = photo(at_local(0));
    let (id, version) = (new.id, new.version);
    world.add(ann, new).await;
    let first = process(&world, id, version).await;
    let second = process(&world, id, version).await;
    let doomed: Vec<_> = world
        .read(|tx| tx.doomed_blobs(&housekeeping(), 9))
        .await
        .into_iter()
        .map(|b| b.id)
        .collect();
    assert_eq!(doomed, [first]);
    assert!(world.read(move |tx| tx.has_blob(second)).await);
    assert_eq!(world.ask("SELECT COUNT(*) FROM rendition")[0][0], "2");
}

#[testkit::both]
async fn a_file_that_says_nothing_changes_no_date(world: World) {
    let ann = world.person("ann").await;
    let new = photo(at_local(day(2026, 11, 24)));
    let (id, version, taken) = (new.id, new.version, new.taken);
    world.add(ann, new).await;
    record(
        &world,
        id,
        version,
        Processed {
            taken: None,
            pack: None,
            ..found()
        },
    )
    .await
    .unwrap();
    assert_eq!(world.media(ann, id).await.taken, taken);
}

#[testkit::both]
async fn another_versions_result_is_refused(world: World) {
    let ann = world.person("ann").await;
    let item = world.item(ann, 0).await;
    let refused = record(&world, item, id(), found()).await;
    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    assert_eq!(world.media(ann, item).await.state, MediaState::Processing);
}

#[testkit::both]
async fn damage_is_told_with_the_names_of_files(world: World) {
    let ann = world.person("ann").await;
    let new = photo(at_local(0));
    let (id, version, original) = (new.id, new.version, new.blob.clone());
    world.add(ann, new).await;
    let pack = process(&world, id, version).await;
    let verification = || {
        may(
            Actor::System(Errand::Verification),
            domain::policy::InstallationFacts { has_users: true },
        )
    };
    for object in [original.id, pack] {
        assert_eq!(
            world.read(move |tx| tx.names_of_blob(&verification(), object)).await,
            ["IMG_0001.JPG"]
        );
    }
    let walked = world
        .read(move |tx| tx.blobs(&verification(), BlobId(uuid::Uuid::nil()), 10))
        .await;
    assert_eq!(walked.iter().map(|b| b.id).collect::<Vec<_>>(), [original.id, pack]);
    assert_eq!(walked[0], original);
    let first = original.id;
    assert_eq!(
        world.read(move |tx| tx.blobs(&verification(), first, 10)).await.len(),
        1
    );
    assert_eq!(
        world.read(move |tx| tx.blob_totals(&verification())).await,
        (2, 1100 + 40_100)
    );
    world
        .change(move |tx| tx.mark_verified(&verification(), &[first, pack], NOW))
        .await
        .unwrap();
    assert_eq!(
        world.ask("SELECT COUNT(*) FROM blob WHERE verified_at IS NOT NULL")[0][0],
        "2"
    );
}
