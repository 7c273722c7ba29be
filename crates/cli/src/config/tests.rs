//! What file and environment may say, and what they are told otherwise.

use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let mut values = BTreeMap::new();
    from_file(file, "media-vault.toml", &mut values).map_err(|e| e.to_string())?;
    let vars = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    from_environment(vars, &mut values).map_err(|e| e.to_string())?;
    Config::read(&values).map_err(|e| e.to_string())
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = load(
        "listen = '127.0.0.1:1'\ntrash_days = 5",
        &[("MEDIA_VAULT_LISTEN", "0.0.0.0:2")],
    )
    .unwrap();
    assert_eq!((config.listen.port(), config.trash_days), (2, 5));
}
#[test]
fn an_unknown_setting_is_named_with_the_nearest() {
    let said = load("", &[("MEDIA_VAULT_LISTN", "x")]).unwrap_err();
    assert!(said.contains("MEDIA_VAULT_LISTN") && said.contains("listen"), "{said}");
    assert!(
        load("liste = 1", &[])
            .unwrap_err()
            .contains("liste in media-vault.toml")
    );
}
#[test]
fn a_wrong_value_is_named_with_what_it_must_be() {
    let said = load("", &[("MEDIA_VAULT_RATE_LIMIT_PER_MINUTE", "many")]).unwrap_err();
    assert!(
        said.contains("MEDIA_VAULT_RATE_LIMIT_PER_MINUTE") && said.contains("whole number"),
        "{said}"
    );
    assert!(
        load("storage_url = 's3://bucket'", &[])
            .unwrap_err()
            .contains("file:///path")
    );
}
#[test]
fn a_password_is_never_shown() {
    let config = load("database_url = 'postgres://ann:hunter2@db/vault'", &[]).unwrap();
    assert!(config.shown().iter().all(|(_, v)| !v.contains("hunter2")));
    assert!(config.shown().iter().any(|(_, v)| v == "postgres://ann:****@db/vault"));
}
