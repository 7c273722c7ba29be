"""What a person meets in the first minute."""

import stat

import requests

from harness import EMAIL, NAME, PASSWORD
from samples import jpeg


def test_it_needs_nothing_but_a_folder_and_says_where_the_key_is(new_vault):
    vault = new_vault().start()
    assert requests.get(f"{vault.url}/health", timeout=10).status_code == 200
    assert requests.get(f"{vault.url}/ready", timeout=10).status_code == 200
    keys = [path for path in vault.data.rglob("*") if path.is_file() and "key" in path.name]
    assert keys, "there is a master key"
    for key in keys:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key
        assert key.name in vault.log() or str(vault.data) in vault.log()
    assert vault.url in vault.log()


def test_the_first_visit_makes_the_administrator_and_only_the_first(new_vault):
    vault = new_vault().start()
    assert requests.get(f"{vault.url}/api/v1/setup", timeout=10).json() == {"needed": True}
    vault.set_up()
    again = requests.post(f"{vault.url}/api/v1/setup", json={"name": NAME, "email": "eve@example.org", "password": PASSWORD}, timeout=30)
    assert again.status_code == 409
    assert again.headers["content-type"].startswith("application/problem+json")
    assert requests.get(f"{vault.url}/api/v1/setup", timeout=10).json() == {"needed": False}
    assert vault.client().get("/api/v1/users/me").json()["email"] == EMAIL


def test_an_unknown_setting_stops_the_start_and_is_named(new_vault):
    vault = new_vault(settings={"MEDIA_VAULT_LISTENN": "127.0.0.1:1"})
    result = vault.run("serve", check=False, timeout=60)
    assert result.returncode == 2
    assert "MEDIA_VAULT_LISTENN" in result.stderr + result.stdout


def test_an_invalid_setting_stops_the_start_and_is_named(new_vault):
    vault = new_vault(settings={"MEDIA_VAULT_RATE_LIMIT_PER_MINUTE": "many"})
    result = vault.run("serve", check=False, timeout=60)
    assert result.returncode == 2
    assert "RATE_LIMIT_PER_MINUTE" in (result.stderr + result.stdout).upper()


def test_more_people_come_by_the_command_line(vault):
    vault.run("user", "add", "--email", "bob@example.org", "--name", "Bob", "--password-stdin", stdin="another long password\n")
    bob = vault.client("bob@example.org", "another long password")
    assert bob.get("/api/v1/users/me").json()["name"] == "Bob"
    assert bob.everything() == []


def test_a_photo_goes_in_and_comes_out_bit_for_bit(vault, ada):
    data = jpeg(1, 1600, 1200)
    answer = ada.upload("IMG_0001.JPG", data)
    assert answer.status_code == 201, answer.text
    id = answer.json()["id"]
    item = ada.settled(id)
    assert item["state"] == "ready", item
    assert (item["width"], item["height"], item["kind"]) == (1600, 1200, "photo")
    assert item["taken_at"].startswith("2024-05-12T10:11:12")
    assert ada.content(id) == data
    assert ada.content(id, headers={"Range": "bytes=70000-70099"}) == data[70000:70100]
    for size in ("thumb", "preview"):
        shown = ada.get(f"/api/v1/media/{id}/thumbnail", params={"size": size})
        assert shown.status_code == 200 and shown.headers["content-type"].startswith("image/")
    again = ada.upload("the same under another name.jpg", data)
    assert (again.status_code, again.json()["id"]) == (200, id)
    assert vault.stop() == 0
    vault.verify()


def test_every_command_says_how_it_is_used(vault):
    for command in ("serve", "worker", "migrate", "user", "import", "verify", "doctor", "openapi", "config"):
        assert vault.run(command, "--help").stdout.strip()
    assert vault.run("no-such-command", check=False).returncode == 2
    assert vault.run("doctor", check=False).returncode in (0, 1)
    shown = vault.run("config").stdout
    assert "data" in shown and PASSWORD not in shown
