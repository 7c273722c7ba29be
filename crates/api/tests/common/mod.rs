//! A house with its interface, in this process, and clients of it.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test's way to fail is to panic")]

use api::{Api, App, Settings};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
};
use domain::{Actor, At, Errand, Role};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};
use vault::{Parts, Vault, World, accounts, events::Events};

pub const PASSWORD: &str = "blue mountain lake";

/// 2026-01-01T00:00:00Z.
const BEGINNING: i64 = 1_767_225_600 * At::SECOND;

/// A house on its own database and folder.
pub struct House {
    pub vault: Vault,
    pub app: App,
    pub clock: Arc<AtomicI64>,
    database: testkit::Database,
}

/// A server of a house; another one draws other random numbers.
async fn server(database: &testkit::Database, clock: &Arc<AtomicI64>, seed: u64) -> Vault {
    let ticking = clock.clone();
    let seed = AtomicU64::new(seed);
    let world = World::new(
        move || At(ticking.load(Ordering::SeqCst)),
        move |bytes| {
            // SplitMix64: repeatable, and never the same twice.
            for chunk in bytes.chunks_mut(8) {
                let mut z = seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
            }
        },
    );
    let events = Events::default();
    let opening = store::Settings {
        url: database.url().to_owned(),
        connections: 4,
    };
    let announce = events.announce();
    let store = tokio::task::spawn_blocking(move || store::Store::open(&opening, announce))
        .await
        .unwrap()
        .unwrap();
    let objects = database.folder().join("objects");
    let blobs = blob::Blobs::open(
        blob::Settings::new(objects),
        blob::MasterKey::from_bytes([7; 32]),
        world.source(),
    )
    .unwrap();
    Vault::new(Parts {
        store,
        blobs,
        // Nothing is decoded here: no worker runs.
        decoders: media::DecoderPool::new(media::Settings::new("/bin/false".into(), vec![])).unwrap(),
        tokens: identity::TokenKeys::from_seed(&[3; 32], "http://house.test").unwrap(),
        links: identity::LinkKey::new(&[4; 32]),
        world,
        events,
        settings: vault::Settings::default(),
    })
}

impl House {
    pub async fn new(database: testkit::Database) -> House {
        Self::with(database, Settings::default()).await
    }
    pub async fn with(database: testkit::Database, settings: Settings) -> House {
        let clock = Arc::new(AtomicI64::new(BEGINNING));
        let vault = server(&database, &clock, 1).await;
        let api = Api::new(vault.clone(), settings, Arc::new(|| "up 1\n".into()));
        House {
            app: App::new(api),
            vault,
            clock,
            database,
        }
    }

    /// The same house through another server, for somebody who is signed in at the first.
    pub async fn beside(&self, client: &Client) -> Client {
        let vault = server(&self.database, &self.clock, 1 << 40).await;
        let api = Api::new(vault, Settings::default(), Arc::new(String::new));
        Client {
            app: App::new(api),
            token: client.token.clone(),
        }
    }

    pub fn pass(&self, micros: i64) {
        self.clock.fetch_add(micros, Ordering::SeqCst);
    }

    /// Makes an account and signs in.
    pub async fn person(&self, name: &str, role: Role) -> Client {
        let call = self.vault.call(Actor::System(Errand::Operator), None);
        let email = format!("{name}@example.org");
        let account = accounts::NewAccount {
            name: name.into(),
            email: email.clone(),
            password: PASSWORD.into(),
            role,
            quota_bytes: None,
        };
        accounts::add(&self.vault, call, account).await.unwrap();
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.nobody().post("/api/v1/auth/login", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        Client {
            app: self.app.clone(),
            token: Some(token),
        }
    }

    pub fn nobody(&self) -> Client {
        Client {
            app: self.app.clone(),
            token: None,
        }
    }
}

/// Somebody who calls the interface.
#[derive(Clone)]
pub struct Client {
    app: App,
    pub token: Option<String>,
}

/// An answer, read to its end (event streams: not read).
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }
}

impl Client {
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header("host", "house.test");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request
    }
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.app.clone().answer(request).await;
        let (parts, body) = response.into_parts();
        let endless = parts.headers.get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static("text/event-stream"));
        let body = if endless {
            vec![]
        } else {
            axum::body::to_bytes(body, usize::MAX).await.unwrap().into()
        };
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }
    /// The response with its body still to be read.
    pub async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.app.clone().answer(request).await
    }
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path).body(Body::empty()).unwrap())
            .await
    }
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.json("POST", path, body).await
    }
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.json("PATCH", path, body).await
    }
    pub async fn json(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self
            .request(method, path)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
    /// Sends a form; a part with a file name is a file.
    pub async fn form(&self, path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Reply {
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=XX");
        self.send(request.body(Body::from(form(parts))).unwrap()).await
    }
    /// Adds a photo and gives its id.
    pub async fn add_photo(&self, seed: u64) -> String {
        let photo = testkit::sample::jpeg(seed, 16, 12);
        let added = self.form("/api/v1/media", &[("file", Some("a.jpg"), &photo)]).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
        added.json()["id"].as_str().unwrap().to_owned()
    }
}

pub fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|f| format!("; filename=\"{f}\"")).unwrap_or_default();
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    body
}
