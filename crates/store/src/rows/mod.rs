//! Rows <-> domain types, one file for each part of the data model. The only place with SQL.

mod blobs;
mod downloads;
mod events;
mod history;
mod idempotency;
mod jobs;
mod media;
mod processing;
mod sessions;
mod shelves;
mod timeline;
mod uploads;
mod users;
mod versions;

pub use blobs::{DoomedBlob, Verification};
pub use events::EventRow;
pub use history::HistoryRow;
pub use idempotency::{Idempotency, StoredAnswer};
pub use jobs::{ClaimedJob, DeadJob, JobCounts};
pub use media::{Added, MediaChange, MediaRow, NewMedia};
pub use processing::{NewRendition, Processed};
pub use sessions::{Believed, NewSession, RefreshToken, SessionRow};
pub use shelves::Mark;
pub use timeline::{Cell, ListFilter, MonthCount, Position as ListPosition};
pub use uploads::{NewUpload, UploadDetails, UploadRow};
pub use users::{NewUser, Space, UserRow};
pub use versions::{RenditionRow, VersionRow, Withheld};
