//! The store as a whole: opening it, and moving objects from `incoming/` to their place.

use crate::{
    dir_sync::{DirSync, Early},
    disk::{Layout, Locked, make_dir, remove, staged_id},
    error::{BlobError, Doing},
    format::{HEADER, SALT, Segment},
    key::{KeyRing, MasterKey},
    marker,
    recent::Recent,
    resume::is_finished,
    scratch::Pool,
    writer::Writer,
};
use aws_lc_rs::digest;
use domain::{BlobId, KeyId};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::ErrorKind,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// A source of random bytes that are fit for keys. It must never repeat itself: the safety of the sealing rests on it.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Where the store is, and what else opens it.
#[derive(Debug)]
pub struct Settings {
    /// The directory of the store. Made when it is not there, with mode 0700.
    pub root: PathBuf,
    /// Former master keys, as long as rows remain that [`Blobs::rewrap`] has not moved to the present one.
    pub retired: Vec<MasterKey>,
}

impl Settings {
    /// A store in this directory, with no former keys.
    pub fn new(root: impl Into<PathBuf>) -> Settings {
        Settings {
            root: root.into(),
            retired: Vec::new(),
        }
    }
}

/// The local object store. Clones are handles to the same store.
#[derive(Clone)]
pub struct Blobs {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub layout: Layout,
    pub ring: KeyRing,
    random: Random,
    pub pool: Pool,
    /// Makes the names in `incoming/` durable.
    pub names: Arc<DirSync>,
    pub early: Early,
    fresh: AtomicBool,
    marking: Mutex<()>,
    parked: Mutex<BTreeMap<BlobId, Parked>>,
    pub recent: Recent,
}

/// What spares a `resume` in the same process from reading and hashing again all that is there.
#[derive(Clone)]
pub(crate) struct Parked {
    /// Of the file that it was; another one under the same id has another header.
    pub header: [u8; HEADER],
    pub position: u64,
    pub hash: digest::Context,
    pub segments: Vec<Segment>,
}

/// A hash state is some 200 bytes. The oldest upload pays with a second reading when there are more.
const MAX_PARKED: usize = 4096;

impl Inner {
    /// Random bytes.
    pub fn draw<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        (self.random)(&mut out);
        out
    }

    /// A salt for a new session.
    pub fn salt(&self) -> [u8; SALT] {
        self.draw()
    }

    fn parked(&self) -> MutexGuard<'_, BTreeMap<BlobId, Parked>> {
        // Each statement leaves the map whole.
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn remember(&self, id: BlobId, state: Parked) {
        let mut parked = self.parked();
        parked.insert(id, state);
        if parked.len() > MAX_PARKED {
            // Ids begin with the time: the first is the oldest.
            parked.pop_first();
        }
    }

    pub fn recall(&self, id: BlobId) -> Option<Parked> {
        self.parked().remove(&id)
    }

    /// Writes the marker before the first object.
    fn mark(&self) -> Result<(), BlobError> {
        if !self.fresh.load(Ordering::Acquire) {
            return Ok(());
        }
        let _guard = self.marking.lock().unwrap_or_else(PoisonError::into_inner);
        if self.fresh.load(Ordering::Acquire) {
            marker::write(&self.layout.root, &[self.ring.current().id()])?;
            self.fresh.store(false, Ordering::Release);
        }
        Ok(())
    }
}

impl Blobs {
    /// Opens the store; makes its directories if they are not there, and removes nothing.
    ///
    /// Fails with [`BlobError::WrongKey`] if the store was never used with the given key or a retired one, and with
    /// [`BlobError::NotAStore`] if there are objects and no marker.
    pub fn open(settings: Settings, master: MasterKey, random: Random) -> Result<Blobs, BlobError> {
        let layout = Layout::new(settings.root);
        let ring = KeyRing::new(master, settings.retired);
        layout.make()?;
        let known = marker::read(&layout.root)?;
        match &known {
            None => {
                for dir in [&layout.objects, &layout.incoming] {
                    let mut entries = fs::read_dir(dir).doing("listing the store")?;
                    if entries.next().is_some() {
                        return Err(BlobError::NotAStore {
                            root: layout.root,
                            why: "it holds objects, but its .media-vault-store file is missing",
                        });
                    }
                }
            }
            Some(keys) => {
                marker::admits(keys, &ring)?;
                let current = ring.current().id();
                if !keys.contains(&current) {
                    let keys: Vec<KeyId> = keys.iter().copied().chain([current]).collect();
                    marker::write(&layout.root, &keys)?;
                }
            }
        }
        let names = Arc::new(DirSync::open(&layout.incoming).doing("opening the store")?);
        let early = Early::start(names.clone()).doing("opening the store")?;
        Ok(Blobs {
            inner: Arc::new(Inner {
                layout,
                ring,
                random,
                pool: Pool::default(),
                names,
                early,
                fresh: AtomicBool::new(known.is_none()),
                marking: Mutex::default(),
                parked: Mutex::default(),
                recent: Recent::default(),
            }),
        })
    }

    /// Whether no object was ever stored here.
    ///
    /// A database that knows objects and a store that is fresh do not belong together: most likely a disk is not mounted, or
    /// the directory is misconfigured. Do not go on; the store stays fresh until the first [`Blobs::create`].
    pub fn is_fresh(&self) -> bool {
        self.inner.fresh.load(Ordering::Acquire)
    }

    /// Whether the store is where it was when it was opened: its directory can be read, and its marker is there if it ever held
    /// anything. A disk that went away meanwhile shows here.
    pub fn is_there(&self) -> Result<(), BlobError> {
        let root = &self.inner.layout.root;
        fs::read_dir(&self.inner.layout.objects).doing("looking for the store")?;
        match marker::read(root)? {
            None if !self.is_fresh() => Err(BlobError::NotAStore {
                root: root.clone(),
                why: "its .media-vault-store file is gone: is its disk still mounted?",
            }),
            _ => Ok(()),
        }
    }

    /// The master key that new objects are sealed under.
    pub fn key_id(&self) -> KeyId {
        self.inner.ring.current().id()
    }

    /// Begins to receive an object. [`BlobError::Exists`] if there is one of this id already, received or settled.
    pub fn create(&self, id: BlobId) -> Result<Writer, BlobError> {
        self.inner.mark()?;
        // Settling the second one would replace the first.
        let settled = self.inner.layout.object(id).try_exists();
        if settled.doing("looking for an object of the same id")? {
            return Err(BlobError::Exists { id });
        }
        let file = Locked::create(&self.inner.layout.staged(id), id)?;
        Writer::begin(self.inner.clone(), id, file)
    }

    /// Moves a finished object to its place; call it when its row is committed. Doing it again changes nothing.
    ///
    /// [`BlobError::Busy`] while somebody has it open for writing, [`BlobError::Unfinished`] if it was continued after its
    /// `finish`. It needs no fsync: after a power failure the object is in one place or the other, and `reader` looks in both.
    pub fn settle(&self, id: BlobId) -> Result<(), BlobError> {
        const MOVING: &str = "moving an object to its place";
        let layout = &self.inner.layout;
        let (from, to) = (layout.staged(id), layout.object(id));
        match Locked::open(&from, id) {
            Ok(file) => {
                if !is_finished(&file)? {
                    return Err(BlobError::Unfinished { id });
                }
                let moved = fs::rename(&from, &to).or_else(|error| match (error.kind(), to.parent()) {
                    (ErrorKind::NotFound, Some(folder)) => {
                        make_dir(folder)?;
                        fs::rename(&from, &to)
                    }
                    _ => Err(error),
                });
                moved.doing(MOVING)?;
            }
            Err(BlobError::Missing { .. }) if to.try_exists().doing(MOVING)? => {}
            Err(error) => return Err(error),
        }
        self.inner.recall(id);
        remove(&layout.tail(id))?;
        remove(&layout.new_tail(id))
    }

    /// Removes an object that is not settled. That there is none is fine; [`BlobError::Busy`] while somebody writes it.
    pub fn discard(&self, id: BlobId) -> Result<(), BlobError> {
        let layout = &self.inner.layout;
        let path = layout.staged(id);
        match Locked::open(&path, id) {
            Ok(locked) => {
                remove(&path)?;
                drop(locked);
            }
            Err(BlobError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
        self.inner.recall(id);
        remove(&layout.tail(id))?;
        remove(&layout.new_tail(id))
    }

    /// What lies in `incoming/`. At start-up the rows decide for each whether it is settled, kept or discarded.
    pub fn pending(&self) -> Result<Vec<BlobId>, BlobError> {
        const LISTING: &str = "listing received objects";
        let mut ids = BTreeSet::new();
        for entry in fs::read_dir(&self.inner.layout.incoming).doing(LISTING)? {
            let name = entry.doing(LISTING)?.file_name();
            ids.extend(name.to_str().and_then(staged_id));
        }
        Ok(ids.into_iter().collect())
    }

    /// Bytes that can still be stored, as the file system tells it to users who are not root.
    pub fn free_space(&self) -> Result<u64, BlobError> {
        let facts = rustix::fs::statvfs(&self.inner.layout.root).doing("asking for free space")?;
        Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
    }
}
