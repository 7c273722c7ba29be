"""What the vault gives out, encrypted at rest and to somebody who is signed in, beside nginx with the same bytes as plain files:
`serving.py BINARY FOLDER ROUNDS`; prints JSON.

Thumbnails and originals by wrk, on the same machine, in alternation; parts of a film of 10 GB one after the other.
"""

import concurrent.futures
import http.client
import io
import itertools
import json
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from nginx import Nginx, harness  # noqa: E402
from processes import Peak, cpu_seconds, memory_mb  # noqa: E402
from wrk import p99_ms, wrk  # noqa: E402

SECONDS = 2
LOADS = [("thumbnails", 16), ("thumbnails", 256), ("many thumbnails", 16), ("many thumbnails", 256), ("originals", 4)]
# So many crops of each photo in a row, and rows: together more thumbnails than the server keeps open in memory.
SIDE = 6
FILM = 10 * 1000 ** 3
PART = 64 * 1024


def film(path, size):
    """A short film that a box without meaning makes as large as wanted."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-t", "2", "-pix_fmt", "yuv420p", "-f", "mp4", path], check=True)
    small = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(small)
        file.write(struct.pack(">I4sQ", 1, b"free", size - small))
        file.truncate(size)


def crops(file):
    """Small photos cut out of a large one."""
    photo = Image.open(file)
    width, height = photo.width // SIDE, photo.height // SIDE
    for number in range(SIDE * SIDE):
        x, y = number % SIDE * width, number // SIDE * height
        held = io.BytesIO()
        photo.crop((x, y, x + width, y + height)).save(held, "jpeg", quality=85)
        yield f"{file.stem}-{number}.jpg", held.getvalue()


def upload(client, path):
    """By tus, in pieces. Returns the id of the item."""
    size = path.stat().st_size
    made = client.post("/api/v1/uploads", json={"file_name": path.name, "size": size})
    assert made.status_code == 201, made.text
    address, at = made.json()["url"], 0
    address = address[address.index("/api/"):]
    tus = {"Tus-Resumable": "1.0.0"}
    with path.open("rb") as file:
        while at < size:
            piece = file.read(64 << 20)
            answer = client.request("PATCH", address, data=piece, headers=tus | {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}, timeout=300)
            assert answer.status_code == 204, answer.text
            at += len(piece)
    return answer.headers["Media-Id"]


def parts(url, token, path):
    """Milliseconds of reads of 64 KiB in the middle of the film, one after the other over one connection."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    dice, times = random.Random(7), []
    for _ in range(300):
        at = dice.randrange(FILM // 4, FILM * 3 // 4)
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}", "Range": f"bytes={at}-{at + PART - 1}"})
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == 206 and len(body) == PART, (answer.status, len(body))
    times.sort()
    return {"p50_ms": statistics.median(times), "p99_ms": times[int(len(times) * 0.99)]}


def main():
    harness.BINARY = pathlib.Path(sys.argv[1])
    files, rounds = sorted(pathlib.Path(sys.argv[2]).glob("*.jpg")), int(sys.argv[3])
    place = pathlib.Path(tempfile.mkdtemp(prefix="media-vault-bench-", dir=os.environ.get("BENCH_DISK")))
    # nginx writes no access log either.
    vault, plain = harness.Vault(place, {"MEDIA_VAULT_LOG": "warn"}), place / "plain"
    nginx = None
    try:
        client = vault.start().set_up().client()
        for file in files:
            assert client.upload(file.name, file.read_bytes()).status_code == 201
        client.all_settled()
        few = {item["id"] for item in client.everything()}
        with concurrent.futures.ThreadPoolExecutor(4) as several:
            for answer in several.map(lambda crop: client.upload(*crop), itertools.chain.from_iterable(map(crops, files))):
                assert answer.status_code == 201
        client.all_settled()
        made = {}
        for name, size in (("hundred", 100_000_000), ("film", FILM)):
            made[name] = place / f"{name}.mp4"
            film(made[name], size)
        ids = {"hundred": upload(client, made["hundred"])}
        client.all_settled()
        before_upload = memory_mb(vault.process.pid)
        with Peak(vault.process.pid) as peak:
            ids["film"] = upload(client, made["film"])
        client.all_settled()
        vault.stop()
        vault.serve_options = ("--no-worker",)
        vault.start()

        thumbnails = {"thumbnails": [], "many thumbnails": []}
        # nginx finds the same bytes under the same addresses.
        for item in client.everything():
            path = f"/api/v1/media/{item['id']}/thumbnail"
            thumbnails["thumbnails" if item["id"] in few else "many thumbnails"].append(path)
            target = plain / path[1:]
            target.parent.mkdir(parents=True)
            target.write_bytes(client.get(path).content)
        sizes = {what: [(plain / path[1:]).stat().st_size for path in paths] for what, paths in thumbnails.items()}
        for name, path in made.items():
            path.rename(plain / f"api/v1/media/{ids[name]}/content")
        nginx = Nginx(place, plain)
        lists = {}
        for what, paths in (*thumbnails.items(), ("originals", [f"/api/v1/media/{ids['hundred']}/content"])):
            lists[what] = place / f"{what}.paths"
            lists[what].write_text("\n".join(paths))
        found = []
        for number in range(rounds + 1):
            for what, connections in LOADS:
                for who, url, pid in (("vault", vault.url, vault.process.pid), ("nginx", nginx.url, nginx.process.pid)):
                    before = cpu_seconds(pid)
                    one = wrk("requests.lua", connections, SECONDS, url, client.token, PATHS=str(lists[what]))
                    one["cpu_ms_per_request"] = (cpu_seconds(pid) - before) * 1000 / max(1, one["requests"])
                    # The first round does not count: for some twenty seconds after the film was written, whoever is asked has stops of 10 to 30 ms.
                    if number > 0:
                        found.append({"what": what, "connections": connections, "who": who, **one})
        together = []
        for what, connections in LOADS:
            for who in ("vault", "nginx"):
                runs = [one for one in found if (one["what"], one["connections"], one["who"]) == (what, connections, who)]
                together.append({"what": what, "connections": connections, "who": who, "p99_ms": p99_ms(runs)})
        for one in found:
            # They are a thousand for each run.
            del one["permille_us"]
        ranges = {who: parts(url, client.token, f"/api/v1/media/{ids['film']}/content") for who, url in (("vault", vault.url), ("nginx", nginx.url))}
        print(json.dumps({"sizes": {what: {"count": len(all), "bytes": sum(all)} for what, all in sizes.items()}, "loads": found, "together": together, "ranges": ranges, "upload_mb": {"before": before_upload, "most": peak.mb}}))
    finally:
        if nginx:
            nginx.stop()
        vault.kill()
        shutil.rmtree(place, ignore_errors=True)


main()
