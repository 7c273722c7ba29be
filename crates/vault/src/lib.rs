//! The use cases, one module each: the only place where policy, database, bytes and decoders meet.
//!
//! Each reads top to bottom: load the facts in the transaction, `can()` -> proof, decide, write, end with the audit entry.

pub mod accounts;
pub mod archive;
pub mod content;
pub mod edit;
mod error;
pub mod events;
pub mod health;
pub mod housekeeping;
pub mod idempotency;
pub mod import;
mod ingest;
pub mod lists;
pub mod process;
pub mod search;
pub mod sign_in;
pub mod trash;
pub mod upload;
pub mod verify;
mod world;

pub use error::{FieldError, VaultError};
pub use world::World;

use blob::Blobs;
use domain::{Actor, At, Call, Errand, UserId};
use identity::{LinkKey, TokenKeys};
use media::DecoderPool;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};
use store::Store;

/// What an operator may set about the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The largest file, in bytes.
    pub max_file_bytes: u64,
    /// How long an upload may take from its creation, in microseconds.
    pub upload_lifetime: i64,
    /// How long items stay in the trash, in microseconds.
    pub trash_lifetime: i64,
    /// How long a sign-in lasts without use, in microseconds.
    pub session_lifetime: i64,
    /// The room of a new account in bytes; `None` for no limit.
    pub default_quota: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_file_bytes: 64 << 30,
            upload_lifetime: 7 * At::DAY,
            trash_lifetime: 30 * At::DAY,
            session_lifetime: 30 * At::DAY,
            default_quota: None,
        }
    }
}

/// The parts that the use cases work with.
pub struct Parts {
    /// Rows.
    pub store: Store,
    /// Bytes.
    pub blobs: Blobs,
    /// Decoders.
    pub decoders: DecoderPool,
    /// The key of access tokens.
    pub tokens: TokenKeys,
    /// The key of signed addresses.
    pub links: LinkKey,
    /// Clock and randomness.
    pub world: World,
    /// Announcements; the same that the store was opened with.
    pub events: events::Events,
    /// What the operator set.
    pub settings: Settings,
}

/// The house. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    parts: Parts,
    reserved: Mutex<HashMap<UserId, u64>>,
    hashing: tokio::sync::Semaphore,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Puts the house together.
    pub fn new(parts: Parts) -> Vault {
        Vault(Arc::new(Inner {
            parts,
            reserved: Mutex::default(),
            // Each password check takes 19 MiB and a core for some 20 ms; more at once only makes all of them slow.
            hashing: tokio::sync::Semaphore::new(2),
        }))
    }

    /// A call of a use case by this actor, now.
    pub fn call(&self, actor: Actor, ip: Option<IpAddr>) -> Call {
        Call {
            actor,
            now: self.0.parts.world.now(),
            ip,
        }
    }

    /// A call on an errand of the house itself.
    pub fn errand(&self, errand: Errand) -> Call {
        self.call(Actor::System(errand), None)
    }

    /// Rows. For commands that look at the whole, such as `doctor`.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// Clock and randomness.
    pub fn world(&self) -> &World {
        &self.0.parts.world
    }

    /// Announcements.
    pub fn events(&self) -> &events::Events {
        &self.0.parts.events
    }

    /// What the operator set.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// The keys that access tokens are checked with (RFC 7517), for `/.well-known/jwks.json`.
    pub fn jwks(&self) -> serde_json::Value {
        self.0.parts.tokens.jwks()
    }

    /// Decoders, for `doctor`.
    pub fn decoders(&self) -> &DecoderPool {
        &self.0.parts.decoders
    }

    fn blobs(&self) -> &Blobs {
        &self.0.parts.blobs
    }
}
