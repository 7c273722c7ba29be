"""Many small files: `small_files.py BINARY ROUNDS`; prints JSON.

Photos of 50 kB, each a request of its own over 32 connections, acknowledged when it is encrypted, durable and committed. Beside it, in
alternation, what the disk can do: 32 threads that write such a file each and fsync it.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from nginx import harness  # noqa: E402

SIZE, CONNECTIONS, SECONDS = 50_000, 32, 6


def photo(path):
    Image.effect_noise((320, 240), 60).convert("RGB").save(path, "JPEG", quality=80)
    data = path.read_bytes()
    assert len(data) < SIZE, len(data)
    path.write_bytes(data + bytes(SIZE - len(data)))


def vault(place, picture):
    server = harness.Vault(place, {"MEDIA_VAULT_LOG": "warn"}, serve_options=("--no-worker",))
    try:
        client = server.start().set_up().client()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "30s", "-s", str(pathlib.Path(__file__).resolve().parent / "lib/small.lua"), server.url]
        said = subprocess.run(command, env={"PATH": os.environ["PATH"], "TOKEN": client.token, "PHOTO": str(picture)}, capture_output=True, text=True, check=True).stdout
        found = json.loads(said.strip().splitlines()[-1])
        total = client.get("/api/v1/timeline").json()["total"]
        # What is under way when the time is over arrives, too.
        assert found["errors"] == 0 and found["requests"] <= total <= found["requests"] + CONNECTIONS, (found, total)
        return found
    finally:
        server.kill()


def disk(place):
    """Files a second."""
    data, ends = os.urandom(SIZE), time.perf_counter() + SECONDS

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
        photo(top / "small.jpg")
        found = {"vault": [], "disk": []}
        for number in range(int(sys.argv[2])):
            for name in ("vault", "disk"):
                place = top / f"{name}-{number}"
                place.mkdir()
                found[name].append(vault(place, top / "small.jpg") if name == "vault" else disk(place))
                shutil.rmtree(place)
                os.sync()
        print(json.dumps(found))
    finally:
        shutil.rmtree(top, ignore_errors=True)


main()
