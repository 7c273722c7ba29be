use crate::world::*;
use domain::{
    Actor, At, Errand, FileName, Person,
    policy::{AddMedia, CancelUpload, ContinueUpload, UploadFacts},
};
use store::{NewUpload, StoreError, UploadDetails};

fn upload(size: u64) -> NewUpload {
    NewUpload {
        id: upload_id(),
        blob: id(),
        file_name: FileName::clip("Zdjęcie 1.heic"),
        size,
        sha256: Some(content()),
        details: UploadDetails {
            title: Some("a \"title\"".into()),
            description: None,
            taken_at: Some(at_local(day(2020, 2, 29))),
            modified_at: Some(At(-5)),
        },
        expires_at: NOW.plus(At::DAY),
    }
}

async fn begin(world: &World, person: Person, new: &NewUpload) {
    let new = new.clone();
    world
        .change(move |tx| tx.create_upload(&may::<AddMedia>(Actor::Person(person), library(person)), &new, NOW))
        .await
        .unwrap();
}

#[testkit::both]
async fn an_upload_reads_back_and_is_found_by_its_object(world: World) {
    let ann = world.person("ann").await;
    let new = upload(u64::from(u32::MAX) + 7);
    begin(&world, ann, &new).await;
    let (id, object) = (new.id, new.blob);
    let row = world
        .read(move |tx| {
            assert!(tx.has_upload_of_blob(object)? && !tx.has_blob(object)?);
            let facts = tx.upload_facts(id)?.ok_or(StoreError::Stale)?;
            tx.upload(&may::<ContinueUpload>(Actor::UploadLink(id), facts))
        })
        .await;
    assert_eq!(
        (row.id, row.owner, row.blob, row.size),
        (new.id, ann.id, new.blob, new.size)
    );
    assert_eq!(
        (row.file_name.as_str(), row.sha256, row.details),
        ("Zdjęcie 1.heic", new.sha256, new.details)
    );
    assert_eq!((row.created_at, row.expires_at, row.media), (NOW, new.expires_at, None));
}

#[testkit::both]
async fn a_completed_upload_tells_what_became_of_it_and_is_completed_once(world: World) {
    let ann = world.person("ann").await;
    let new = upload(1000);
    begin(&world, ann, &new).await;
    let media = world.item(ann, 0).await;
    let id = new.id;
    let facts = UploadFacts { id, owner: ann.id };
    let complete = |facts: UploadFacts| {
        world.change(move |tx| tx.complete_upload(&may::<ContinueUpload>(Actor::UploadLink(id), facts), media))
    };
    complete(facts.clone()).await.unwrap();
    assert!(matches!(complete(facts.clone()).await, Err(StoreError::Stale)));
    let object = new.blob;
    assert!(!world.read(move |tx| tx.has_upload_of_blob(object)).await);
    let under_way = world
        .read(move |tx| tx.uploads(&may::<AddMedia>(Actor::Person(ann), library(ann)), 10))
        .await;
    assert_eq!(under_way, []);
    // Forgetting it leaves the item's object alone.
    let left = world
        .change(move |tx| tx.forget_upload(&may::<CancelUpload>(Actor::Person(ann), facts)))
        .await
        .unwrap();
    assert_eq!(left, None);
}

#[testkit::both]
async fn abandoned_uploads_are_found_when_their_time_is_over(world: World) {
    let ann = world.person("ann").await;
    let (early, mut late) = (upload(1), upload(2));
    late.expires_at = NOW.plus(2 * At::DAY);
    begin(&world, ann, &late).await;
    begin(&world, ann, &early).await;
    assert_eq!(world.read(|tx| tx.expired_uploads(NOW, 10)).await, []);
    let expired = world.read(|tx| tx.expired_uploads(NOW.plus(At::DAY), 10)).await;
    assert_eq!(
        expired,
        [UploadFacts {
            id: early.id,
            owner: ann.id
        }]
    );
    let facts = expired[0].clone();
    let left = world
        .change(move |tx| tx.forget_upload(&may::<CancelUpload>(Actor::System(Errand::Housekeeping), facts)))
        .await;
    assert_eq!(left.unwrap(), Some(early.blob));
    let id = early.id;
    assert_eq!(world.read(move |tx| tx.upload_facts(id)).await, None);
}
