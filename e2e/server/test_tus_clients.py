"""Two tus client libraries, as they are, against the real server: tuspy and tus-js-client."""

import json
import os
import subprocess

from tusclient import client as tus

from harness import ROOT, sha256
from samples import jpeg


def test_tuspy_uploads_unchanged(vault, ada, folder):
    file = folder / "IMG_0002.jpg"
    file.write_bytes(jpeg(2, size=1_500_000))
    uploader = tus.TusClient(f"{vault.url}/api/v1/tus", headers={"Authorization": f"Bearer {ada.token}"}).uploader(
        str(file), chunk_size=400_000, metadata={"filename": file.name})
    uploader.upload()
    [item] = ada.everything()
    assert item["file_name"] == file.name
    assert item["sha256"] == sha256(file.read_bytes())
    assert ada.content(item["id"]) == file.read_bytes()


def test_tuspy_goes_on_where_it_stopped(vault, ada, folder):
    file = folder / "IMG_0003.jpg"
    file.write_bytes(jpeg(3, size=1_000_000))
    client = tus.TusClient(f"{vault.url}/api/v1/tus", headers={"Authorization": f"Bearer {ada.token}"})
    first = client.uploader(str(file), chunk_size=300_000, metadata={"filename": file.name})
    first.upload_chunk()
    first.upload_chunk()
    vault.kill()
    vault.start()
    second = client.uploader(str(file), chunk_size=300_000, url=first.url)
    assert 0 < second.offset <= 600_000
    second.upload()
    [item] = ada.everything()
    assert item["sha256"] == sha256(file.read_bytes())


def test_tus_js_client_uploads_unchanged(vault, ada, folder):
    file = folder / "IMG_0004.jpg"
    file.write_bytes(jpeg(4, size=2_000_000))
    answer = subprocess.run(
        ["node", str(ROOT / "e2e/lib/tus-client.mjs"), f"{vault.url}/api/v1/tus", str(file)],
        env={"PATH": os.environ["PATH"], "TOKEN": ada.token}, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    [item] = ada.everything()
    assert said["media_id"] == item["id"]
    assert item["sha256"] == sha256(file.read_bytes())


def test_tus_js_client_goes_on_after_the_server_was_killed(vault, ada, folder):
    file = folder / "IMG_0005.jpg"
    file.write_bytes(jpeg(5, size=8_000_000))
    process = subprocess.Popen(
        ["node", str(ROOT / "e2e/lib/tus-client.mjs"), f"{vault.url}/api/v1/tus", str(file)],
        env={"PATH": os.environ["PATH"], "TOKEN": ada.token, "PAUSE_AFTER": "3000000"}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "paused"
    vault.kill()
    vault.start()
    out, err = process.communicate("go on\n", timeout=120)
    assert process.returncode == 0, err
    said = json.loads(out)
    assert 0 < said["resumed_at"] <= 8_000_000
    [item] = ada.everything()
    assert item["sha256"] == sha256(file.read_bytes())
