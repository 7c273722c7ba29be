"""A full disk: said plainly, nothing acknowledged lost, and it goes on by itself when there is room again."""

import base64
import os
import subprocess

import pytest
import requests

from harness import sha256, until
from samples import jpeg

SIZE_MB = 48


@pytest.fixture
def small_disk(new_vault):
    """An installation whose data folder is a file system of its own, and small."""
    vault = new_vault()
    vault.data.mkdir()
    mount = [] if os.getuid() == 0 else ["sudo", "-n"]
    made = subprocess.run([*mount, "mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0777", "tmpfs", str(vault.data)],
                          capture_output=True, text=True)
    assert made.returncode == 0, f"this test mounts a small disk, which needs root (or sudo without a password): {made.stderr}"
    yield vault
    vault.kill()
    subprocess.run([*mount, "umount", "--lazy", str(vault.data)], check=True)


def fill(vault, leave):
    """Fills the disk up to `leave` free bytes."""
    filler = vault.data / "filler"
    free = os.statvfs(vault.data)
    with filler.open("ab") as out:
        left = free.f_bavail * free.f_frsize - leave
        while left > 0:
            piece = min(left, 1 << 20)
            out.write(bytes(piece))
            left -= piece
    return filler


def test_an_upload_to_a_full_disk_is_refused_plainly_and_works_once_there_is_room(small_disk):
    vault = small_disk.start().set_up()
    ada = vault.client()
    before = jpeg(21, size=500_000)
    first = ada.upload("before.jpg", before)
    assert first.status_code == 201
    ada.settled(first.json()["id"])

    data = jpeg(22, size=6_000_000)
    name = base64.b64encode(b"big.jpg").decode()
    headers = {"Tus-Resumable": "1.0.0"}
    created = ada.post("/api/v1/tus", headers=headers | {"Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"})
    url = requests.compat.urljoin(vault.url, created.headers["Location"])

    filler = fill(vault, 2_500_000)
    refused = ada.upload("big.jpg", jpeg(23, size=6_000_000))
    assert refused.status_code == 507, refused.text
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert refused.json()["detail"]

    patched = ada.session.patch(url, data=data, timeout=60, headers=headers | {
        "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert patched.status_code == 507, patched.text
    assert patched.headers["Connection"] == "close", "what was not read of it ends the connection"

    assert ada.content(first.json()["id"]) == before, "what was there is readable on a full disk"
    assert requests.get(f"{vault.url}/health", timeout=10).status_code == 200

    filler.unlink()
    offset = int(ada.session.head(url, headers=headers, timeout=60).headers["Upload-Offset"])
    done = ada.session.patch(url, data=data[offset:], timeout=60, headers=headers | {
        "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
    assert done.status_code == 204, done.text
    item = ada.settled(done.headers["Media-Id"])
    assert (item["state"], item["sha256"]) == ("ready", sha256(data))
    assert len(ada.everything()) == 2, "the refused one is not there"
    assert vault.stop() == 0
    vault.verify()


# No room for anything: the job cannot even be taken. A little room: it is taken, and its preview does not fit.
@pytest.mark.parametrize("room, said", [(0, "disk is full"), (300_000, "job.retry")])
def test_processing_on_a_full_disk_waits_and_ends_once_there_is_room(small_disk, room, said):
    vault = small_disk
    vault.serve_options = ("--no-worker",)
    vault.start().set_up()
    ada = vault.client()
    acknowledged = {}
    for seed in range(4):
        data = jpeg(1000 + seed, 1600, 1200, grain=True)
        answer = ada.upload(f"{seed}.jpg", data)
        assert answer.status_code == 201, answer.text
        acknowledged[answer.json()["id"]] = sha256(data)
    # Stored and acknowledged; now there is no room for what is made of them.
    filler = fill(vault, room)
    worker = vault.spawn("worker")
    try:
        log = vault.folder / "command.log"
        until(lambda: said in log.read_text(), 60, lambda: f"`{said}` in the worker's log: {log.read_text()}")
        assert {item["state"] for item in ada.everything()} == {"processing"}, "a full disk is no fault of the file"
        filler.unlink()
        for id, expected in acknowledged.items():
            item = ada.settled(id, limit=240)
            assert (item["state"], item["sha256"]) == ("ready", expected)
            assert sha256(ada.content(id)) == expected
    finally:
        worker.kill()
        worker.wait()
    assert vault.stop() == 0
    vault.verify()
