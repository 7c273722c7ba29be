"""What a library costs as it grows: `library.py BINARY SEED_PROGRAM PHOTOS CACHE`; prints JSON.

Libraries of 10,000, 100,000 and 1,000,000 generated rows on SQLite and on PostgreSQL: the time of a start, the memory at rest,
how long people wait for what they do all day at 100 requests a second, while a worker on one of the cores makes pictures of uploads,
and then how fast small files get in, thumbnails out, and a folder is imported.
"""

import collections
import concurrent.futures
import contextlib
import csv
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import copies  # noqa: E402
from ahead import put_ahead  # noqa: E402
from nginx import harness  # noqa: E402
from postgres import Postgres  # noqa: E402
from processes import family, memory_mb  # noqa: E402
from standstill import watched  # noqa: E402
from wrk import small_photo, wrk  # noqa: E402

SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "10000 100000 1000000").split()]
ENGINES = os.environ.get("BENCH_ENGINES", "sqlite postgres").split()
SECONDS = int(os.environ.get("BENCH_SECONDS", "18"))
# More than a worker on one core can do in that time, and while k6 starts.
PHOTOS_A_SECOND = 26
IMPORTED = 200
# The generator puts 7 % of its rows into this month: 700 of 10,000.
MONTH = "2019-08"
# What PostgreSQL does by itself to a library that is some minutes old.
SETTLED = "VACUUM (ANALYZE)"
SCRIPT = pathlib.Path(__file__).resolve().with_suffix(".js")


def fingerprint():
    """Libraries made by another schema or generator are made anew."""
    store = harness.ROOT / "crates/store"
    digest = hashlib.sha256()
    for file in sorted([*store.glob("migrations/*/*.sql"), *store.glob("examples/seed/*.rs")]):
        digest.update(file.read_bytes())
    digest.update(SETTLED.encode())
    return digest.hexdigest()[:12]


class Libraries:
    """Made once and kept; each run works on a copy."""

    def __init__(self, seed, photos, place):
        self.seed = seed
        self.photos = photos
        self.place = place
        for old in place.parent.glob("libraries-*"):
            if old != place:
                shutil.rmtree(old)
        self.postgres = Postgres(place / "postgres")
        # Nothing is removed before the end: ext4 looks around the inodes of removed files whenever it makes one, for minutes.
        self.copies = tempfile.TemporaryDirectory(prefix="copies-", dir=place)

    def close(self):
        self.postgres.stop()
        self.copies.cleanup()

    def programs(self, engine):
        """Says which processes of its own a database has."""
        return lambda: family(self.postgres.pid()) if engine == "postgres" else []

    def vault(self, engine, folder, database):
        settings = {"MEDIA_VAULT_WORKERS": "1", "MEDIA_VAULT_LOG": "warn"}
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
            client = vault.start().set_up().client()
            # A vault refuses a database with rows and a store without a file.
            assert client.upload("first.jpg", self.photos[0].read_bytes()).status_code == 201
            client.all_settled()
            vault.stop()
            url = self.postgres.url(name) if engine == "postgres" else f"sqlite://{vault.data / 'vault.db'}"
            subprocess.run([self.seed, url, harness.EMAIL, str(size), "7"], check=True, stdout=sys.stderr)
            if engine == "postgres":
                self.postgres.sql(SETTLED, database=name)
            unfinished.rename(folder)
        return folder, name

    @contextlib.contextmanager
    def copy(self, engine, size):
        """A vault on a library of its own."""
        folder, name = self.original(engine, size)
        place = pathlib.Path(self.copies.name) / f"{engine}-{size}"
        shutil.copytree(folder, place)
        copied = f"{name}_copy"
        if engine == "postgres":
            self.postgres.sql(f"DROP DATABASE IF EXISTS {copied}", f"CREATE DATABASE {copied} TEMPLATE {name}", "CHECKPOINT")
        else:
            os.sync()
        vault = self.vault(engine, place, copied)
        try:
            yield vault
        finally:
            vault.kill()
            if engine == "postgres":
                self.postgres.sql(f"DROP DATABASE {copied} WITH (FORCE)")


def started(vault):
    """Milliseconds from the command to the first answer."""
    began = time.perf_counter()
    with vault.log_file.open("wb") as log:
        vault.process = subprocess.Popen([str(harness.BINARY), "serve"], cwd=vault.folder, env=vault.environment(), stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log, start_new_session=True)
    while time.perf_counter() - began < harness.START:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", vault.port, timeout=10)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return (time.perf_counter() - began) * 1000
        time.sleep(0.001)
    raise AssertionError(f"the server does not answer: {vault.log()[-2000:]}")


def some_ids(client):
    """Items of all years."""
    months = client.get("/api/v1/timeline").json()["buckets"]
    found = []
    for month in months[:: max(1, len(months) // 100)]:
        found += client.get(f"/api/v1/timeline/{month['month']}", params={"limit": 4}).json()["items"]["id"]
    return found[: len(found) // 2 * 2]


def backlog(vault, photos):
    """Photos that the worker will be busy with all the time; their ids."""
    vault.serve_options = ("--no-worker",)
    client = vault.start().client()

    def add(number):
        answer = client.upload(f"{number}.jpg", photos[number % len(photos)].read_bytes() + os.urandom(16))
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    with concurrent.futures.ThreadPoolExecutor(4) as several:
        ids = list(several.map(add, range((SECONDS + 4) * PHOTOS_A_SECOND)))
    vault.stop()
    return ids


@contextlib.contextmanager
def worker(vault):
    """A worker in a process of its own, on the last core; the server and who asks it may use all."""
    process = subprocess.Popen(["taskset", "--cpu-list", str(os.cpu_count() - 1), str(harness.BINARY), "worker"], cwd=vault.folder, env=vault.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def ways(vault, photos, uploaded, place):
    """Small files in, a folder in, thumbnails out: each a second."""
    small_photo(place / "small.jpg")
    # The first have been made meanwhile.
    (place / "paths").write_text("\n".join(f"/api/v1/media/{id}/thumbnail" for id in uploaded[:60]))
    os.sync()
    client = vault.start().client()

    def rate(script, connections, **environment):
        runs = [wrk(script, connections, 1, vault.url, client.token, **environment) for _ in range(3)]
        assert all(one["errors"] == 0 for one in runs), runs
        return statistics.median(one["requests"] / one["seconds"] for one in runs)

    small = rate("small.lua", 32, PHOTO=str(place / "small.jpg"))
    thumbnails = rate("requests.lua", 16, PATHS=str(place / "paths"))
    vault.stop()
    folder = place / "folder"
    folder.mkdir()
    copies.make(photos, folder, IMPORTED)
    os.sync()
    began = time.perf_counter()
    vault.run("import", str(folder), "--user", harness.EMAIL)
    seconds = time.perf_counter() - began
    return {"small_files": small, "thumbnails": thumbnails, "imported": IMPORTED / seconds}


def day(vault, place, database):
    """What k6 measured of the ordinary requests. `database` names the processes of it that there are by then."""
    client = vault.start().client()
    library = place / "library.json"
    library.write_text(json.dumps({"url": vault.url, "token": client.token, "month": MONTH, "ids": some_ids(client)}))
    time.sleep(1)
    with worker(vault):
        time.sleep(2)
        # Those of the database that work for the worker as well, so that it loses nothing by this.
        are_ahead = put_ahead([vault.process.pid, *database()])
        with watched(place) as standstills:
            asked, is_ahead = k6(place, library)
        left = client.get("/api/v1/media", params={"state": "processing", "limit": 1}).json()["items"]
    vault.stop()
    assert left, "the worker ran out of work"

    def p99(times):
        return statistics.quantiles(times, n=100, method="inclusive")[98]

    def wait(name):
        times = [(ended - took, ended, took) for ended, took in asked[name]]
        awake = [took for began, ended, took in times if not standstills.touched(began, ended)]
        everything = [took for _, _, took in times]
        return {"p50_ms": statistics.median(everything), "p99_ms": p99(everything), "p99_awake_ms": p99(awake), "touched": len(everything) - len(awake)}

    return {"waits": {name: wait(name) for name in ("timeline", "month", "media", "favorite", "trash")}, "refused": len(asked["refused"]), "ahead": are_ahead and is_ahead,
            "standstills": {"watched": standstills.were_watched, "times": len(standstills.found or []), "longest_ms": standstills.longest()}}


def with_k6(place, library):
    """What k6 is started with. It collects no garbage and writes nothing down meanwhile: both take a core for milliseconds, which the requests would wait for."""
    quiet = {"GOGC": "off", "GOMEMLIMIT": "2GiB", "K6_CSV_SAVE_INTERVAL": "1h"}
    return quiet | {"PATH": os.environ["PATH"], "HOME": str(place), "LIBRARY": str(library), "SECONDS": str(SECONDS)}


def k6(place, library):
    """The end of each request and how long it took, in milliseconds, by kind; and whether k6 was put ahead."""
    found = place / "requests.csv"
    program = subprocess.Popen([pathlib.Path(sys.executable).parent / "k6", "run", "--quiet", "--no-usage-report", "--out", f"csv={found}", SCRIPT],
                               env=with_k6(place, library) | {"K6_CSV_TIME_FORMAT": "unix_milli"}, stdout=sys.stderr, start_new_session=True)
    try:
        is_ahead = put_ahead([program.pid])
        assert program.wait(timeout=SECONDS + 60) == 0, "k6 failed"
    finally:
        program.kill()
    asked = collections.defaultdict(list)
    with found.open(newline="") as rows:
        for row in csv.DictReader(rows):
            asked[row["metric_name"]].append((float(row["timestamp"]), float(row["metric_value"])))
    return asked, is_ahead


def main():
    harness.BINARY = pathlib.Path(sys.argv[1])
    photos = sorted(pathlib.Path(sys.argv[3]).glob("*.jpg"))
    place = pathlib.Path(sys.argv[4]) / f"libraries-{fingerprint()}"
    libraries = Libraries(sys.argv[2], photos, place)
    found = []
    try:
        for engine in ENGINES:
            for size in SIZES:
                with libraries.copy(engine, size) as vault:
                    scratch = vault.folder / "scratch"
                    scratch.mkdir()
                    one = {"engine": engine, "rows": size, "start_ms": started(vault)}
                    time.sleep(3)
                    one["idle_mb"] = memory_mb(vault.process.pid)
                    vault.stop()
                    uploaded = backlog(vault, photos)
                    one |= day(vault, scratch, libraries.programs(engine)) | ways(vault, photos, uploaded, scratch)
                    found.append(one)
                    print(one, file=sys.stderr, flush=True)
        print(json.dumps(found))
    finally:
        libraries.close()


if __name__ == "__main__":
    main()
