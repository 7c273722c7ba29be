//! What all handlers share.

use crate::{http::cookies::Cookies, limit::Limits, settings::Settings};
use domain::SessionId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::sync::CancellationToken;
use vault::Vault;

/// Gives the metrics in Prometheus' text format.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// The interface with everything that it needs.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    vault: Vault,
    settings: Settings,
    cookies: Cookies,
    limits: Limits,
    metrics: RenderMetrics,
    ending: CancellationToken,
    streams: Mutex<HashMap<SessionId, usize>>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

/// The most open event streams of one sign-in: more tabs than anybody has.
const STREAMS: usize = 32;

impl Api {
    /// Puts the interface in front of a vault. `metrics` renders what this process has measured.
    pub fn new(vault: Vault, settings: Settings, metrics: RenderMetrics) -> Self {
        Self(Arc::new(Inner {
            cookies: Cookies::new(settings.public_url.as_deref()),
            limits: Limits::new(settings.rate_limit_per_minute),
            vault,
            settings,
            metrics,
            ending: CancellationToken::new(),
            streams: Mutex::default(),
        }))
    }
    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }
    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }
    pub(crate) fn cookies(&self) -> &Cookies {
        &self.0.cookies
    }
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }
    pub(crate) fn metrics(&self) -> String {
        (self.0.metrics)()
    }
    /// Cancelled when the server begins to stop: streams that would never end do then.
    pub(crate) fn ending(&self) -> &CancellationToken {
        &self.0.ending
    }
    /// A place among a sign-in's event streams, kept until it is dropped; `None` when there are too many.
    pub(crate) fn stream(&self, session: SessionId) -> Option<StreamPlace> {
        let mut streams = self.0.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let open = streams.entry(session).or_default();
        (*open < STREAMS).then(|| {
            *open += 1;
            StreamPlace {
                api: self.clone(),
                session,
            }
        })
    }
}

/// An open event stream's place.
pub(crate) struct StreamPlace {
    api: Api,
    session: SessionId,
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut streams = self.api.0.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = streams.get_mut(&self.session) {
            *open -= 1;
            if *open == 0 {
                streams.remove(&self.session);
            }
        }
    }
}
