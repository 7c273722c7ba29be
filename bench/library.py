"""What a library costs as it grows: `library.py BINARY SEED_PROGRAM PHOTOS CACHE`; prints JSON.

Libraries of 10,000, 100,000 and 1,000,000 generated rows on SQLite and on PostgreSQL: the time of a start, the memory at rest,
and how long people wait for what they do all day at 100 requests a second, while a worker makes pictures of uploads.
"""

import contextlib
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from nginx import harness  # noqa: E402
from postgres import Postgres  # noqa: E402
from processes import memory_mb  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000)
SECONDS = int(os.environ.get("BENCH_SECONDS", "20"))
# The generator puts 7 % of its rows into this month: 700 of 10,000.
MONTH = "2019-08"
SCRIPT = pathlib.Path(__file__).resolve().with_suffix(".js")


def fingerprint():
    """Libraries made by another schema or generator are made anew."""
    store = harness.ROOT / "crates/store"
    digest = hashlib.sha256()
    for file in sorted([*store.glob("migrations/*/*.sql"), *store.glob("examples/seed/*.rs")]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class Libraries:
    """Made once and kept; each run works on a copy."""

    def __init__(self, seed, place):
        self.seed = seed
        self.place = place
        for old in place.parent.glob("libraries-*"):
            if old != place:
                shutil.rmtree(old)
        self.postgres = Postgres(place / "postgres")

    def vault(self, engine, folder, database):
        settings = {"MEDIA_VAULT_WORKERS": "1"}
        if engine == "postgres":
            settings["MEDIA_VAULT_DATABASE_URL"] = self.postgres.url(database)
        return harness.Vault(folder, settings)

    def original(self, engine, size):
        folder, name = self.place / f"{engine}-{size}", f"library_{size}"
        if not folder.exists():
            print(f"making a library of {size} rows on {engine} (once)", file=sys.stderr, flush=True)
            unfinished = folder.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            if engine == "postgres":
                self.postgres.sql(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
            vault = self.vault(engine, unfinished, name)
            vault.start().set_up()
            vault.stop()
            url = self.postgres.url(name) if engine == "postgres" else f"sqlite://{vault.data / 'vault.db'}"
            subprocess.run([self.seed, url, harness.EMAIL, str(size), "7"], check=True, stdout=sys.stderr)
            unfinished.rename(folder)
        return folder, name

    @contextlib.contextmanager
    def copy(self, engine, size):
        """A vault on a library of its own."""
        folder, name = self.original(engine, size)
        with tempfile.TemporaryDirectory(prefix="library-", dir=self.place) as place:
            shutil.copytree(folder, place, dirs_exist_ok=True)
            copied = f"{name}_copy"
            if engine == "postgres":
                self.postgres.sql(f"DROP DATABASE IF EXISTS {copied}", f"CREATE DATABASE {copied} TEMPLATE {name}", "CHECKPOINT")
            else:
                os.sync()
            vault = self.vault(engine, pathlib.Path(place), copied)
            try:
                yield vault
            finally:
                vault.kill()
                if engine == "postgres":
                    self.postgres.sql(f"DROP DATABASE {copied} WITH (FORCE)")


def started(vault):
    """Milliseconds from the command to the first answer."""
    began = time.perf_counter()
    vault.process = subprocess.Popen([str(harness.BINARY), "serve"], cwd=vault.folder, env=vault.environment(), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while time.perf_counter() - began < harness.START:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", vault.port, timeout=10)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return (time.perf_counter() - began) * 1000
        time.sleep(0.001)
    raise AssertionError("the server does not answer")


def some_ids(client):
    """Items of all years."""
    months = client.get("/api/v1/timeline").json()["months"]
    found = []
    for month in months[:: max(1, len(months) // 100)]:
        found += client.get(f"/api/v1/timeline/{month['month']}", params={"limit": 4}).json()["id"]
    return found[: len(found) // 2 * 2]


def keep_busy(client, photos, stop):
    """Adds a photo as soon as the worker has not much to do."""
    for number in itertools.count():
        if stop.is_set():
            return
        photo = photos[number % len(photos)].read_bytes() + os.urandom(16)
        assert client.upload(f"{number}.jpg", photo).status_code == 201
        stop.wait(0.1)


def day(vault, photos, place):
    """What k6 measured of the ordinary requests."""
    client, other = vault.client(), vault.client()
    library = place / "library.json"
    library.write_text(json.dumps({"url": vault.url, "token": client.token, "month": MONTH, "ids": some_ids(client)}))
    stop = threading.Event()
    busy = threading.Thread(target=keep_busy, args=(other, photos, stop))
    busy.start()
    try:
        time.sleep(2)
        summary = place / "summary.json"
        subprocess.run([pathlib.Path(sys.executable).parent / "k6", "run", "--quiet", "--no-usage-report", "--summary-export", summary, SCRIPT], check=True,
                       env={"PATH": os.environ["PATH"], "HOME": str(place), "LIBRARY": str(library), "SECONDS": str(SECONDS)}, stdout=sys.stderr)
    finally:
        stop.set()
        busy.join()
    metrics = json.loads(summary.read_text())["metrics"]
    waits = {name: {"p50_ms": metrics[name]["med"], "p99_ms": metrics[name]["p(99)"]} for name in ("timeline", "month", "media", "favorite", "trash")}
    made = sum(item["state"] == "ready" for item in client.get("/api/v1/media", params={"limit": 200, "sort": "added"}).json()["items"] if not item["deleted_at"])
    return {"waits": waits, "refused": metrics.get("refused", {}).get("count", 0), "requests": metrics["iterations"]["count"], "pictures_made": made}


def main():
    harness.BINARY = pathlib.Path(sys.argv[1])
    photos = sorted(pathlib.Path(sys.argv[3]).glob("*.jpg"))
    place = pathlib.Path(sys.argv[4]) / f"libraries-{fingerprint()}"
    libraries = Libraries(sys.argv[2], place)
    found = []
    try:
        for engine in ("sqlite", "postgres"):
            for size in SIZES:
                with libraries.copy(engine, size) as vault, tempfile.TemporaryDirectory() as scratch:
                    one = {"engine": engine, "rows": size, "start_ms": started(vault)}
                    time.sleep(3)
                    one["idle_mb"] = memory_mb(vault.process.pid)
                    one |= day(vault, photos, pathlib.Path(scratch))
                    found.append(one)
                    print(one, file=sys.stderr, flush=True)
        print(json.dumps(found))
    finally:
        libraries.postgres.stop()


main()
