"""Many small files: `small_files.py BINARY ROUNDS`; prints JSON.

Photos of 50 kB, each a request of its own over 32 connections, acknowledged when it is encrypted, durable and committed. Beside it, in
alternation, what the disk can do: 32 threads that write such a file each and fsync it.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from nginx import harness  # noqa: E402
from wrk import SMALL, small_photo, wrk  # noqa: E402

CONNECTIONS, SECONDS = 32, 5


def vault(place, picture):
    server = harness.Vault(place, {"MEDIA_VAULT_LOG": "warn"}, serve_options=("--no-worker",))
    try:
        client = server.start().set_up().client()
        found = wrk("small.lua", CONNECTIONS, SECONDS, server.url, client.token, PHOTO=str(picture))
        total = client.get("/api/v1/timeline").json()["total"]
        # What is under way when the time is over arrives, too.
        assert found["errors"] == 0 and found["requests"] <= total <= found["requests"] + CONNECTIONS, (found, total)
        return found
    finally:
        server.kill()


def disk(place):
    """Files a second."""
    data, ends = os.urandom(SMALL), time.perf_counter() + SECONDS

    def write(thread):
        number = 0
        while time.perf_counter() < ends:
            handle = os.open(place / f"{thread}-{number}", os.O_CREAT | os.O_WRONLY)
            os.write(handle, data)
            os.fsync(handle)
            os.close(handle)
            number += 1
        return number

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as threads:
        return sum(threads.map(write, range(CONNECTIONS))) / SECONDS


def main():
    harness.BINARY = pathlib.Path(sys.argv[1])
    top = pathlib.Path(tempfile.mkdtemp(prefix="media-vault-bench-", dir=os.environ.get("BENCH_DISK")))
    try:
        small_photo(top / "small.jpg")
        found = {"vault": [], "disk": []}
        for number in range(int(sys.argv[2])):
            for name in ("vault", "disk"):
                place = top / f"{name}-{number}"
                place.mkdir()
                # Nothing is removed before the end: for a minute and more, making a file would cost more.
                found[name].append(vault(place, top / "small.jpg") if name == "vault" else disk(place))
                os.sync()
        print(json.dumps(found))
    finally:
        shutil.rmtree(top, ignore_errors=True)


main()
