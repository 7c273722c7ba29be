"""Who ends the server ends its decoders with it: a service manager signals every process of a service, Ctrl+C every one of a terminal."""

import contextlib
import os
import pathlib
import signal
import subprocess

from harness import sha256, until
from samples import jpeg

# Each longer than it takes to look for the program that reads it.
PHOTOS = 24
FILM_SECONDS = 40


def film(place, seed):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=30:duration={FILM_SECONDS}", "-c:v", "mpeg4",
                    "-metadata", f"comment={seed}", place], check=True)
    return place.read_bytes()


def programs(group):
    """What runs in a group of processes, by name."""
    names = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, rest = stat.read_text().split("(", 1)[1].rsplit(") ", 1)
            if int(rest.split()[2]) == group:
                names.append(name)
    return names


def test_a_signal_to_the_server_and_its_decoders_fails_no_file(new_vault, folder):
    vault = new_vault(serve_options=("--no-worker",)).start().set_up()
    client = vault.client()
    wanted = set()
    for name, data in [*((f"{number}.mp4", film(folder / f"{number}.mp4", number)) for number in range(2)), *((f"{number}.jpg", jpeg(number, 6000, 4000)) for number in range(PHOTOS))]:
        assert client.upload(name, data).status_code == 201
        wanted.add(sha256(data))
    assert vault.stop() == 0

    vault.serve_options = ()
    for number, (sign, ready) in enumerate([(signal.SIGTERM, 0), (signal.SIGINT, 3), (signal.SIGTERM, 9)]):
        vault.start()
        group, client = vault.process.pid, vault.client()
        if number == 0:
            until(lambda: "ffmpeg" in programs(group), 60, "a program that reads a film")
        until(lambda: sum(item["state"] == "ready" for item in client.everything()) >= ready, 120, f"{ready} items that are ready")
        os.killpg(group, sign)
        assert vault.process.wait(timeout=60) == 0
        until(lambda: not programs(group), 30, "the end of all decoders")

    vault.start()
    client = vault.client()
    client.all_settled()
    items = client.everything()
    assert {item["sha256"] for item in items} == wanted
    assert [(item["file_name"], item["state"]) for item in items if item["state"] != "ready"] == []
    assert "decoder_crashed" not in vault.log()
    assert vault.stop() == 0
