//! Where the stories of an import play.

use blob::{Blobs, MasterKey};
use domain::{Actor, At, Errand, Person, Role, View};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use store::{ListFilter, MediaRow, Store};
use vault::{
    Parts, Vault, World, accounts,
    events::Events,
    import::{self, Options, Plan, Summary},
    lists,
};

/// A vault with one account, and a folder to import from.
pub struct House {
    pub vault: Vault,
    pub owner: Person,
    pub database: testkit::Database,
}

const EMAIL: &str = "ann@example.org";

impl House {
    pub async fn new(database: testkit::Database) -> House {
        let folder = database.folder();
        let world = world();
        let events = Events::default();
        let objects = blob::Settings::new(folder.join("objects"));
        let settings = store::Settings {
            url: database.url().into(),
            connections: 2,
        };
        let vault = Vault::new(Parts {
            store: Store::open(&settings, events.announce()).expect("a database"),
            blobs: Blobs::open(objects, MasterKey::from_bytes([7; 32]), world.source()).expect("an object store"),
            // Nothing is decoded while files arrive.
            decoders: media::DecoderPool::new(media::Settings::new("no-decoder".into(), vec![])).expect("a pool"),
            tokens: identity::TokenKeys::from_seed(&[1; 32], "http://localhost").expect("a key"),
            links: identity::LinkKey::new(&[2; 32]),
            world,
            events,
            settings: vault::Settings::default(),
        });
        let account = accounts::NewAccount {
            name: "Ann".into(),
            email: EMAIL.into(),
            password: "nine grey stones by the river".into(),
            role: Role::User,
            quota_bytes: None,
        };
        let call = vault.errand(Errand::Operator);
        accounts::add(&vault, call, account).await.expect("an account");
        let owner = import::owner(&vault, EMAIL).await.expect("an owner");
        House { vault, owner, database }
    }

    pub fn dir(&self) -> PathBuf {
        self.database.folder().join("photos")
    }

    pub fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }

    pub fn journal(&self) -> PathBuf {
        self.database.folder().join("import/one")
    }

    pub async fn plan(&self) -> Plan {
        let options = Options {
            apart: vec![],
            journal: Some(self.journal()),
        };
        let plan = import::plan(&self.vault, self.owner, self.dir(), options, Arc::default());
        plan.await.expect("a plan")
    }

    pub async fn import(&self) -> Summary {
        self.carry_out(self.plan().await).await
    }

    pub async fn carry_out(&self, plan: Plan) -> Summary {
        import::run(&self.vault, self.owner, plan, Arc::default()).await
    }

    pub fn call(&self) -> domain::Call {
        self.vault.call(Actor::Person(self.owner), None)
    }

    /// What is in the library, by file name.
    pub async fn items(&self) -> Vec<MediaRow> {
        let mut items = vec![];
        for view in [View::Timeline, View::Archive, View::Trash] {
            let page = lists::media(&self.vault, self.call(), view, ListFilter::default(), None, 1000);
            items.extend(page.await.expect("a list").items);
        }
        items.sort_by(|a, b| a.file_name.cmp(&b.file_name));
        items
    }

    pub async fn item(&self, name: &str) -> MediaRow {
        let items = self.items().await;
        let found = items.into_iter().find(|m| m.file_name == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    }
}

/// A clock that goes a second further with each look, and numbers that do not repeat.
fn world() -> World {
    let clock = Mutex::new(1_760_000_000 * At::SECOND);
    let counter = Mutex::new(0_u64);
    World::new(
        move || {
            let mut now = clock.lock().expect("the clock");
            *now += At::SECOND;
            At(*now)
        },
        move |bytes| {
            for chunk in bytes.chunks_mut(8) {
                let mut counter = counter.lock().expect("the counter");
                *counter += 1;
                let noise = (*counter).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
                chunk.copy_from_slice(&noise[..chunk.len()]);
            }
        },
    )
}
