//! What a page asks costs what it shows, not what is stored: on 100,000 items no statement walks a table that grows with them.

use super::{everything::ask_everything, recorder::Seen, *};
use crate::{
    engine::{Connection, Raw, Session, Texts},
    migrate,
};
use domain::{Person, Role, UserId};
use std::collections::BTreeMap;

const ITEMS: u64 = 100_000;

/// What is asked of everything there is, or of the first row that comes. (Jobs are counted over the index of their state.)
const WALKS: [&str; 4] = ["blob_totals", "has_blobs", "installation_facts", "job_counts"];

/// Many rows in the other tables that grow. The people, their sessions and favourites borrow the ids of items.
const MORE: [&str; 9] = [
    "INSERT INTO users (id, email, email_folded, name, role, status, used_bytes, items, created_at, updated_at) \
     SELECT id, file_name, file_name, '', 'user', 'active', 0, 0, 0, 0 FROM media WHERE size % 50 = 0",
    "INSERT INTO credential (user_id, kind, secret, updated_at) SELECT id, 'password', '', 0 FROM users",
    "INSERT INTO session (id, user_id, created_at, last_used_at, expires_at, user_agent) \
     SELECT id, id, 0, 0, 9000000000000000, '' FROM users",
    "INSERT INTO refresh_token (digest, session_id, issued_at) SELECT m.sha256, s.id, 0 FROM session s JOIN media m ON m.id = s.id",
    "INSERT INTO favorite (user_id, media_id, taken_local, created_at) \
     SELECT u.id, m.id, m.taken_local, 0 FROM users u JOIN media m ON m.id = u.id",
    "INSERT INTO job (id, kind, deduplication_key, payload, priority, state, run_at, attempts, again, created_at, updated_at) \
     SELECT id, 'process_media', file_name, '{}', 10, CASE size % 50 WHEN 0 THEN 'dead' ELSE 'waiting' END, created_at, 0, 0, 0, created_at \
     FROM media",
    "INSERT INTO event (user_id, kind, media_id, at) SELECT owner, 'media.created', id, 9000000000000000 FROM media",
    "INSERT INTO upload (id, owner, blob_id, file_name, size, details, created_at, expires_at, media_id) \
     SELECT id, owner, id, file_name, size, '{}', created_at, 9000000000000000, id FROM media WHERE size % 5 = 0",
    "INSERT INTO idempotency (actor_id, idempotency_key, fingerprint, created_at) \
     SELECT owner, file_name, sha256, 9000000000000000 FROM media WHERE size % 5 = 0",
];

fn seeded(database: &Database) -> (Raw, Person) {
    migrate::migrate(&settings(database)).unwrap();
    let email = "ann@example.org";
    let mut raw = settings(database).connect().unwrap();
    let owner = match &mut raw {
        Raw::Sqlite(c) => {
            let owner = seed::sqlite::owner(c, email).unwrap();
            seed::sqlite::fill(
                c,
                &seed::Plan {
                    owner,
                    count: ITEMS,
                    seed: 1,
                    now: seed::CREATED,
                },
            )
            .unwrap();
            for sql in MORE {
                c.execute(sql, []).unwrap();
            }
            owner
        }
        Raw::Postgres(c) => {
            c.batch_execute("SET statement_timeout = 0").unwrap();
            let owner = seed::postgres::owner(c, email).unwrap();
            seed::postgres::fill(
                c,
                &seed::Plan {
                    owner,
                    count: ITEMS,
                    seed: 1,
                    now: seed::CREATED,
                },
            )
            .unwrap();
            for sql in MORE {
                c.execute(sql, &[]).unwrap();
            }
            c.batch_execute("ANALYZE").unwrap();
            owner
        }
    };
    (
        raw,
        Person {
            id: UserId(owner),
            role: Role::User,
            session: None,
        },
    )
}

/// Every statement once, with the name of who asks it first.
fn distinct(asked: Vec<(&'static str, Vec<Seen>)>) -> BTreeMap<String, (&'static str, Vec<Value>)> {
    let mut out = BTreeMap::new();
    for (name, seen) in asked {
        for (sql, args) in seen {
            out.entry(sql).or_insert((name, args));
        }
    }
    assert!(out.len() > 100, "{}", out.len());
    out
}

#[test]
fn nothing_that_the_program_asks_is_left_out() {
    let asked = include_str!("everything.rs");
    for file in std::fs::read_dir("src/rows").unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for part in source.split("    pub fn ").skip(1) {
            let (name, rest) = part.split_once(['(', '<']).unwrap();
            let takes_a_transaction = rest.split('{').next().unwrap().contains("&mut self");
            assert!(!takes_a_transaction || asked.contains(&format!("tx.{name}(")), "{name}");
        }
    }
}

#[test]
fn no_statement_walks_a_table_on_sqlite() {
    let database = Database::sqlite();
    let (Raw::Sqlite(c), person) = seeded(&database) else {
        unreachable!()
    };
    let asked = distinct(ask_everything(&mut Tx::new(&mut Session::Sqlite(&c)), person));
    let mut complaints = vec![];
    // Nobody runs ANALYZE on a family's box; somebody may.
    for analyzed in [false, true] {
        if analyzed {
            c.execute_batch("ANALYZE").unwrap();
        }
        for (sql, (name, args)) in &asked {
            let mut explain = c.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan = explain
                .query_map(rusqlite::params_from_iter(args), |r| r.get::<_, String>(3))
                .unwrap();
            let plan: Vec<String> = plan.collect::<Result<_, _>>().unwrap();
            let bad = |step: &String| {
                // Walked in the order that is asked for, and only as far as the limit: by number, or over the index of one state.
                let in_order = ["SCAN event", "INDEX job_time", "INDEX job_dead"]
                    .iter()
                    .any(|i| step.contains(i));
                let scan =
                    step.starts_with("SCAN ") && *step != "SCAN CONSTANT ROW" && !(in_order && sql.contains(" LIMIT "));
                let sort = step.contains("TEMP B-TREE") && !sql.contains(" UNION ");
                (scan || sort) && !WALKS.contains(name)
            };
            let page = *name == "month_page" && sql.contains("FROM media m");
            let uncovered = page && !plan.iter().any(|s| s.contains("COVERING INDEX media_page"));
            if plan.iter().any(bad) || uncovered {
                complaints.push(format!(
                    "{name} (analyzed: {analyzed}): {sql}\n    {}",
                    plan.join("\n    ")
                ));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn no_statement_walks_a_table_on_postgres() {
    let database = Database::postgres();
    let (raw, person) = seeded(&database);
    drop(raw);
    let mut connection = Connection::open(database.url(), Texts::default()).unwrap();
    let mut session = Session::Postgres(&mut connection);
    let mut tx = Tx::new(&mut session);
    let asked = distinct(ask_everything(&mut tx, person));
    tx.execute("SET enable_seqscan = off", &[]).unwrap();
    let mut complaints = vec![];
    for (sql, (name, args)) in &asked {
        let explain = |tx: &mut Tx<'_, '_>| {
            tx.list(&format!("EXPLAIN VERBOSE {sql}"), args, |r| r.get::<String>(0))
                .unwrap()
        };
        let plan = explain(&mut tx);
        let walks = plan.iter().any(|step| step.contains("Seq Scan on")) && !WALKS.contains(name);
        let sorts = plan.iter().any(|step| step.contains("Sort")) && *name == "month_page";
        // All rows of a subquery for each page, whatever is shown.
        let hashes = plan.iter().any(|step| step.contains("hashed SubPlan"));
        if walks || sorts || hashes {
            complaints.push(format!("{name}: {sql}\n    {}", plan.join("\n    ")));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
