use crate::world::*;
use domain::{
    Actor, DisplayName, Person, Role, UserId,
    policy::{AddMedia, ChangePassword, EditUser},
};
use store::{NewUpload, Space, StoreError, UploadDetails};

#[testkit::both]
async fn an_account_is_found_by_its_folded_address_and_once(world: World) {
    let ann = world.person("Ann").await;
    let found = world.read(|tx| tx.user_by_email("ann@example.org")).await.unwrap();
    assert_eq!((found.0.id, found.1.as_str()), (ann.id, "$argon2id$of$Ann"));
    let again = world
        .change(|tx| {
            let facts = tx.installation_facts()?;
            let operator = Actor::System(domain::Errand::Operator);
            tx.add_user(
                &may::<domain::policy::CreateUser>(operator, facts),
                &new_user("ANN"),
                NOW,
            )
        })
        .await;
    assert!(!again.unwrap());
    assert!(world.read(|tx| tx.user_by_email("nobody@example.org")).await.is_none());
    let row = world.user(ann).await;
    assert_eq!(
        (row.email.as_str(), row.name.as_str(), row.role),
        ("Ann@Example.org", "Ann", Role::User)
    );
    assert_eq!((row.used_bytes, row.items, row.quota_bytes), (0, 0, None));
}

#[testkit::both]
async fn setting_up_happens_once_even_for_two_at_the_same_moment(world: World) {
    assert!(!world.read(|tx| tx.installation_facts()).await.has_users);
    let (one, two) = tokio::join!(world.set_up(new_user("one")), world.set_up(new_user("two")));
    assert!(
        matches!(
            (&one, &two),
            (Ok(()), Err(StoreError::Stale)) | (Err(StoreError::Stale), Ok(()))
        ),
        "{one:?} {two:?}"
    );
    assert!(world.read(|tx| tx.installation_facts()).await.has_users);
    assert_eq!(world.ask("SELECT COUNT(*) FROM users")[0][0], "1");
}

#[testkit::both]
async fn names_and_passwords_change(world: World) {
    let ann = world.person("ann").await;
    world
        .change(move |tx| {
            let facts = tx.user_facts(ann.id)?.ok_or(StoreError::Stale)?;
            tx.rename_user(
                &may::<EditUser>(Actor::Person(ann), facts.clone()),
                &DisplayName::parse("Anna Łęcka").unwrap(),
                NOW,
            )?;
            let password = may::<ChangePassword>(Actor::Person(ann), facts);
            assert_eq!(tx.password_of(&password)?.as_deref(), Some("$argon2id$of$ann"));
            tx.set_password(&password, "$argon2id$new", NOW)
        })
        .await
        .unwrap();
    assert_eq!(world.user(ann).await.name, "Anna Łęcka");
    assert_eq!(
        world.read(|tx| tx.user_by_email("ann@example.org")).await.unwrap().1,
        "$argon2id$new"
    );
}

#[testkit::both]
async fn an_unknown_account_is_nobody(world: World) {
    assert_eq!(world.read(|tx| tx.user_facts(id::<UserId>())).await, None);
}

#[testkit::both]
async fn room_counts_what_is_kept_and_what_is_promised(world: World) {
    let mut new = new_user("ann");
    new.quota_bytes = Some(3000);
    let ann = Person {
        id: new.id,
        role: Role::User,
        session: None,
    };
    world.set_up(new).await.unwrap();
    world.item(ann, day(2024, 5, 1)).await;
    let upload = NewUpload {
        id: upload_id(),
        blob: id(),
        file_name: domain::FileName::clip("b.jpg"),
        size: 1500,
        sha256: None,
        details: UploadDetails::default(),
        expires_at: NOW.plus(domain::At::DAY),
    };
    let space = world
        .change(move |tx| {
            tx.create_upload(&may::<AddMedia>(Actor::Person(ann), library(ann)), &upload, NOW)?;
            tx.space_of(ann.id)
        })
        .await
        .unwrap();
    assert_eq!(
        space,
        Space {
            used: 1000,
            reserved: 1500,
            quota: Some(3000)
        }
    );
    assert!(space.fits(500) && !space.fits(501));
    let at_present = world.read(move |tx| tx.space_at_present(ann.id)).await;
    assert_eq!(at_present, space, "a first look tells the same");
    // A change sees what it counted itself.
    let within = world
        .change(move |tx| {
            tx.add_media(
                &may::<AddMedia>(Actor::Person(ann), library(ann)),
                &photo(at_local(0)),
                NOW,
            )?;
            tx.space_of(ann.id)
        })
        .await
        .unwrap();
    assert_eq!(within.used, 2000);
}
