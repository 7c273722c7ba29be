"""Uploads a folder over one connection to a fresh server and prints JSON: `ingest.py BINARY FOLDER`.

Each file is one `POST /api/v1/media`; the answer means encrypted and durable. The next file is sent when it has come.
"""

import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e/server"))
import harness  # noqa: E402


def post(connection, token, name, data):
    edge = "----media-vault-bench"
    head = (f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n").encode()
    tail = f"\r\n--{edge}--\r\n".encode()
    connection.putrequest("POST", "/api/v1/media")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={edge}")
    connection.putheader("Content-Length", str(len(head) + len(data) + len(tail)))
    connection.endheaders()
    connection.send(head)
    connection.send(data)
    connection.send(tail)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 201, (answer.status, body[:300])


def main():
    binary, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    harness.BINARY = binary
    files = sorted(folder.glob("*.jpg"))
    place = pathlib.Path(tempfile.mkdtemp(prefix="media-vault-bench-", dir=os.environ.get("BENCH_DISK")))
    # Without a worker: what is measured is the way in. Renditions have a benchmark of their own.
    vault = harness.Vault(place, serve_options=("--no-worker",))
    try:
        client = vault.start().set_up().client()
        host = urllib.parse.urlsplit(vault.url).netloc
        connection = http.client.HTTPConnection(host, timeout=120)
        started = time.perf_counter()
        size = 0
        for file in files:
            data = file.read_bytes()
            size += len(data)
            post(connection, client.token, file.name, data)
        seconds = time.perf_counter() - started
        print(json.dumps({"files": len(files), "bytes": size, "seconds": seconds, "mb_per_second": size / 1e6 / seconds,
                          "files_per_second": len(files) / seconds}))
    finally:
        vault.kill()
        shutil.rmtree(place, ignore_errors=True)


main()
