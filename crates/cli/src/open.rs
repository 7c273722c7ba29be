//! Puts the house together from the settings.

use crate::{config::Config, world};
use anyhow::Context;
use blob::{Blobs, MasterKey, Origin};
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::File,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use vault::{Parts, Vault, events::Events, housekeeping};

/// The house and what must live as long as it.
pub struct House {
    /// The use cases.
    pub vault: Vault,
    /// The key file, if this start made it.
    pub new_key: Option<PathBuf>,
    /// Names this installation to the queue.
    pub instance: String,
    _lock: File,
}

/// Opens everything. What a crash left behind is mended if no other process is at work on the same data.
pub async fn open(config: &Config) -> anyhow::Result<House> {
    make_private(&config.data_dir)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(config.data_dir.join(".lock"))?;
    let alone = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
    if !alone {
        flock(&lock, FlockOperation::LockShared)
            .context("the data folder is locked by a process that is just starting; try again")?;
    }
    let world = world::real();

    let key_file = config.master_key();
    let (master, origin) = MasterKey::load_or_create(&key_file, world.random())?;
    let blobs = Blobs::open(blob::Settings::new(config.objects()), master, world.source())?;
    let events = Events::default();
    let database = store::Settings {
        url: config.database(),
        connections: config.database_connections,
    };
    let opening = (database, events.announce());
    let store = tokio::task::spawn_blocking(move || store::Store::open(&opening.0, opening.1)).await??;
    // Not the path that it was started by: after an update another program may lie there, which its running parent would not understand.
    let program = PathBuf::from("/proc/self/exe");
    let decoders = media::DecoderPool::new(media::Settings {
        children: config.decoders(),
        memory_limit: config.decoder_memory_mib << 20,
        max_pixels: config.max_pixels,
        max_duration: std::time::Duration::from_secs(u64::from(config.max_duration_hours) * 3600),
        ..media::Settings::new(program, vec!["decoder".into()])
    })?;
    let tokens = identity::TokenKeys::load_or_create(
        &config.data_dir.join("token.key"),
        &world.random(),
        &config.public_address(),
    )?;
    let links = identity::LinkKey::load_or_create(&config.data_dir.join("link.key"), &world.random())?;
    let instance = instance(&config.data_dir, &world)?;
    let vault = Vault::new(Parts {
        store,
        blobs,
        decoders,
        tokens,
        links,
        world,
        events,
        settings: config.vault(),
    });

    if housekeeping::store_is_missing(&vault).await? {
        anyhow::bail!(
            "the object folder {} is empty, but the database knows of stored files: is its disk mounted? Nothing was changed.",
            config.objects().display()
        );
    }
    if alone {
        let mended = housekeeping::recover(&vault).await?;
        if mended > 0 {
            tracing::info!(event = "start.recovered", objects = mended);
        }
        flock(&lock, FlockOperation::LockShared)?;
    }
    Ok(House {
        vault,
        new_key: (origin == Origin::Created).then_some(key_file),
        instance,
        _lock: lock,
    })
}

fn make_private(dir: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| {
            format!(
                "the data folder {} cannot be made; set MEDIA_VAULT_DATA_DIR to a folder that can be written",
                dir.display()
            )
        })
}

/// A name that stays the same over restarts.
fn instance(dir: &Path, world: &vault::World) -> anyhow::Result<String> {
    let path = dir.join("instance");
    match std::fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().into()),
        _ => {
            let name = world.id::<domain::JobId>().to_string();
            std::fs::write(&path, &name)?;
            Ok(name)
        }
    }
}
