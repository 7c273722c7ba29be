//! Everything that the program asks the database, once each.

use super::{recorder::Seen, *};
use crate::{
    ListFilter, ListPosition, Mark, MediaChange, NewMedia, NewSession, NewUpload, Processed, StoredAnswer,
    UploadDetails,
};
use domain::{
    Actor, At, BlobId, BlobRecord, Errand, Failure, FileName, JobId, KeyId, MediaId, MediaKind, MediaState, Person,
    Priority, ProcessMedia, RenditionKind, Role, SessionId, Sha256, Taken, TakenSource, UploadId, VersionId, View,
    WrappedKey, can,
    policy::{self, InstallationFacts, LibraryFacts, MediaFacts, SessionFacts, UploadFacts, UserFacts},
    scope_of,
};
use uuid::Uuid;

const NOW: At = At(1_795_521_600_000_000);

fn id<T: From<Uuid>>(n: u64) -> T {
    Uuid::from_u64_pair(0x0199_0000_0000_7000, (1 << 63) | n).into()
}

fn may<A: domain::Action>(actor: Actor, facts: A::On) -> domain::Allowed<A> {
    can::<A>(&actor, facts).unwrap()
}

/// Everything that the program asks the database, with what it would be asked with, and the name of each.
#[expect(clippy::too_many_lines, reason = "one line for each thing that is asked")]
pub(super) fn ask_everything(tx: &mut Tx<'_, '_>, person: Person) -> Vec<(&'static str, Vec<Seen>)> {
    let me = Actor::Person(person);
    let house = || InstallationFacts { has_users: true };
    let keeper = Actor::System(Errand::Housekeeping);
    let verifier = Actor::System(Errand::Verification);
    let library = || LibraryFacts {
        owner: person.id,
        receiving: None,
    };
    let user = || UserFacts {
        id: person.id,
        role: person.role,
        status: domain::UserStatus::Active,
    };
    let mut all: Vec<(&'static str, Vec<Seen>)> = vec![];
    macro_rules! ask {
        ($name:literal, $do:expr) => {{
            let (out, seen) = recorder::record(|| $do);
            let out = out.unwrap_or_else(|e: StoreError| panic!("{}: {e}", $name));
            assert!(!seen.is_empty(), "{} asked nothing", $name);
            all.push(($name, seen));
            out
        }};
    }
    for view in [View::Timeline, View::Archive, View::Trash, View::Favorites] {
        let scope = scope_of(&me, view).unwrap();
        let months = ask!("months", tx.months(&scope));
        assert!(months.len() > 100, "{view}: {}", months.len());
        let month = months.iter().max_by_key(|m| m.items).unwrap().month;
        let name = if view == View::Favorites {
            "month_page of favorites"
        } else {
            "month_page"
        };
        let (page, seen) = recorder::record(|| tx.month_page(&scope, month, None, 500));
        let page = page.unwrap();
        all.push((name, seen));
        let last = page.get(page.len() / 2).unwrap();
        let behind = Some(ListPosition {
            local: last.local,
            id: last.id,
        });
        ask!("month_page", tx.month_page(&scope, month, behind, 50));
        ask!("media_page", tx.media_page(&scope, &ListFilter::default(), None, 50));
        ask!("media_page", tx.media_page(&scope, &ListFilter::default(), behind, 50));
        for kind in [None, Some(MediaKind::Audio)] {
            for state in [None, Some(MediaState::Ready), Some(MediaState::Failed)] {
                for (from, until) in [(None, None), (Some(last.local), None), (None, Some(last.local))] {
                    let filter = ListFilter {
                        kind,
                        state,
                        from,
                        until,
                    };
                    ask!("media_page", tx.media_page(&scope, &filter, None, 50));
                }
            }
        }
        ask!("media_ids", tx.media_ids(&scope, 500));
        ask!("media_in_state", tx.media_in_state(&scope, MediaState::Processing));
    }

    // One item's life.
    let (media, version) = (id::<MediaId>(1), id::<VersionId>(1));
    let blob = |n: u64| BlobRecord {
        id: id(n),
        plain_size: 1,
        stored_size: 2,
        sha256: Sha256([n as u8; 32]),
        key_id: KeyId([1; 8]),
        wrapped_key: WrappedKey(vec![1]),
    };
    let taken = Taken {
        local: NOW,
        offset_minutes: Some(60),
        source: TakenSource::Exif,
    };
    let new = NewMedia {
        id: media,
        version,
        kind: MediaKind::Photo,
        mime: "image/jpeg".into(),
        file_name: FileName::clip("a.jpg"),
        blob: blob(1),
        taken,
        file_time: None,
        sidecar: None,
        title: None,
        description: None,
        favorite: true,
        archived: false,
        priority: Priority::Person,
        job: id(1),
    };
    ask!("add_media", tx.add_media(&may(me, library()), &new, NOW));
    ask!("settle", tx.settle());
    ask!(
        "same_content",
        tx.same_content(&may(me, library()), Sha256([1; 32]), NOW)
    );
    let facts = |tx: &mut Tx<'_, '_>| -> MediaFacts { tx.media_to_change(media).unwrap().unwrap() };
    ask!("media_facts", tx.media_facts(media));
    let now = ask!("media_to_change", tx.media_to_change(media)).unwrap();
    ask!("media", tx.media(&may::<policy::ViewMedia>(me, now.clone())));
    ask!("original", tx.original(&may::<policy::DownloadMedia>(me, now.clone())));
    ask!("versions", tx.versions(&may::<policy::ViewMedia>(me, now.clone())));
    ask!("rendition", tx.rendition(media, RenditionKind::Thumb));
    ask!("is_current", tx.is_current(media, version));
    let found = Processed {
        kind: MediaKind::Photo,
        mime: "image/jpeg".into(),
        width: Some(1),
        height: Some(1),
        duration_ms: None,
        taken: Some(Taken {
            local: NOW.plus(-At::DAY),
            ..taken
        }),
        position: Some(domain::Position::new(1.0, 1.0).unwrap()),
        camera: domain::Camera::default(),
        title: Some(domain::Title::clip("t")),
        description: Some(domain::Description::clip("d")),
        thumbhash: None,
        warning: None,
        pack: Some((
            blob(2),
            vec![crate::NewRendition {
                kind: RenditionKind::Thumb,
                byte_offset: 0,
                byte_length: 1,
                mime: "image/webp".into(),
                width: 1,
                height: 1,
            }],
        )),
    };
    let errand = Actor::System(Errand::Processing);
    let process = may::<policy::ProcessVersion>(errand, now);
    ask!("record_processed", tx.record_processed(&process, version, &found, NOW));
    let process = may::<policy::ProcessVersion>(errand, facts(tx));
    let failure = Failure {
        code: "damaged".into(),
        detail: String::new(),
    };
    ask!("record_failure", tx.record_failure(&process, version, &failure, NOW));
    let retry = may(me, facts(tx));
    ask!("retry_media", tx.retry_media(&retry, id(2), Priority::Person, NOW));
    ask!("failed_with", tx.failed_with("damaged", id(1), 10));
    let change = MediaChange {
        title: Some(domain::Title::clip("u")),
        description: Some(domain::Description::clip("e")),
        taken: Some(taken),
        position: Some(None),
    };
    let edit = may(me, facts(tx));
    ask!("edit_media", tx.edit_media(&edit, &change, NOW));
    let see = may::<policy::ViewMedia>(me, facts(tx));
    ask!("media_history", tx.media_history(&see, 10));
    let many = || may::<policy::DownloadLibrary>(me, library());
    ask!("create_download", tx.create_download(&many(), id(5), &[media], NOW));
    ask!("download_owner", tx.download_owner(id(5), NOW));
    ask!("download", tx.download(&many(), id(5)));
    for mark in [Mark::Cleared, Mark::Set] {
        let favorite = may(me, facts(tx));
        ask!("mark_favorite", tx.mark_favorite(&favorite, mark, NOW));
        let archive = may(me, facts(tx));
        ask!("archive_media", tx.archive_media(&archive, mark, NOW));
    }
    for again in [true, false] {
        let trash = may::<policy::TrashMedia>(me, facts(tx));
        ask!("trash_media", tx.trash_media(&trash, NOW));
        let call = domain::Call {
            actor: me,
            now: NOW,
            ip: None,
        };
        ask!("audited", tx.audited(&trash, &call, ()));
        if again {
            let restore = may(me, facts(tx));
            ask!("restore_media", tx.restore_media(&restore, NOW));
        }
    }
    let purge = may(me, facts(tx));
    ask!("purge_media", tx.purge_media(&purge, NOW));

    // Accounts and sessions.
    let session = NewSession {
        id: id::<SessionId>(1),
        ip: None,
        user_agent: String::new(),
        expires_at: NOW.plus(At::DAY),
        refresh_digest: [1; 32],
    };
    ask!("user_facts", tx.user_facts(person.id));
    let new = |n: u64, email: &str| crate::NewUser {
        id: id(n),
        email: domain::Email::parse(email).unwrap(),
        name: domain::DisplayName::parse("N").unwrap(),
        role: Role::User,
        password_phc: String::new(),
        quota_bytes: None,
    };
    let (nobody_yet, anonymous) = (InstallationFacts { has_users: false }, Actor::Anonymous);
    ask!(
        "add_first_user",
        tx.add_first_user(&may(anonymous, nobody_yet), &new(1, "one@example.org"), NOW)
    );
    let operator = Actor::System(Errand::Operator);
    ask!(
        "add_user",
        tx.add_user(&may(operator, house()), &new(2, "two@example.org"), NOW)
    );
    ask!("user_by_email", tx.user_by_email("ann@example.org"));
    ask!("user", tx.user(&may(me, user())));
    ask!(
        "rename_user",
        tx.rename_user(&may(me, user()), &domain::DisplayName::parse("A").unwrap(), NOW)
    );
    ask!("password_of", tx.password_of(&may(me, user())));
    ask!("set_password", tx.set_password(&may(me, user()), "x", NOW));
    ask!("space_of", tx.space_of(person.id));
    ask!("space_at_present", tx.space_at_present(person.id));
    ask!(
        "open_session",
        tx.open_session(&may(Actor::Anonymous, user()), &session, NOW)
    );
    ask!("person_of_session", tx.person_of_session(session.id, NOW));
    let token = ask!("refresh_token", tx.refresh_token(&[1; 32])).unwrap();
    ask!(
        "rotate_refresh",
        tx.rotate_refresh(&token, &[1; 32], &[2; 32], NOW, NOW)
    );
    ask!("session_facts", tx.session_facts(session.id));
    ask!("sessions", tx.sessions(&may(me, user()), NOW));
    let facts = SessionFacts {
        id: session.id,
        user: person.id,
    };
    ask!("revoke_session", tx.revoke_session(&may(me, facts), NOW));
    ask!("count_sign_in_failure", tx.count_sign_in_failure("x", NOW));
    ask!("sign_in_failures", tx.sign_in_failures("x"));
    ask!("clear_sign_in_failures", tx.clear_sign_in_failures("x"));

    // Uploads.
    let upload = NewUpload {
        id: id::<UploadId>(1),
        blob: id::<BlobId>(9),
        file_name: FileName::clip("a"),
        size: 1,
        sha256: None,
        details: UploadDetails::default(),
        expires_at: NOW,
    };
    let facts = || UploadFacts {
        id: id(1),
        owner: person.id,
    };
    ask!("create_upload", tx.create_upload(&may(me, library()), &upload, NOW));
    ask!("upload_facts", tx.upload_facts(upload.id));
    ask!("upload", tx.upload(&may(me, facts())));
    ask!("uploads", tx.uploads(&may(me, library()), 10));
    ask!("sizes_of", tx.sizes_of(&may(me, library()), &[1, 2]));
    ask!("has_upload_of_blob", tx.has_upload_of_blob(upload.blob));
    ask!("has_blob", tx.has_blob(upload.blob));
    ask!("complete_upload", tx.complete_upload(&may(me, facts()), media));
    ask!("expired_uploads", tx.expired_uploads(NOW, 10));
    ask!("forget_upload", tx.forget_upload(&may(me, facts())));

    // Jobs.
    let work = ProcessMedia { media, version: id(77) };
    ask!("enqueue", tx.enqueue(&work, id::<JobId>(3), Priority::Bulk, NOW));
    ask!("claim_job", tx.claim_job("process_media", "w", NOW, NOW));
    ask!("next_job_at", tx.next_job_at());
    ask!("extend_lease", tx.extend_lease(id(3), "w", NOW));
    ask!("retry_job", tx.retry_job(id(3), "w", NOW, "", NOW));
    ask!("bury_job", tx.bury_job(id(3), "w", "", NOW));
    ask!("finish_job", tx.finish_job(id(3), "w"));
    ask!("hand_back_jobs", tx.hand_back_jobs("w", NOW));
    ask!("reclaim_jobs", tx.reclaim_jobs(NOW));
    ask!("reclaim_jobs_of", tx.reclaim_jobs_of("w", NOW));
    ask!("job_counts", tx.job_counts());
    ask!("dead_jobs", tx.dead_jobs(10));

    // The house.
    ask!("events_of", tx.events_of(&person, 0, 10));
    ask!("events_behind", tx.events_behind(0, 10));
    ask!("latest_event", tx.latest_event());
    ask!("oldest_event", tx.oldest_event());
    ask!("begin_idempotent", tx.begin_idempotent(person.id, "k", &[1; 32], NOW));
    let answer = StoredAnswer {
        status: 200,
        headers: String::new(),
        body: vec![],
    };
    ask!("finish_idempotent", tx.finish_idempotent(person.id, "k", &answer));
    ask!("abandon_idempotent", tx.abandon_idempotent(person.id, "k"));
    let doomed = ask!("doomed_blobs", tx.doomed_blobs(&may(keeper, house()), 10));
    ask!("forget_blob", tx.forget_blob(&may(keeper, house()), doomed[0]));
    ask!("trashed_before", tx.trashed_before(&may(keeper, house()), NOW, 10));
    ask!("forget_the_old", tx.forget_the_old(&may(keeper, house()), NOW));
    ask!("has_blobs", tx.has_blobs());
    ask!("installation_facts", tx.installation_facts());
    ask!("blobs", tx.blobs(&may(verifier, house()), id(1), 10));
    ask!("names_of_blob", tx.names_of_blob(&may(verifier, house()), id(1)));
    ask!(
        "mark_verified",
        tx.mark_verified(&may(verifier, house()), &[id(1)], NOW)
    );
    let found = crate::Verification {
        at: NOW,
        objects: 1,
        problems: 0,
    };
    ask!(
        "record_verification",
        tx.record_verification(&may(verifier, house()), &found)
    );
    ask!("last_verification", tx.last_verification());
    ask!("blob_totals", tx.blob_totals(&may(verifier, house())));
    all
}
