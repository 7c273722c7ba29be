CREATE TABLE users (
  id UUID PRIMARY KEY,
  email TEXT COLLATE "C" NOT NULL,
  email_folded TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  quota_bytes BIGINT,
  used_bytes BIGINT NOT NULL,
  items BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE credential (
  user_id UUID NOT NULL REFERENCES users (id),
  kind TEXT COLLATE "C" NOT NULL,
  secret TEXT COLLATE "C" NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, kind)
);

CREATE TABLE session (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ip TEXT COLLATE "C",
  user_agent TEXT COLLATE "C" NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX session_of_user ON session (user_id, last_used_at, id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE refresh_token (
  digest BYTEA PRIMARY KEY,
  session_id UUID NOT NULL REFERENCES session (id),
  issued_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX refresh_token_of_session ON refresh_token (session_id);

CREATE TABLE sign_in_failure (
  subject TEXT COLLATE "C" PRIMARY KEY,
  failures BIGINT NOT NULL,
  last_at BIGINT NOT NULL
);
CREATE INDEX sign_in_failure_age ON sign_in_failure (last_at);

CREATE TABLE blob (
  id UUID PRIMARY KEY,
  owner UUID NOT NULL,
  plain_size BIGINT NOT NULL,
  stored_size BIGINT NOT NULL,
  sha256 BYTEA NOT NULL,
  key_id BYTEA NOT NULL,
  wrapped_key BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  verified_at BIGINT,
  doomed_at BIGINT
);
CREATE INDEX blob_doomed ON blob (doomed_at, id) WHERE doomed_at IS NOT NULL;

CREATE TABLE media (
  id UUID PRIMARY KEY,
  owner UUID NOT NULL REFERENCES users (id),
  kind TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  shelf TEXT COLLATE "C" NOT NULL,
  failure_code TEXT COLLATE "C",
  failure_detail TEXT COLLATE "C",
  title TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  description_source TEXT COLLATE "C" NOT NULL,
  file_name TEXT COLLATE "C" NOT NULL,
  mime TEXT COLLATE "C" NOT NULL,
  size BIGINT NOT NULL,
  sha256 BYTEA NOT NULL,
  width BIGINT,
  height BIGINT,
  duration_ms BIGINT,
  taken_local BIGINT NOT NULL,
  taken_offset BIGINT,
  taken_source TEXT COLLATE "C" NOT NULL,
  month BIGINT NOT NULL,
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  camera_make TEXT COLLATE "C",
  camera_model TEXT COLLATE "C",
  camera_lens TEXT COLLATE "C",
  camera_iso BIGINT,
  camera_aperture DOUBLE PRECISION,
  camera_exposure_time DOUBLE PRECISION,
  camera_focal_length DOUBLE PRECISION,
  thumbhash BYTEA,
  version BIGINT NOT NULL,
  version_id UUID NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  archived_at BIGINT,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX media_content ON media (owner, sha256);
CREATE INDEX media_size ON media (owner, size);
CREATE INDEX media_page ON media (owner, shelf, month, taken_local, id, taken_offset, kind, width, height, thumbhash, duration_ms, state, version);
-- Months sort as wall clocks do, so that lists across months are read from these two as well.
CREATE INDEX media_kind ON media (owner, shelf, kind, month, taken_local, id);
CREATE INDEX media_unready ON media (owner, shelf, state, month, taken_local, id) WHERE state <> 'ready';
CREATE INDEX media_failed ON media (failure_code, id) WHERE failure_code IS NOT NULL;
CREATE INDEX media_trashed ON media (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE media_version (
  id UUID PRIMARY KEY,
  media_id UUID NOT NULL REFERENCES media (id),
  number BIGINT NOT NULL,
  blob_id UUID NOT NULL REFERENCES blob (id),
  file_name TEXT COLLATE "C" NOT NULL,
  mime TEXT COLLATE "C" NOT NULL,
  size BIGINT NOT NULL,
  sha256 BYTEA NOT NULL,
  file_time BIGINT,
  sidecar TEXT COLLATE "C",
  uploaded_by UUID NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX media_version_number ON media_version (media_id, number);
CREATE INDEX media_version_blob ON media_version (blob_id);

CREATE TABLE rendition (
  version_id UUID NOT NULL REFERENCES media_version (id),
  kind TEXT COLLATE "C" NOT NULL,
  blob_id UUID NOT NULL REFERENCES blob (id),
  byte_offset BIGINT NOT NULL,
  byte_length BIGINT NOT NULL,
  mime TEXT COLLATE "C" NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  PRIMARY KEY (version_id, kind)
);
CREATE INDEX rendition_blob ON rendition (blob_id);

CREATE TABLE favorite (
  user_id UUID NOT NULL REFERENCES users (id),
  media_id UUID NOT NULL REFERENCES media (id),
  taken_local BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, media_id)
);
CREATE INDEX favorite_page ON favorite (user_id, taken_local, media_id);
CREATE INDEX favorite_of_media ON favorite (media_id);

CREATE TABLE media_month (
  owner UUID NOT NULL,
  view TEXT COLLATE "C" NOT NULL,
  month BIGINT NOT NULL,
  items BIGINT NOT NULL,
  PRIMARY KEY (owner, view, month)
);

CREATE TABLE upload (
  id UUID PRIMARY KEY,
  owner UUID NOT NULL REFERENCES users (id),
  blob_id UUID NOT NULL UNIQUE,
  file_name TEXT COLLATE "C" NOT NULL,
  size BIGINT NOT NULL,
  sha256 BYTEA,
  details TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  media_id UUID
);
-- Completed ones stay for a while and must not be counted through for each new one.
CREATE INDEX upload_of_owner ON upload (owner, created_at, id) WHERE media_id IS NULL;
CREATE INDEX upload_expiry ON upload (expires_at, id);

CREATE TABLE job (
  id UUID PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL,
  deduplication_key TEXT COLLATE "C" NOT NULL,
  payload TEXT COLLATE "C" NOT NULL,
  priority BIGINT NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  again BIGINT NOT NULL,
  lease_until BIGINT,
  worker TEXT COLLATE "C",
  last_error TEXT COLLATE "C",
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX job_same_work ON job (kind, deduplication_key);
-- Each row stands in the indexes of its state alone.
CREATE INDEX job_next ON job (kind, priority, run_at, id) WHERE state = 'waiting';
CREATE INDEX job_time ON job (run_at) WHERE state = 'waiting';
CREATE INDEX job_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_worker ON job (worker) WHERE state = 'running';
CREATE INDEX job_dead ON job (updated_at, id) WHERE state = 'dead';

CREATE TABLE event (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id UUID NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  media_id UUID NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX event_of_user ON event (user_id, seq);
CREATE INDEX event_age ON event (at);

CREATE TABLE audit_event (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  action TEXT COLLATE "C" NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  actor_id UUID,
  resource TEXT COLLATE "C" NOT NULL,
  resource_id UUID NOT NULL,
  ip TEXT COLLATE "C",
  at BIGINT NOT NULL,
  previous_hash BYTEA,
  hash BYTEA
);
CREATE INDEX audit_unsealed ON audit_event (seq) WHERE hash IS NULL;

CREATE TABLE idempotency (
  actor_id UUID NOT NULL,
  idempotency_key TEXT COLLATE "C" NOT NULL,
  fingerprint BYTEA NOT NULL,
  status BIGINT,
  headers TEXT COLLATE "C",
  body BYTEA,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (actor_id, idempotency_key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE media_change (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  media_id UUID NOT NULL REFERENCES media (id),
  actor_id UUID,
  field TEXT COLLATE "C" NOT NULL,
  old_value TEXT COLLATE "C",
  new_value TEXT COLLATE "C",
  at BIGINT NOT NULL
);
CREATE INDEX media_change_of_media ON media_change (media_id, seq);

CREATE TABLE download (
  id UUID PRIMARY KEY,
  owner UUID NOT NULL REFERENCES users (id),
  media_ids TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX download_expiry ON download (expires_at);

CREATE TABLE setting (
  name TEXT COLLATE "C" PRIMARY KEY,
  value TEXT COLLATE "C" NOT NULL
);
