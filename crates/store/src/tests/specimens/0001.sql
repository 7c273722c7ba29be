-- One row of each table as version 1 writes them. Never changed after its release.
INSERT INTO users (id, email, email_folded, name, role, status, quota_bytes, used_bytes, items, created_at, updated_at)
VALUES (x'01900000000070008000000000000001', 'Ann@example.org', 'ann@example.org', 'Ann', 'admin', 'active', NULL, 1000, 1, 1, 1);
INSERT INTO credential (user_id, kind, secret, updated_at) VALUES (x'01900000000070008000000000000001', 'password', '$argon2id$', 1);
INSERT INTO session (id, user_id, created_at, last_used_at, expires_at, ip, user_agent)
VALUES (x'01900000000070008000000000000002', x'01900000000070008000000000000001', 1, 1, 9000000000000000, '192.0.2.7', 'Safari');
INSERT INTO refresh_token (digest, session_id, issued_at)
VALUES (x'0101010101010101010101010101010101010101010101010101010101010101', x'01900000000070008000000000000002', 1);
INSERT INTO sign_in_failure (subject, failures, last_at) VALUES ('ip:192.0.2.7', 3, 1);
INSERT INTO blob (id, owner, plain_size, stored_size, sha256, key_id, wrapped_key, created_at)
VALUES (x'01900000000070008000000000000003', x'01900000000070008000000000000001', 1000, 1100,
  x'0202020202020202020202020202020202020202020202020202020202020202', x'0303030303030303', x'040404', 1);
INSERT INTO blob (id, owner, plain_size, stored_size, sha256, key_id, wrapped_key, created_at)
VALUES (x'01900000000070008000000000000004', x'01900000000070008000000000000001', 1000, 1100,
  x'0505050505050505050505050505050505050505050505050505050505050505', x'0303030303030303', x'040404', 1);
INSERT INTO media (id, owner, kind, state, shelf, title, description, description_source, file_name, mime, size, sha256, width, height,
  taken_local, taken_offset, taken_source, month, latitude, longitude, camera_make, thumbhash, version, version_id, revision,
  created_at, updated_at)
VALUES (x'01900000000070008000000000000005', x'01900000000070008000000000000001', 'photo', 'ready', 'timeline', 'Na plaży', '', 'none',
  'IMG_0001.JPG', 'image/jpeg', 1000, x'0202020202020202020202020202020202020202020202020202020202020202', 4032, 3024,
  1715947200000000, 120, 'exif', 24292, 54.35, 18.65, 'FUJIFILM', x'0606', 1, x'01900000000070008000000000000006', 3, 1, 1);
INSERT INTO media_version (id, media_id, number, blob_id, file_name, mime, size, sha256, uploaded_by, created_at)
VALUES (x'01900000000070008000000000000006', x'01900000000070008000000000000005', 1, x'01900000000070008000000000000003', 'IMG_0001.JPG',
  'image/jpeg', 1000, x'0202020202020202020202020202020202020202020202020202020202020202', x'01900000000070008000000000000001', 1);
INSERT INTO rendition (version_id, kind, blob_id, byte_offset, byte_length, mime, width, height)
VALUES (x'01900000000070008000000000000006', 'thumb', x'01900000000070008000000000000004', 0, 1000, 'image/webp', 341, 256);
INSERT INTO favorite (user_id, media_id, taken_local, created_at)
VALUES (x'01900000000070008000000000000001', x'01900000000070008000000000000005', 1715947200000000, 1);
INSERT INTO media_month (owner, view, month, items) VALUES (x'01900000000070008000000000000001', 'timeline', 24292, 1);
INSERT INTO media_month (owner, view, month, items) VALUES (x'01900000000070008000000000000001', 'favorites', 24292, 1);
INSERT INTO upload (id, owner, blob_id, file_name, size, details, created_at, expires_at)
VALUES (x'01900000000070008000000000000007', x'01900000000070008000000000000001', x'01900000000070008000000000000008', 'b.jpg', 7, '{}', 1, 2);
INSERT INTO job (id, kind, deduplication_key, payload, priority, state, run_at, attempts, again, created_at, updated_at)
VALUES (x'01900000000070008000000000000009', 'process_media', 'k', '{}', 0, 'waiting', 1, 0, 0, 1, 1);
INSERT INTO event (user_id, kind, media_id, at)
VALUES (x'01900000000070008000000000000001', 'media.created', x'01900000000070008000000000000005', 1);
INSERT INTO audit_event (action, actor, actor_id, resource, resource_id, ip, at) VALUES ('media.edit', 'person',
  x'01900000000070008000000000000001', 'media', x'01900000000070008000000000000005', '192.0.2.7', 1);
INSERT INTO idempotency (actor_id, idempotency_key, fingerprint, created_at) VALUES (x'01900000000070008000000000000001', 'k',
  x'0707070707070707070707070707070707070707070707070707070707070707', 1);
INSERT INTO setting (name, value) VALUES ('set_up', '01900000-0000-7000-8000-000000000001');
INSERT INTO media_change (media_id, actor_id, field, old_value, new_value, at) VALUES (x'01900000000070008000000000000005',
  x'01900000000070008000000000000001', 'title', '', 'Lake', 1);
INSERT INTO download (id, owner, media_ids, expires_at)
VALUES (x'0190000000007000800000000000000b', x'01900000000070008000000000000001', '[]', 2);
