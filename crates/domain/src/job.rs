//! Background work as data. `store` enqueues it in the transaction of its cause; `jobs` runs it.

use crate::id::{MediaId, VersionId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Which work goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    /// A person is looking at the screen.
    Person = 0,
    /// A bulk import, a repair.
    Bulk = 10,
}

/// A kind of job: its payload, its name in the database, and what makes two of them the same work.
pub trait JobPayload: Serialize + DeserializeOwned + Send + 'static {
    /// The name in the database; it never changes once released.
    const NAME: &'static str;
    /// Two waiting jobs with the same key are one.
    fn deduplication_key(&self) -> String;
}

/// Reads what is in a version's file and makes its renditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMedia {
    /// The item.
    pub media: MediaId,
    /// The version whose file is read.
    pub version: VersionId,
}
impl JobPayload for ProcessMedia {
    const NAME: &'static str = "process_media";
    fn deduplication_key(&self) -> String {
        self.version.to_string()
    }
}
