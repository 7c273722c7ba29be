//! The engine: one interface, two databases. Only this folder and `migrate.rs` know that there are two.

mod belief;
mod found;
mod line;
mod near;
mod postgres;
mod sqlite;
mod texts;
mod tls;
mod tx;

pub(crate) use belief::Belief;
pub(crate) use postgres::numbered;
pub(crate) use tx::Session;
pub use tx::{Audited, Tx};
#[cfg(test)]
pub(crate) use {postgres::Connection, texts::Texts};

use crate::{StoreError, migrate};
use domain::Event;
use found::Found;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// What became true by a change, told after it is durable.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// For open pages.
    pub events: Vec<Event>,
    /// Whether background work was added.
    pub work: bool,
}

/// Told of each durable change that has something to tell. Runs on a database thread: it must not wait.
pub type Announce = Arc<dyn Fn(Announcement) + Send + Sync>;

type Ack = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Work on a database thread; what it returns is called when its fate is known.
type Work = Box<dyn FnOnce(&mut Session<'_>) -> Ack + Send>;

/// What a loss of power may do to a change that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// Nothing.
    Now,
    /// Undo it, and all that came after it and is no more lasting.
    Soon,
}

/// Work that waits for a database thread. A read is `Now`: there is nothing to lose.
pub(crate) struct Job {
    work: Work,
    lasting: Lasting,
    /// What the request goes by that asks for it.
    belief: Option<Arc<Belief>>,
}

impl Job {
    fn new(work: Work, lasting: Lasting) -> Job {
        let belief = Belief::unasked();
        Job { work, lasting, belief }
    }

    fn run(self, session: &mut Session<'_>) -> Ack {
        (self.work)(session)
    }
}

/// Where the database is and how many hands it has.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:///path/to/file.db`, `sqlite://relative.db` or `postgres://user:password@host:port/database`. The latter takes libpq's
    /// `?sslmode=disable | prefer | require | verify-full` and `&sslrootcert=/path/to/roots.pem` (without it: the system's roots).
    pub url: String,
    /// Threads that read (SQLite), or connections for everything (PostgreSQL).
    pub connections: usize,
}

/// How much waiting there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How many reads, and how many changes, may wait.
    pub queue: usize,
    /// How long a caller waits for a place in the queue before it is told [`StoreError::Busy`].
    pub patience: Duration,
}

/// A few seconds' worth of the changes that an ordinary disk makes durable; nobody waits longer than that for an answer.
const BOUNDS: Bounds = Bounds {
    queue: 4096,
    patience: Duration::from_secs(5),
};

/// The database. Cheap to clone. Reads run side by side; changes run one after another on SQLite, made durable together, and side by
/// side on PostgreSQL.
#[derive(Clone)]
pub struct Store {
    reads: flume::Sender<Job>,
    writes: flume::Sender<Job>,
    /// On SQLite.
    near: Option<Arc<near::Near>>,
    /// On PostgreSQL: what [`Store::glance_again`] has found before.
    remembered: Arc<Mutex<Found>>,
    announce: Announce,
    kind: Kind,
    patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

enum Address {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Settings {
    fn address(&self) -> Result<Address, StoreError> {
        if let Some(path) = self.url.strip_prefix("sqlite://").filter(|p| !p.is_empty()) {
            return Ok(Address::Sqlite(path.into()));
        }
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            return Ok(Address::Postgres(self.url.clone()));
        }
        Err(StoreError::Address(
            self.url.split('@').next_back().unwrap_or_default().into(),
        ))
    }
}

/// A bare connection, for migrations and for tests of the schema.
pub(crate) enum Raw {
    Sqlite(rusqlite::Connection),
    Postgres(::postgres::Client),
}

impl Settings {
    pub(crate) fn connect(&self) -> Result<Raw, StoreError> {
        Ok(match self.address()? {
            Address::Sqlite(path) => Raw::Sqlite(sqlite::connect(&path)?),
            Address::Postgres(url) => Raw::Postgres(postgres::connect(&url)?),
        })
    }
}

impl Store {
    /// Opens the database, brings its schema up to date, and starts its threads.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::TooNew`], [`StoreError::Unreachable`].
    pub fn open(settings: &Settings, announce: Announce) -> Result<Store, StoreError> {
        Store::open_within(settings, announce, BOUNDS)
    }

    pub(crate) fn open_within(settings: &Settings, announce: Announce, bounds: Bounds) -> Result<Store, StoreError> {
        // On a thread of its own: the client of PostgreSQL cannot run on a thread that drives asynchronous tasks.
        std::thread::scope(|scope| scope.spawn(|| migrate::migrate(settings)).join())
            .unwrap_or_else(|_| Err(StoreError::Panicked("migrating".into())))?;
        let hands = settings.connections.max(1);
        let (kind, reads, writes, near) = match settings.address()? {
            Address::Sqlite(path) => {
                let told = near::Told::default();
                let (reads, writes) = sqlite::start(&path, hands, bounds.queue, &told)?;
                (Kind::Sqlite, reads, writes, Some(near::Near::open(&path, told)?))
            }
            Address::Postgres(url) => {
                let work = postgres::start(&url, hands, bounds.queue)?;
                (Kind::Postgres, work.clone(), work, None)
            }
        };
        Ok(Store {
            reads,
            writes,
            near,
            remembered: Arc::default(),
            announce,
            kind,
            patience: bounds.patience,
        })
    }

    /// Which database it is, for `ready` and `doctor`.
    pub fn engine(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite => "sqlite",
            Kind::Postgres => "postgres",
        }
    }

    /// How many reads and changes wait for a hand.
    pub fn waiting(&self) -> usize {
        self.reads.len()
            + if self.kind == Kind::Sqlite {
                self.writes.len()
            } else {
                0
            }
    }

    /// Reads. Each statement sees what is durable when it runs.
    pub async fn read<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_, '_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move |session| {
            let out = guarded(|| work(&mut Tx::new(session)));
            Box::new(move |_| send(tell, out))
        });
        self.enqueue(&self.reads, Job::new(work, Lasting::Now)).await?;
        told.await.map_err(|_| gone())?
    }

    /// Reads a row or two by their keys, all as of one moment. On SQLite that takes less time than handing the work to another thread and
    /// waiting for it, so it is done here and now; nothing that looks at many rows belongs here. It sees all
    /// that this process has told anybody before; what another process has changed and told, a few milliseconds later at most.
    pub async fn glance<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_, '_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let near = self.near.as_ref();
        let found = near.and_then(|near| near.with(|session, _| guarded(|| work(&mut Tx::new(session)))));
        match found {
            Some(found) => found,
            None => self.read(work).await,
        }
    }

    /// Like [`Store::glance`], for what many requests in a row ask by the same key: in one view it is looked for once.
    pub(crate) async fn glance_again<T: Clone + Send + 'static>(
        &self,
        key: Uuid,
        work: impl Fn(&mut Tx<'_, '_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let near = self.near.as_ref();
        let found = near.and_then(|near| {
            near.with(|session, found| match found.get(key) {
                Some(known) => Ok(known),
                None => guarded(|| work(&mut Tx::new(session))).inspect(|value| found.keep(key, value)),
            })
        });
        match found {
            Some(found) => found,
            None => {
                let value = self.read(work).await?;
                if self.kind == Kind::Postgres {
                    self.remembered().keep(key, &value);
                }
                Ok(value)
            }
        }
    }

    /// What [`Store::glance_again`] found before, which may not be true any more: only for a [`Belief`]. On SQLite there is none, for asking takes
    /// no longer.
    pub(crate) fn found_before<T: Clone + 'static>(&self, key: Uuid) -> Option<T> {
        match self.kind {
            // Not even looked for: each thumbnail comes by here.
            Kind::Sqlite => None,
            Kind::Postgres => self.remembered().get(key),
        }
    }

    pub(crate) fn forget<T: 'static>(&self, key: Uuid) {
        self.remembered().forget::<T>(key);
    }

    fn remembered(&self) -> MutexGuard<'_, Found> {
        // Each change of it is one step.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something. It is kept whole or not at all, it is durable when this returns, and then its events are announced.
    pub async fn write<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_, '_>) -> Result<Audited<T>, E> + Send + 'static,
    ) -> Result<T, E> {
        self.change(Lasting::Now, work).await
    }

    /// Changes something that is done again by itself if it is undone: which worker has a job, that a job has ended. It is kept whole or
    /// not at all, and outlives a program that ends or is killed; a loss of power (on PostgreSQL also a server that is killed) may undo it
    /// until the next durable change. The disk is not waited for, and so nobody waits for that who wants to change something meanwhile.
    pub async fn write_soon<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_, '_>) -> Result<Audited<T>, E> + Send + 'static,
    ) -> Result<T, E> {
        self.change(Lasting::Soon, work).await
    }

    async fn change<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        lasting: Lasting,
        work: impl FnOnce(&mut Tx<'_, '_>) -> Result<Audited<T>, E> + Send + 'static,
    ) -> Result<T, E> {
        let (tell, told) = oneshot::channel();
        let announce = self.announce.clone();
        let work: Work = Box::new(move |session| {
            let (out, announcement) = run_change(session, lasting, work);
            Box::new(move |kept| {
                let out = match (out, kept) {
                    (Ok(value), Ok(())) => {
                        tell_all(&announce, announcement);
                        Ok(value)
                    }
                    (Ok(_), Err(e)) => Err(e.into()),
                    (Err(e), _) => Err(e),
                };
                send(tell, out);
            })
        });
        self.enqueue(&self.writes, Job::new(work, lasting)).await?;
        told.await.map_err(|_| gone())?
    }

    async fn enqueue(&self, queue: &flume::Sender<Job>, job: Job) -> Result<(), StoreError> {
        match queue.try_send(job) {
            Ok(()) => Ok(()),
            Err(flume::TrySendError::Disconnected(_)) => Err(gone()),
            Err(flume::TrySendError::Full(job)) => {
                match tokio::time::timeout(self.patience, queue.send_async(job)).await {
                    Ok(sent) => sent.map_err(|_| gone()),
                    Err(_) => Err(StoreError::Busy),
                }
            }
        }
    }
}

fn run_change<T, E: From<StoreError>>(
    session: &mut Session<'_>,
    lasting: Lasting,
    work: impl FnOnce(&mut Tx<'_, '_>) -> Result<Audited<T>, E>,
) -> (Result<T, E>, Announcement) {
    if let Err(e) = session.begin_change(lasting) {
        return (Err(e.into()), Announcement::default());
    }
    let mut tx = Tx::new(session);
    let out = guarded(|| {
        let value = work(&mut tx)?;
        // A use case that goes on after a failed statement must not be told that its change was kept.
        tx.sound()?;
        tx.settle()?;
        tx.record_events()?;
        Ok(value.into_inner())
    });
    let announcement = tx.announcement();
    let out = match (session.end_change(out.is_ok()), out) {
        (Err(e), Ok(_)) => Err(e.into()),
        (_, out) => out,
    };
    (out, announcement)
}

/// A bug in one closure costs one request, not the database thread.
fn guarded<T, E: From<StoreError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(ToString::to_string);
        let said = said
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        tracing::error!(event = "store.change_panicked", said);
        Err(StoreError::Panicked(said).into())
    })
}

/// Whoever listens must not be able to end the database thread; the change is kept whatever becomes of the announcement.
fn tell_all(announce: &Announce, announcement: Announcement) {
    if announcement != Announcement::default() && catch_unwind(AssertUnwindSafe(|| announce(announcement))).is_err() {
        tracing::error!(event = "store.announcement_panicked");
    }
}

fn send<T>(tell: oneshot::Sender<T>, value: T) {
    // Nobody waits any more when the caller has left: the change is kept all the same.
    drop(tell.send(value));
}

fn gone() -> StoreError {
    StoreError::Unreachable("the database threads have ended".into())
}
