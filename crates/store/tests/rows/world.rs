//! A store on an empty database, and short ways to do in it what the use cases do.

use domain::{
    Action, Actor, At, BlobId, BlobRecord, Call, DisplayName, Email, Errand, FileName, JobId, KeyId, MediaId,
    MediaKind, Person, Priority, Role, Scope, SessionId, Sha256, Taken, TakenSource, UploadId, UserId, VersionId, View,
    WrappedKey, can,
    policy::{
        AddMedia, ArchiveMedia, CreateUser, EditMedia, FavoriteMedia, InstallationFacts, KeepHouse, LibraryFacts,
        MediaFacts, PurgeMedia, RestoreMedia, SetUp, SignIn, TrashMedia, UserFacts, ViewMedia, ViewUser,
    },
    scope_of,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use store::{Added, Announcement, Mark, MediaChange, MediaRow, NewMedia, NewUser, Settings, Store, StoreError, Tx};
use testkit::Database;
use uuid::Uuid;

/// The instant at which each test begins: 2026-11-24T12:00:00Z.
pub const NOW: At = At(1_795_521_600_000_000);

/// A store with everything that it announced.
pub struct World {
    pub store: Store,
    pub told: Arc<Mutex<Vec<Announcement>>>,
    pub database: Database,
}

impl From<Database> for World {
    fn from(database: Database) -> Self {
        let told = Arc::new(Mutex::new(vec![]));
        Self {
            store: open(&database, &told),
            told,
            database,
        }
    }
}

fn open(database: &Database, told: &Arc<Mutex<Vec<Announcement>>>) -> Store {
    let settings = Settings {
        url: database.url().into(),
        connections: 4,
    };
    let told = told.clone();
    Store::open(&settings, Arc::new(move |a| told.lock().unwrap().push(a))).unwrap()
}

/// A number that was not given out before in this process; ids are made of it, so that a test is the same in each run.
pub fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub fn id<T: From<Uuid>>() -> T {
    Uuid::from_u64_pair(0x0190_0000_0000_7000 + (next() >> 32), 0x8000_0000_0000_0000 | next()).into()
}

/// Content that nobody else has.
pub fn content() -> Sha256 {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&next().wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    Sha256(bytes)
}

pub fn blob(sha256: Sha256, size: u64) -> BlobRecord {
    BlobRecord {
        id: id::<BlobId>(),
        plain_size: size,
        stored_size: size + 100,
        sha256,
        key_id: KeyId([1; 8]),
        wrapped_key: WrappedKey(vec![2; 60]),
    }
}

pub fn at_local(micros: i64) -> Taken {
    Taken {
        local: At(micros),
        offset_minutes: Some(60),
        source: TakenSource::Exif,
    }
}

/// Noon of a day as microseconds, read as UTC.
pub fn day(year: i64, month: i64, day: i64) -> i64 {
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days =
        y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day - 1 - 719_468;
    days * At::DAY + 12 * At::HOUR
}

pub fn photo(taken: Taken) -> NewMedia {
    photo_of(content(), taken)
}

pub fn photo_of(sha256: Sha256, taken: Taken) -> NewMedia {
    NewMedia {
        id: id::<MediaId>(),
        version: id::<VersionId>(),
        kind: MediaKind::Photo,
        mime: "image/jpeg".into(),
        file_name: FileName::clip("IMG_0001.JPG"),
        blob: blob(sha256, 1000),
        taken,
        file_time: Some(NOW),
        sidecar: None,
        title: None,
        description: None,
        favorite: false,
        archived: false,
        priority: Priority::Person,
        job: id::<JobId>(),
    }
}

pub fn call(person: Person) -> Call {
    Call {
        actor: Actor::Person(person),
        now: NOW,
        ip: Some([192, 0, 2, 7].into()),
    }
}

pub fn library(person: Person) -> LibraryFacts {
    LibraryFacts {
        owner: person.id,
        receiving: None,
    }
}

pub fn user_facts(person: Person) -> UserFacts {
    UserFacts {
        id: person.id,
        role: person.role,
        status: domain::UserStatus::Active,
    }
}

pub fn new_user(name: &str) -> NewUser {
    NewUser {
        id: id::<UserId>(),
        email: Email::parse(&format!("{name}@Example.org")).unwrap(),
        name: DisplayName::parse(name).unwrap(),
        role: Role::User,
        password_phc: format!("$argon2id$of${name}"),
        quota_bytes: None,
    }
}

pub fn scope(person: Person, view: View) -> Scope {
    scope_of(&Actor::Person(person), view).unwrap()
}

/// Proof that somebody may do something; the tests of `domain` are about who may not.
pub fn may<A: Action>(actor: Actor, facts: A::On) -> domain::Allowed<A> {
    can::<A>(&actor, facts).unwrap()
}

pub fn housekeeping() -> domain::Allowed<KeepHouse> {
    may(
        Actor::System(Errand::Housekeeping),
        InstallationFacts { has_users: true },
    )
}

/// Everything that is done to one item, in the order of a use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Date(i64),
    Favorite(Mark),
    Archive(Mark),
    Trash,
    Restore,
    Purge,
}

/// Does it as a use case would; what the rules refuse is not done.
pub fn act(tx: &mut Tx<'_, '_>, person: Person, media: MediaId, deed: Deed) -> Result<bool, StoreError> {
    let Some(facts) = tx.media_to_change(media)? else {
        return Ok(false);
    };
    let call = call(person);
    macro_rules! when {
        ($action:ty, |$may:ident| $do:expr) => {{
            let Ok($may) = can::<$action>(&call.actor, facts) else {
                return Ok(false);
            };
            $do?;
            tx.audited(&$may, &call, ())?;
        }};
    }
    match deed {
        Deed::Date(local) => when!(EditMedia, |may| {
            let taken = Taken {
                local: At(local),
                offset_minutes: None,
                source: TakenSource::Person,
            };
            tx.edit_media(
                &may,
                &MediaChange {
                    taken: Some(taken),
                    ..MediaChange::default()
                },
                NOW,
            )
        }),
        Deed::Favorite(mark) => when!(FavoriteMedia, |may| tx.mark_favorite(&may, mark, NOW)),
        Deed::Archive(mark) => when!(ArchiveMedia, |may| tx.archive_media(&may, mark, NOW)),
        Deed::Trash => when!(TrashMedia, |may| tx.trash_media(&may, NOW)),
        Deed::Restore => when!(RestoreMedia, |may| tx.restore_media(&may, NOW)),
        Deed::Purge => when!(PurgeMedia, |may| tx.purge_media(&may, NOW)),
    }
    Ok(true)
}

impl World {
    /// The same database opened once more, as a second server would.
    pub fn second_store(&self) -> Store {
        open(&self.database, &self.told)
    }

    /// A change that is not audited here, because the test is about something else.
    pub async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_, '_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.store
            .write(move |tx| {
                let value = work(tx)?;
                Ok(tx.unaudited(value))
            })
            .await
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_, '_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.read(work).await.unwrap()
    }

    /// A person with an account.
    pub async fn person(&self, name: &str) -> Person {
        let new = new_user(name);
        let person = Person {
            id: new.id,
            role: new.role,
            session: None,
        };
        let operator = Actor::System(Errand::Operator);
        let added = self
            .change(move |tx| {
                let facts = tx.installation_facts()?;
                tx.add_user(&may::<CreateUser>(operator, facts), &new, NOW)
            })
            .await;
        assert!(added.unwrap(), "{name} is new");
        person
    }

    /// The first account, made by setting up.
    pub async fn set_up(&self, new: NewUser) -> Result<(), StoreError> {
        self.change(move |tx| {
            let facts = InstallationFacts { has_users: false };
            tx.add_first_user(&may::<SetUp>(Actor::Anonymous, facts), &new, NOW)
        })
        .await
    }

    pub async fn add(&self, person: Person, new: NewMedia) -> Added {
        self.change(move |tx| tx.add_media(&may::<AddMedia>(Actor::Person(person), library(person)), &new, NOW))
            .await
            .unwrap()
    }

    /// A new item of this capture time.
    pub async fn item(&self, person: Person, local: i64) -> MediaId {
        match self.add(person, photo(at_local(local))).await {
            Added::New(id) => id,
            Added::Existing(id) => panic!("{id} was there already"),
        }
    }

    pub async fn act(&self, person: Person, media: MediaId, deed: Deed) -> bool {
        self.change(move |tx| act(tx, person, media, deed)).await.unwrap()
    }

    pub async fn facts(&self, media: MediaId) -> Option<MediaFacts> {
        self.read(move |tx| tx.media_facts(media)).await
    }

    pub async fn media(&self, person: Person, media: MediaId) -> MediaRow {
        self.read(move |tx| {
            let facts = tx.media_facts(media)?.ok_or(StoreError::Stale)?;
            tx.media(&may::<ViewMedia>(Actor::Person(person), facts))
        })
        .await
    }

    pub async fn user(&self, person: Person) -> store::UserRow {
        self.read(move |tx| tx.user(&may::<ViewUser>(Actor::Person(person), user_facts(person))))
            .await
    }

    /// Opens a session with a refresh token of this digest.
    pub async fn sign_in(&self, person: Person, digest: [u8; 32]) -> SessionId {
        let session = store::NewSession {
            id: id::<SessionId>(),
            ip: Some("192.0.2.7".into()),
            user_agent: "test".into(),
            expires_at: NOW.plus(30 * At::DAY),
            refresh_digest: digest,
        };
        let id = session.id;
        self.change(move |tx| tx.open_session(&may::<SignIn>(Actor::Anonymous, user_facts(person)), &session, NOW))
            .await
            .unwrap();
        id
    }

    /// Everything announced so far, taken away.
    pub fn heard(&self) -> Vec<Announcement> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// Asks the database itself, by its own client.
    pub fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        // On a thread of its own, because PostgreSQL's client does not run where asynchronous tasks are driven.
        std::thread::scope(|scope| scope.spawn(|| raw::ask(&self.database, sql)).join()).unwrap()
    }
}

pub fn upload_id() -> UploadId {
    id()
}

/// The database behind the store's back.
mod raw {
    use testkit::{Database, Engine};

    pub fn ask(database: &Database, sql: &str) -> Vec<Vec<String>> {
        match database.engine() {
            Engine::Sqlite => {
                let c = rusqlite::Connection::open(database.url().trim_start_matches("sqlite://")).unwrap();
                let mut statement = c.prepare(sql).unwrap();
                let columns = statement.column_count();
                let rows = statement.query_map([], |r| {
                    (0..columns)
                        .map(|n| {
                            Ok(match r.get_ref(n)? {
                                rusqlite::types::ValueRef::Null => String::new(),
                                rusqlite::types::ValueRef::Integer(i) => i.to_string(),
                                rusqlite::types::ValueRef::Real(f) => f.to_string(),
                                rusqlite::types::ValueRef::Text(t) => String::from_utf8_lossy(t).into_owned(),
                                rusqlite::types::ValueRef::Blob(b) => b.iter().map(|b| format!("{b:02x}")).collect(),
                            })
                        })
                        .collect()
                });
                rows.unwrap().collect::<Result<_, _>>().unwrap()
            }
            Engine::Postgres => {
                let mut c = postgres::Client::connect(database.url(), postgres::NoTls).unwrap();
                let mut rows = vec![];
                for message in c.simple_query(sql).unwrap() {
                    if let postgres::SimpleQueryMessage::Row(r) = message {
                        // Ids and bytes are written alike in the answers of both.
                        let text = |n| r.get(n).unwrap_or_default().replace("\\x", "");
                        rows.push((0..r.len()).map(text).collect());
                    }
                }
                rows
            }
        }
    }
}
