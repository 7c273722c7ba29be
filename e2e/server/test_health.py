"""What an operator sees: the parts of the house, its figures, and that trouble ends when its cause does."""

import sqlite3

import requests

from harness import CORPUS, until


def states(vault):
    answer = requests.get(f"{vault.url}/ready", timeout=10)
    return answer.status_code, {check["name"]: check["ok"] for check in answer.json()["checks"]}


def test_ready_names_each_part_and_notices_a_store_that_went_away(vault):
    assert states(vault) == (200, {"server": True, "database": True, "storage": True, "queue": True})
    away = vault.data / "objects-away"
    (vault.data / "objects").rename(away)
    try:
        status, parts = states(vault)
        assert (status, parts["storage"], parts["database"]) == (503, False, True)
    finally:
        away.rename(vault.data / "objects")
    assert states(vault)[0] == 200


def test_metrics_count_requests_and_jobs(vault, ada):
    ada.get("/api/v1/users/me")
    item = "0199a000-0000-7000-8000-000000000000"
    assert ada.get(f"/api/v1/media/{item}/thumbnail").status_code == 404
    assert ada.get("/no/such/page").status_code in (200, 404)
    def figures():
        text = ada.get("/metrics").text
        return text if 'jobs{state="waiting"}' in text else None
    text = until(figures, 30, "the gauges of the queue")
    assert 'http_request_duration_seconds_bucket{' in text
    for route in ("/api/v1/users/me", "/api/v1/media/{id}/thumbnail", "unmatched"):
        assert f'route="{route}"' in text, route
    assert item not in text, "the template, and never the address itself"


def test_what_lacked_a_program_is_read_when_the_server_starts_with_it(vault):
    video = next(path for path in sorted((CORPUS / "made").iterdir()) if path.suffix == ".mp4")
    answer = vault.client().upload(video.name, video.read_bytes())
    assert answer.status_code == 201, answer.text
    id = answer.json()["id"]
    vault.client().settled(id)
    assert vault.stop() == 0

    # As it was recorded while ffmpeg was not installed: programs are only looked for where the system keeps them, so that
    # the test cannot hide one.
    database = sqlite3.connect(next(vault.data.glob("*.db")))
    with database:
        changed = database.execute("UPDATE media SET state = 'failed', failure_code = 'decoder_missing', failure_detail = 'x'")
        assert changed.rowcount == 1
    database.close()
    vault.start()
    assert until(lambda: vault.client().media(id)["state"] == "ready", 60, "the video is read")
    assert vault.client().media(id)["failure"] is None
