//! Rows of a library as twenty years of photographing leave them, and how they are poured into either database.

use domain::{At, Month};
use uuid::Uuid;

/// What is made.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Whose library.
    pub owner: Uuid,
    /// How many items.
    pub count: u64,
    /// The same seed gives the same rows, but for `now`.
    pub seed: u64,
    /// The trash was filled in the day before: a vault would empty an older one as soon as its worker starts.
    pub now: At,
}

/// The first month, 2006-01, and how many follow.
pub const FIRST: Month = Month(2006 * 12);
/// Twenty years.
pub const MONTHS: u64 = 240;
/// The month with a wedding, a safari and a time-lapse: 70,000 of a million items.
pub const BIG: Month = Month(2019 * 12 + 7);

/// When the first item was uploaded: 1 January 2026.
pub const CREATED: At = At(1_767_225_600_000_000);

/// A value for either database.
#[derive(Debug, Clone)]
enum V {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
    Id(Uuid),
}

impl From<&str> for V {
    fn from(text: &str) -> V {
        V::Text(text.into())
    }
}

/// A table with its columns, in the order of the values of each row.
struct Table {
    name: &'static str,
    columns: &'static [&'static str],
}

const TABLES: [Table; 4] = [
    Table {
        name: "blob",
        columns: &[
            "id",
            "owner",
            "plain_size",
            "stored_size",
            "sha256",
            "key_id",
            "wrapped_key",
            "created_at",
        ],
    },
    Table {
        name: "media",
        columns: &[
            "id",
            "owner",
            "kind",
            "state",
            "shelf",
            "failure_code",
            "failure_detail",
            "title",
            "description",
            "description_source",
            "file_name",
            "mime",
            "size",
            "sha256",
            "width",
            "height",
            "duration_ms",
            "taken_local",
            "taken_offset",
            "taken_source",
            "month",
            "latitude",
            "longitude",
            "camera_make",
            "camera_model",
            "thumbhash",
            "version",
            "version_id",
            "revision",
            "created_at",
            "updated_at",
            "archived_at",
            "deleted_at",
        ],
    },
    Table {
        name: "media_version",
        columns: &[
            "id",
            "media_id",
            "number",
            "blob_id",
            "file_name",
            "mime",
            "size",
            "sha256",
            "uploaded_by",
            "created_at",
        ],
    },
    Table {
        name: "favorite",
        columns: &["user_id", "media_id", "taken_local", "created_at"],
    },
];

/// Counters of a library, computed once from its rows. `?1` is the owner.
const COUNTERS: [&str; 3] = [
    "INSERT INTO media_month (owner, view, month, items) SELECT owner, shelf, month, COUNT(*) FROM media WHERE owner = ?1 \
     GROUP BY owner, shelf, month ON CONFLICT (owner, view, month) DO UPDATE SET items = excluded.items",
    "INSERT INTO media_month (owner, view, month, items) SELECT m.owner, 'favorites', m.month, COUNT(*) FROM favorite f \
     JOIN media m ON m.id = f.media_id WHERE f.user_id = ?1 AND m.shelf <> 'trash' GROUP BY m.owner, m.month \
     ON CONFLICT (owner, view, month) DO UPDATE SET items = excluded.items",
    "UPDATE users SET used_bytes = (SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM media WHERE owner = ?1), \
     items = (SELECT COUNT(*) FROM media WHERE owner = ?1) WHERE id = ?1",
];

/// SplitMix64 (Steele, Lea, Flood 2014): a seed's own stream of numbers.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
    fn bytes(&mut self, many: usize) -> Vec<u8> {
        (0..many.div_ceil(8))
            .flat_map(|_| self.next().to_le_bytes())
            .take(many)
            .collect()
    }
    /// A UUIDv7 (RFC 9562) whose time is the n-th millisecond of 2026.
    fn id(&mut self, n: u64) -> Uuid {
        const START: u64 = 1_767_225_600_000;
        let random = self.next();
        Uuid::from_u64_pair(
            ((START + n) << 16) | 0x7000 | (random >> 52),
            (1 << 63) | (self.next() >> 2),
        )
    }
}

/// The rows of the n-th item: one for each of [`TABLES`], the last only when it is a favourite.
fn rows(plan: &Plan, n: u64) -> Vec<Vec<V>> {
    let mut noise = Noise(plan.seed.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ n);
    let (id, version, blob) = (noise.id(n), noise.id(n), noise.id(n));
    let sha256 = noise.bytes(32);
    let local = wall_clock(plan, n, &mut noise);
    let month = Month::of(At(local));
    let (kind, mime, ending) = match noise.below(100) {
        0 => ("audio", "audio/mp4", "M4A"),
        1..=8 => ("video", "video/mp4", "MP4"),
        _ => ("photo", "image/jpeg", "JPG"),
    };
    let shelf = match noise.below(100) {
        0 => "trash",
        1..=3 => "archive",
        _ => "timeline",
    };
    let failed = noise.below(2000) == 0;
    let (width, height) = [(4032, 3024), (3024, 4032), (6000, 4000), (1920, 1080)][noise.below(4) as usize];
    let size = 500_000 + noise.below(8_000_000) as i64;
    let created = CREATED.0 + n as i64 * 1000;
    let name = format!("IMG_{n:07}.{ending}");
    let when = |yes: bool, value: V| if yes { value } else { V::Null };
    let place = noise.below(3) == 0;
    let (latitude, longitude) = (noise.below(160) as f64 - 80.0, noise.below(360) as f64 - 180.0);
    let (make, model) = [("Apple", "iPhone 15"), ("FUJIFILM", "X-T5"), ("Canon", "EOS R6")][noise.below(3) as usize];
    let mut rows = vec![
        vec![
            V::Id(blob),
            V::Id(plan.owner),
            V::Int(size),
            V::Int(size + 1000),
            V::Bytes(sha256.clone()),
            V::Bytes(vec![1; 8]),
            V::Bytes(noise.bytes(60)),
            V::Int(created),
        ],
        vec![
            V::Id(id),
            V::Id(plan.owner),
            kind.into(),
            if failed { "failed" } else { "ready" }.into(),
            shelf.into(),
            when(failed, "damaged".into()),
            when(failed, "It ends in the middle.".into()),
            "".into(),
            "".into(),
            "none".into(),
            V::Text(name.clone()),
            mime.into(),
            V::Int(size),
            V::Bytes(sha256.clone()),
            when(kind != "audio", V::Int(width)),
            when(kind != "audio", V::Int(height)),
            when(kind != "photo", V::Int(noise.below(120_000) as i64)),
            V::Int(local),
            V::Int(60),
            "exif".into(),
            V::Int(month.0),
            when(place, V::Real(latitude)),
            when(place, V::Real(longitude)),
            make.into(),
            model.into(),
            when(!failed, V::Bytes(noise.bytes(25))),
            V::Int(1),
            V::Id(version),
            V::Int(2),
            V::Int(created),
            V::Int(created),
            when(shelf == "archive", V::Int(created)),
            when(shelf == "trash", V::Int(plan.now.0 - n as i64 * At::SECOND % At::DAY)),
        ],
        vec![
            V::Id(version),
            V::Id(id),
            V::Int(1),
            V::Id(blob),
            V::Text(name),
            mime.into(),
            V::Int(size),
            V::Bytes(sha256),
            V::Id(plan.owner),
            V::Int(created),
        ],
    ];
    if noise.below(50) == 0 {
        rows.push(vec![V::Id(plan.owner), V::Id(id), V::Int(local), V::Int(created)]);
    }
    rows
}

/// Seven of a hundred in the big month, the others everywhere, more of them in later years.
fn wall_clock(plan: &Plan, n: u64, noise: &mut Noise) -> i64 {
    let month = if n < plan.count * 7 / 100 {
        BIG
    } else {
        let (a, b) = (noise.below(MONTHS), noise.below(MONTHS));
        Month(FIRST.0 + a.max(b) as i64)
    };
    // Days from 1970-01-01 to the first of the month (Howard Hinnant, `days_from_civil`); each month has at least 28 days.
    let (year, month) = (month.0.div_euclid(12), month.0.rem_euclid(12) + 1);
    let (year, shifted) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * shifted + 2) / 5
        - 719_468;
    days * At::DAY + noise.below(28 * At::DAY as u64 / 1_000_000) as i64 * 1_000_000
}

/// Into SQLite.
pub mod sqlite {
    use super::{COUNTERS, Plan, TABLES, V, rows};
    use rusqlite::{Connection, Result, params_from_iter, types::Value};
    use uuid::Uuid;

    /// The account of an address, made if there is none.
    pub fn owner(c: &Connection, email: &str) -> Result<Uuid> {
        let folded = email.to_lowercase();
        c.execute(super::NEW_USER, (super::owner_id(&folded), email, &folded))?;
        c.query_row("SELECT id FROM users WHERE email_folded = ?1", [folded], |r| r.get(0))
    }

    impl From<V> for Value {
        fn from(v: V) -> Value {
            match v {
                V::Null => Value::Null,
                V::Int(i) => Value::Integer(i),
                V::Real(f) => Value::Real(f),
                V::Text(t) => Value::Text(t),
                V::Bytes(b) => Value::Blob(b),
                V::Id(id) => Value::Blob(id.as_bytes().to_vec()),
            }
        }
    }

    /// Pours the rows in. Indexes are made anew afterwards: ten times faster than keeping them.
    pub fn fill(c: &mut Connection, plan: &Plan) -> Result<()> {
        // A cache of 512 MB, and no fsync: rows that were made once can be made again.
        c.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -524288")?;
        let tx = c.transaction()?;
        let mut indexes: Vec<(String, String)> = vec![];
        for table in TABLES {
            let mut found = tx.prepare(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?1",
            )?;
            let found = found.query_map([table.name], |r| Ok((r.get(0)?, r.get(1)?)))?;
            indexes.extend(found.collect::<Result<Vec<_>>>()?);
        }
        for (name, _) in &indexes {
            tx.execute_batch(&format!("DROP INDEX {name}"))?;
        }
        {
            let mut inserts = vec![];
            for table in TABLES {
                let holes: Vec<_> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
                inserts.push(tx.prepare(&format!(
                    "INSERT INTO {} ({}) VALUES ({})",
                    table.name,
                    table.columns.join(", "),
                    holes.join(", ")
                ))?);
            }
            for n in 0..plan.count {
                for (insert, row) in inserts.iter_mut().zip(rows(plan, n)) {
                    insert.execute(params_from_iter(row.into_iter().map(Value::from)))?;
                }
            }
        }
        for (_, sql) in &indexes {
            tx.execute_batch(sql)?;
        }
        for sql in COUNTERS {
            tx.execute(sql, [plan.owner])?;
        }
        tx.commit()?;
        c.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)")
    }
}

/// Into PostgreSQL.
pub mod postgres {
    use super::{COUNTERS, Plan, TABLES, V, rows};
    use postgres::{Client, Error};
    use std::{fmt::Write as _, io::Write as _};
    use uuid::Uuid;

    /// The account of an address, made if there is none.
    pub fn owner(c: &mut Client, email: &str) -> Result<Uuid, Error> {
        let folded = email.to_lowercase();
        let sql = super::NEW_USER.replace('?', "$");
        c.execute(&sql, &[&super::owner_id(&folded), &email, &folded])?;
        c.query_one("SELECT id FROM users WHERE email_folded = $1", &[&folded])?
            .try_get(0)
    }

    /// One field of the text format of COPY. Nothing that is made here needs escaping.
    fn field(line: &mut String, v: &V) -> std::fmt::Result {
        match v {
            V::Null => line.write_str("\\N"),
            V::Int(i) => write!(line, "{i}"),
            V::Real(f) => write!(line, "{f}"),
            V::Text(t) => line.write_str(t),
            V::Bytes(b) => {
                line.write_str("\\\\x")?;
                b.iter().try_for_each(|b| write!(line, "{b:02x}"))
            }
            V::Id(id) => write!(line, "{id}"),
        }
    }

    /// Pours the rows in. Indexes are made anew afterwards, and references are not checked where the account may switch that off.
    pub fn fill(c: &mut Client, plan: &Plan) -> Result<(), Box<dyn std::error::Error>> {
        if c.batch_execute("SET session_replication_role = replica").is_err() {
            c.batch_execute("ROLLBACK")?;
        }
        c.batch_execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")?;
        let mut tx = c.transaction()?;
        let mut indexes: Vec<(String, String)> = vec![];
        for table in TABLES {
            let sql = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = $1 \
                       AND indexname NOT IN (SELECT conname FROM pg_constraint)";
            for row in tx.query(sql, &[&table.name])? {
                indexes.push((row.try_get(0)?, row.try_get(1)?));
            }
        }
        for (name, _) in &indexes {
            tx.batch_execute(&format!("DROP INDEX {name}"))?;
        }
        for (position, table) in TABLES.iter().enumerate() {
            let mut copy = tx.copy_in(&format!(
                "COPY {} ({}) FROM STDIN",
                table.name,
                table.columns.join(", ")
            ))?;
            let mut lines = String::new();
            for n in 0..plan.count {
                // Making each row once for each table is cheaper than keeping a million of them.
                let Some(row) = rows(plan, n).into_iter().nth(position) else {
                    continue;
                };
                for (column, v) in row.iter().enumerate() {
                    if column > 0 {
                        lines.push('\t');
                    }
                    field(&mut lines, v)?;
                }
                lines.push('\n');
                if lines.len() > 1 << 20 {
                    copy.write_all(lines.as_bytes())?;
                    lines.clear();
                }
            }
            copy.write_all(lines.as_bytes())?;
            copy.finish()?;
        }
        for (_, sql) in &indexes {
            tx.batch_execute(sql)?;
        }
        for sql in COUNTERS {
            tx.execute(&sql.replace('?', "$"), &[&plan.owner])?;
        }
        tx.commit()?;
        c.batch_execute("RESET session_replication_role")?;
        Ok(c.batch_execute("VACUUM ANALYZE")?)
    }
}

const NEW_USER: &str = "INSERT INTO users (id, email, email_folded, name, role, status, used_bytes, items, created_at, updated_at) \
    VALUES (?1, ?2, ?3, 'Seeded', 'user', 'active', 0, 0, 0, 0) ON CONFLICT DO NOTHING";

/// The same address gives the same id.
fn owner_id(folded: &str) -> Uuid {
    let seed = folded.bytes().fold(1_469_598_103_934_665_603, |hash: u64, b| {
        (hash ^ u64::from(b)).wrapping_mul(1_099_511_628_211)
    });
    Noise(seed).id(0)
}
