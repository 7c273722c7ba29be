//! The two schemas are one: the same tables, columns, keys and indexes under the same names.

use super::*;
use crate::{engine::Raw, migrate};

/// Everything that the program relies on, a line each.
fn describe(settings: &Settings) -> Vec<String> {
    let mut lines = match settings.connect().unwrap() {
        Raw::Sqlite(c) => of_sqlite(&c),
        Raw::Postgres(mut c) => of_postgres(&mut c),
    };
    lines.sort();
    lines
}

/// The tables, without the ledger of migrations.
pub(super) fn tables(settings: &Settings) -> Vec<String> {
    let name = |line: &String| line.strip_prefix("table ").map(str::to_owned);
    describe(settings)
        .iter()
        .filter_map(name)
        .filter(|t| t != "schema_migration")
        .collect()
}

fn texts(c: &rusqlite::Connection, sql: &str, columns: usize) -> Vec<Vec<String>> {
    let mut statement = c.prepare(sql).unwrap();
    let row = |r: &rusqlite::Row<'_>| {
        (0..columns)
            .map(|n| r.get::<_, Option<String>>(n).map(Option::unwrap_or_default))
            .collect()
    };
    let rows = statement.query_map([], row).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn of_sqlite(c: &rusqlite::Connection) -> Vec<String> {
    let mut lines = vec![];
    let sql = "SELECT name, CAST(strict AS TEXT) FROM pragma_table_list WHERE type = 'table' AND schema = 'main' \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    for row in texts(c, sql, 2) {
        let [table, strict] = row.as_slice() else {
            unreachable!()
        };
        assert!(strict == "1" || table == "schema_migration", "{table} is not STRICT");
        lines.push(format!("table {table}"));
        let sql = format!("SELECT name, type, CAST(\"notnull\" AS TEXT) FROM pragma_table_info('{table}')");
        for column in texts(c, &sql, 3) {
            let null = if column[2] == "1" { "not null" } else { "null" };
            lines.push(format!(
                "column {table}.{} {} {null}",
                column[0],
                column[1].to_lowercase()
            ));
        }
        let sql = format!("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list('{table}')");
        for key in texts(c, &sql, 3) {
            lines.push(format!("reference {table}.{} to {}.{}", key[0], key[1], key[2]));
        }
        let sql = format!("SELECT name, CAST(\"unique\" AS TEXT), origin FROM pragma_index_list('{table}')");
        for index in texts(c, &sql, 3) {
            let columns = format!("SELECT name FROM pragma_index_info('{}') ORDER BY seqno", index[0]);
            let columns = texts(c, &columns, 1).concat().join(", ");
            let sql = format!("SELECT sql FROM sqlite_master WHERE name = '{}'", index[0]);
            let sql = texts(c, &sql, 1).concat().concat();
            let only = sql
                .split_once(" WHERE ")
                .map_or(String::new(), |(_, p)| format!(" where {}", p.to_lowercase()));
            lines.push(match (index[2].as_str(), index[1].as_str()) {
                ("pk", _) => format!("primary key of {table} ({columns})"),
                ("u", _) => format!("unique {table} ({columns})"),
                (_, unique) => format!("index {} unique={unique} on {table} ({columns}){only}", index[0]),
            });
        }
        // A rowid's own name is a key without an index.
        let sql = format!(
            "SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 AND type = 'INTEGER' AND (SELECT MAX(pk) FROM pragma_table_info('{table}')) = 1"
        );
        for key in texts(c, &sql, 1).concat() {
            lines.push(format!("primary key of {table} ({key})"));
        }
    }
    lines
}

fn of_postgres(c: &mut postgres::Client) -> Vec<String> {
    let mut lines = vec![];
    let mut ask = |sql: &str| -> Vec<Vec<String>> {
        let rows = c.query(sql, &[]).unwrap();
        rows.iter()
            .map(|r| {
                (0..r.len())
                    .map(|n| r.get::<_, Option<String>>(n).unwrap_or_default())
                    .collect()
            })
            .collect()
    };
    for table in ask("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").concat() {
        lines.push(format!("table {table}"));
    }
    let sql = "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text, collation_name::text \
               FROM information_schema.columns WHERE table_schema = 'public'";
    for column in ask(sql) {
        let [table, name, kind, null, collation] = column.as_slice() else {
            unreachable!()
        };
        let kind = match kind.as_str() {
            "uuid" | "bytea" => "blob",
            "bigint" => "integer",
            "double precision" => "real",
            "text" => {
                assert!(
                    collation == "C" || table == "schema_migration",
                    "{table}.{name} is not COLLATE \"C\""
                );
                "text"
            }
            other => panic!("{table}.{name} is {other}, which the program does not read"),
        };
        let null = if null == "NO" { "not null" } else { "null" };
        lines.push(format!("column {table}.{name} {kind} {null}"));
    }
    let sql = "SELECT c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text, b.attname::text FROM pg_constraint c \
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
               JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1] WHERE c.contype = 'f'";
    for key in ask(sql) {
        lines.push(format!("reference {}.{} to {}.{}", key[0], key[1], key[2], key[3]));
    }
    let sql = "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, i.indisunique::int::text, i.indisprimary::text, \
               (c.oid IS NOT NULL)::text, (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k(attnum, n) \
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum), pg_get_expr(i.indpred, i.indrelid) FROM pg_index i \
               JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace AND s.nspname = 'public' \
               LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')";
    for index in ask(sql) {
        let [table, name, unique, primary, constraint, columns, only] = index.as_slice() else {
            unreachable!()
        };
        let only = only.to_lowercase().replace("::text", "").replace(['(', ')'], "");
        let only = if only.is_empty() {
            only
        } else {
            format!(" where {only}")
        };
        lines.push(match (primary.as_str(), constraint.as_str()) {
            ("true", _) => format!("primary key of {table} ({columns})"),
            (_, "true") => format!("unique {table} ({columns})"),
            _ => format!("index {name} unique={unique} on {table} ({columns}){only}"),
        });
    }
    lines
}

#[test]
fn both_databases_have_the_same_schema() {
    let (sqlite, postgres) = (Database::sqlite(), Database::postgres());
    let [sqlite, postgres] = [&sqlite, &postgres].map(|database| {
        migrate::migrate(&settings(database)).unwrap();
        // The ledger is made by the program itself, in words that differ in nothing but a type's name.
        let lines = describe(&settings(database)).into_iter();
        lines.filter(|l| !l.contains("schema_migration")).collect::<Vec<_>>()
    });
    let only = |a: &[String], b: &[String]| a.iter().filter(|l| !b.contains(l)).cloned().collect::<Vec<_>>();
    assert_eq!(
        only(&sqlite, &postgres),
        only(&postgres, &sqlite),
        "left: only in SQLite; right: only in PostgreSQL"
    );
    assert!(sqlite.len() > 150, "{}", sqlite.len());
}

#[test]
fn migrations_have_the_same_names_in_both_folders() {
    let files = |folder: &str| {
        let mut names: Vec<_> = std::fs::read_dir(format!("migrations/{folder}"))
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let listed: Vec<_> = migrate::MIGRATIONS.iter().map(|m| format!("{}.sql", m.name)).collect();
    assert_eq!((files("sqlite"), files("postgres")), (listed.clone(), listed));
    assert!(
        migrate::MIGRATIONS
            .iter()
            .zip(1..)
            .all(|(m, n)| m.version == n && m.name.starts_with(&format!("{n:04}_")))
    );
}
