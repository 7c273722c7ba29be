"""Uploads a folder over some connections to a fresh server and prints JSON: `ingest.py BINARY FOLDER CONNECTIONS`.

Each file is one `POST /api/v1/media`; the answer means encrypted and durable. A connection sends its next file when the answer has come.
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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e/server"))
import harness  # noqa: E402


def send(url, token, files):
    """By one curl, one request after the other over a connection that stays open."""
    requests = [f'url = "{url}/api/v1/media"\nform = "file=@{file};type=image/jpeg"\nheader = "Authorization: Bearer {token}"\nheader = "Expect:"\noutput = "/dev/null"\nfail'
                for file in files]
    subprocess.run(["curl", "--silent", "--show-error", "--config", "-"], input="\nnext\n".join(requests), text=True, check=True, timeout=300)


def main():
    binary, folder, connections = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    harness.BINARY = binary
    files = sorted(folder.glob("*.jpg"))
    place = pathlib.Path(tempfile.mkdtemp(prefix="media-vault-bench-", dir=os.environ.get("BENCH_DISK")))
    # Without a worker: what is measured is the way in. Renditions have a benchmark of their own.
    vault = harness.Vault(place, serve_options=("--no-worker",))
    try:
        client = vault.start().set_up().client()
        started = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(connections) as threads:
            for done in [threads.submit(send, vault.url, client.token, files[nth::connections]) for nth in range(connections)]:
                done.result()
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in files)
        assert client.get("/api/v1/timeline").json()["total"] == len(files)
        print(json.dumps({"files": len(files), "bytes": size, "seconds": seconds, "mb_per_second": size / 1e6 / seconds,
                          "files_per_second": len(files) / seconds}))
    finally:
        vault.kill()
        shutil.rmtree(place, ignore_errors=True)


main()
