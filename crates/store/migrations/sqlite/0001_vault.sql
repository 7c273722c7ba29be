CREATE TABLE users (
  id BLOB PRIMARY KEY NOT NULL,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  quota_bytes INTEGER,
  used_bytes INTEGER NOT NULL,
  items INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
  user_id BLOB NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  secret TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  id BLOB PRIMARY KEY NOT NULL,
  user_id BLOB NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ip TEXT,
  user_agent TEXT NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_user ON session (user_id, last_used_at, id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE refresh_token (
  digest BLOB PRIMARY KEY NOT NULL,
  session_id BLOB NOT NULL REFERENCES session (id),
  issued_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_token_of_session ON refresh_token (session_id);

CREATE TABLE sign_in_failure (
  subject TEXT PRIMARY KEY NOT NULL,
  failures INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_failure_age ON sign_in_failure (last_at);

CREATE TABLE blob (
  id BLOB PRIMARY KEY NOT NULL,
  owner BLOB NOT NULL,
  plain_size INTEGER NOT NULL,
  stored_size INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  key_id BLOB NOT NULL,
  wrapped_key BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  verified_at INTEGER,
  doomed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_doomed ON blob (doomed_at, id) WHERE doomed_at IS NOT NULL;

CREATE TABLE media (
  id BLOB PRIMARY KEY NOT NULL,
  owner BLOB NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  shelf TEXT NOT NULL,
  failure_code TEXT,
  failure_detail TEXT,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  description_source TEXT NOT NULL,
  file_name TEXT NOT NULL,
  mime TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  width INTEGER,
  height INTEGER,
  duration_ms INTEGER,
  taken_local INTEGER NOT NULL,
  taken_offset INTEGER,
  taken_source TEXT NOT NULL,
  month INTEGER NOT NULL,
  latitude REAL,
  longitude REAL,
  camera_make TEXT,
  camera_model TEXT,
  camera_lens TEXT,
  camera_iso INTEGER,
  camera_aperture REAL,
  camera_exposure_time REAL,
  camera_focal_length REAL,
  thumbhash BLOB,
  version INTEGER NOT NULL,
  version_id BLOB NOT NULL,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  archived_at INTEGER,
  deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX media_content ON media (owner, sha256);
CREATE INDEX media_size ON media (owner, size);
CREATE INDEX media_page ON media (owner, shelf, month, taken_local, id, taken_offset, kind, width, height, thumbhash, duration_ms, state, version);
-- Months sort as wall clocks do, so that lists across months are read from these two as well.
CREATE INDEX media_kind ON media (owner, shelf, kind, month, taken_local, id);
CREATE INDEX media_unready ON media (owner, shelf, state, month, taken_local, id) WHERE state <> 'ready';
CREATE INDEX media_failed ON media (failure_code, id) WHERE failure_code IS NOT NULL;
CREATE INDEX media_trashed ON media (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE media_version (
  id BLOB PRIMARY KEY NOT NULL,
  media_id BLOB NOT NULL REFERENCES media (id),
  number INTEGER NOT NULL,
  blob_id BLOB NOT NULL REFERENCES blob (id),
  file_name TEXT NOT NULL,
  mime TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  file_time INTEGER,
  sidecar TEXT,
  uploaded_by BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX media_version_number ON media_version (media_id, number);
CREATE INDEX media_version_blob ON media_version (blob_id);

CREATE TABLE rendition (
  version_id BLOB NOT NULL REFERENCES media_version (id),
  kind TEXT NOT NULL,
  blob_id BLOB NOT NULL REFERENCES blob (id),
  byte_offset INTEGER NOT NULL,
  byte_length INTEGER NOT NULL,
  mime TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  PRIMARY KEY (version_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX rendition_blob ON rendition (blob_id);

CREATE TABLE favorite (
  user_id BLOB NOT NULL REFERENCES users (id),
  media_id BLOB NOT NULL REFERENCES media (id),
  taken_local INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, media_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX favorite_page ON favorite (user_id, taken_local, media_id);
CREATE INDEX favorite_of_media ON favorite (media_id);

CREATE TABLE media_month (
  owner BLOB NOT NULL,
  view TEXT NOT NULL,
  month INTEGER NOT NULL,
  items INTEGER NOT NULL,
  PRIMARY KEY (owner, view, month)
) STRICT, WITHOUT ROWID;

CREATE TABLE upload (
  id BLOB PRIMARY KEY NOT NULL,
  owner BLOB NOT NULL REFERENCES users (id),
  blob_id BLOB NOT NULL UNIQUE,
  file_name TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 BLOB,
  details TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  media_id BLOB
) STRICT;
-- Completed ones stay for a while and must not be counted through for each new one.
CREATE INDEX upload_of_owner ON upload (owner, created_at, id) WHERE media_id IS NULL;
CREATE INDEX upload_expiry ON upload (expires_at, id);

CREATE TABLE job (
  id BLOB PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  deduplication_key TEXT NOT NULL,
  payload TEXT NOT NULL,
  priority INTEGER NOT NULL,
  state TEXT NOT NULL,
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  again INTEGER NOT NULL,
  lease_until INTEGER,
  worker TEXT,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX job_same_work ON job (kind, deduplication_key);
-- Each row stands in the indexes of its state alone.
CREATE INDEX job_next ON job (kind, priority, run_at, id) WHERE state = 'waiting';
CREATE INDEX job_time ON job (run_at) WHERE state = 'waiting';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_worker ON job (worker) WHERE state = 'running';
CREATE INDEX job_dead ON job (updated_at, id) WHERE state = 'dead';

CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BLOB NOT NULL,
  kind TEXT NOT NULL,
  media_id BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX event_of_user ON event (user_id, seq);
CREATE INDEX event_age ON event (at);

CREATE TABLE audit_event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  action TEXT NOT NULL,
  actor TEXT NOT NULL,
  actor_id BLOB,
  resource TEXT NOT NULL,
  resource_id BLOB NOT NULL,
  ip TEXT,
  at INTEGER NOT NULL,
  previous_hash BLOB,
  hash BLOB
) STRICT;
CREATE INDEX audit_unsealed ON audit_event (seq) WHERE hash IS NULL;

CREATE TABLE idempotency (
  actor_id BLOB NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  status INTEGER,
  headers TEXT,
  body BLOB,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (actor_id, idempotency_key)
) STRICT;
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE media_change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  media_id BLOB NOT NULL REFERENCES media (id),
  actor_id BLOB,
  field TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX media_change_of_media ON media_change (media_id, seq);

CREATE TABLE download (
  id BLOB PRIMARY KEY NOT NULL,
  owner BLOB NOT NULL REFERENCES users (id),
  media_ids TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX download_expiry ON download (expires_at);

CREATE TABLE setting (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
