//! Every statement in the source is prepared on both databases, so that a text that only one of them reads is found without being run.

use super::*;
use crate::{engine::Raw, engine::numbered, migrate};
use std::{collections::HashMap, path::Path};

/// The string literals of a source file, each with the name of the constant that it is the value of, if any.
fn literals(source: &str) -> Vec<(Option<String>, String)> {
    let mut found = vec![];
    let mut chars = source.char_indices().peekable();
    let mut line_begins = 0;
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => line_begins = at + 1,
            '/' if source[at..].starts_with("//") => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            // A character, or a lifetime, is not a string.
            '\'' if source[at..].starts_with("'\"'") => drop((chars.next(), chars.next())),
            '"' => {
                let mut text = String::new();
                let before = &source[line_begins..at];
                while let Some((_, c)) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                            Some((_, 'n')) => text.push('\n'),
                            Some((_, other)) => text.push(other),
                            None => {}
                        },
                        c => text.push(c),
                    }
                }
                let name = before
                    .split_once("const ")
                    .and_then(|(_, rest)| rest.split_once(':'))
                    .map(|(name, _)| name.trim().to_owned());
                found.push((name, text));
            }
            _ => {}
        }
    }
    found
}

struct Source {
    file: String,
    literals: Vec<(Option<String>, String)>,
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, out: &mut Vec<Source>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                out.push(Source {
                    file: path.display().to_string(),
                    literals: literals(&code),
                });
            }
        }
    }
    let mut out = vec![];
    walk(Path::new("src"), &mut out);
    out
}

fn is_statement(text: &str) -> bool {
    ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "]
        .iter()
        .any(|verb| text.starts_with(verb))
}

/// Each statement in the source, its column lists filled in, and the file that it is in. Those put together from parts by
/// `timeline.rs` and around others by `postgres.rs` are run by the tests of plans, of lists, and of everything instead.
fn statements() -> Vec<(String, String)> {
    let sources = sources();
    let mut constants: HashMap<(&str, &str), &str> = HashMap::new();
    for source in &sources {
        for (name, text) in &source.literals {
            if let Some(name) = name {
                constants.insert((&source.file, name), text);
            }
        }
    }
    let anywhere = |name: &str| {
        let mut all = constants.iter().filter(|((_, n), _)| *n == name).map(|(_, text)| *text);
        let only = all.next().unwrap_or_else(|| panic!("no constant {name}"));
        assert_eq!(all.next(), None, "which {name}?");
        only
    };
    let mut out = vec![];
    for source in &sources {
        for (_, text) in source.literals.iter().filter(|(_, text)| is_statement(text)) {
            let mut text = text.clone();
            let is_put_together = ["rows/timeline.rs", "engine/postgres.rs"];
            if is_put_together.iter().any(|file| source.file.ends_with(file)) && text.contains('{') {
                continue;
            }
            while let Some((before, (name, after))) = text
                .split_once('{')
                .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
            {
                let value = match name {
                    "skip" => "",
                    name => constants
                        .get(&(source.file.as_str(), name))
                        .copied()
                        .unwrap_or_else(|| anywhere(name)),
                };
                text = format!("{before}{value}{after}");
            }
            out.push((source.file.clone(), text));
        }
    }
    out
}

#[testkit::both]
fn every_statement_is_prepared(database: Database) {
    migrate::migrate(&settings(&database)).unwrap();
    let statements = statements();
    assert!(statements.len() > 90, "only {} statements were found", statements.len());
    let mut refused = vec![];
    let mut raw = settings(&database).connect().unwrap();
    for (file, sql) in statements {
        // The lock under which servers migrate in turn is asked for in PostgreSQL's own words, and only there.
        if file.ends_with("migrate.rs") && sql.contains("pg_advisory_lock") {
            continue;
        }
        let prepared = match &mut raw {
            Raw::Sqlite(c) => c.prepare(&sql).map(drop).map_err(|e| e.to_string()),
            Raw::Postgres(c) => c
                .prepare(&numbered(&sql))
                .map(drop)
                .map_err(|e| format!("{e}: {:?}", e.as_db_error())),
        };
        if let Err(e) = prepared {
            refused.push(format!("{file}: {sql}\n  {e}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// A division by zero is how PostgreSQL is made to say that a statement did not touch its one row.
#[test]
fn no_statement_divides_but_that_around_others() {
    let dividing: Vec<_> = sources()
        .into_iter()
        .flat_map(|source| {
            source
                .literals
                .into_iter()
                .map(move |(_, text)| (source.file.clone(), text))
        })
        .filter(|(_, text)| is_statement(text) && text.contains('/'))
        .collect();
    assert!(
        matches!(&dividing[..], [(file, _)] if file.ends_with("engine/postgres.rs")),
        "{dividing:?}"
    );
}

#[test]
fn a_question_mark_is_always_a_parameter() {
    for source in sources() {
        for (_, text) in source
            .literals
            .iter()
            .filter(|(_, text)| is_statement(text) || text.contains(" = ?"))
        {
            for (at, _) in text.match_indices('?') {
                let next = text[at + 1..].chars().next();
                assert!(
                    next.is_some_and(|c| c.is_ascii_digit() || c == '{'),
                    "{}: {text}",
                    source.file
                );
            }
            assert!(
                !text.contains("LIKE") && !text.contains("LOWER("),
                "{}: {text}",
                source.file
            );
        }
    }
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    let source = "const A: &str = \"x \\\n      y\"; // \"no\"\nlet c = '\"'; f(\"a \\\"b\\\"\");";
    assert_eq!(
        literals(source),
        [(Some("A".to_owned()), "x y".to_owned()), (None, "a \"b\"".to_owned())]
    );
}
