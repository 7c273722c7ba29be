//! Time and chance. Everything else gets them as arguments, so that a test can move the one and fix the other.

use domain::At;
use std::{fmt, sync::Arc};
use uuid::Uuid;

type Clock = Arc<dyn Fn() -> At + Send + Sync>;
/// A source of random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// A clock and a source of random bytes.
#[derive(Clone)]
pub struct World {
    clock: Clock,
    random: Random,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

impl World {
    /// A world of its own.
    pub fn new(
        clock: impl Fn() -> At + Send + Sync + 'static,
        random: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: Arc::new(clock),
            random: Arc::new(random),
        }
    }

    /// What time it is.
    pub fn now(&self) -> At {
        (self.clock)()
    }

    /// `N` bytes that nobody can guess.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// The source of random bytes itself, for parts that need many.
    pub fn source(&self) -> Random {
        self.random.clone()
    }

    /// A new id (UUIDv7, RFC 9562) of any kind.
    pub fn id<T: From<Uuid>>(&self) -> T {
        let millis = u64::try_from(self.now().0.div_euclid(1000)).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random())
            .into_uuid()
            .into()
    }
}
