"""Many people at once: `crowd.py BINARY SEED_PROGRAM PHOTOS CACHE`; prints JSON.

2,000 open event streams and 200 people who look through a library of a million rows on SQLite.
"""

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import library
from library import harness, memory_mb

STREAMS, TABS = 2000, 20


class Streams:
    """Event streams that are open, each over a connection of its own."""

    def __init__(self, vault):
        self.port = vault.port
        self.open = []
        self.told = 0

    async def add(self, token):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n".encode())
        status = await reader.readline()
        assert b" 200 " in status, status
        self.open.append((writer, asyncio.create_task(self.listen(reader))))

    async def listen(self, reader):
        while line := await reader.readline():
            self.told += line.startswith(b"event: media.")
        raise AssertionError("a stream ended")

    def alive(self):
        return sum(not task.done() for _, task in self.open)


async def crowd(vault, place):
    client = vault.client()
    ids = library.some_ids(client)
    months = [bucket["month"] for bucket in client.get("/api/v1/timeline").json()["buckets"]]
    facts, summary = place / "library.json", place / "summary.json"
    facts.write_text(json.dumps({"url": vault.url, "token": client.token, "months": months, "ids": ids}))
    streams = Streams(vault)
    for _ in range(STREAMS // TABS):
        # So many tabs has a sign-in.
        token = vault.client().token
        await asyncio.gather(*(streams.add(token) for _ in range(TABS)))
    memory = memory_mb(vault.process.pid)
    k6 = await asyncio.create_subprocess_exec(
        str(pathlib.Path(sys.executable).parent / "k6"), "run", "--quiet", "--no-usage-report", "--summary-export", str(summary), str(pathlib.Path(__file__).resolve().with_suffix(".js")),
        env=library.with_k6(place, facts), stdout=sys.stderr)
    # News for everybody, while they look.
    changes = 0
    while k6.returncode is None:
        action = "unfavorite" if changes % 2 else "favorite"
        await asyncio.to_thread(lambda: client.post("/api/v1/media/batch", json={"action": action, "ids": [ids[0]]}).raise_for_status())
        changes += 1
        with_patience = asyncio.wait_for(k6.wait(), timeout=2)
        try:
            await with_patience
        except TimeoutError:
            pass
    assert k6.returncode == 0
    await asyncio.sleep(1)
    assert streams.alive() == STREAMS, f"{streams.alive()} of {STREAMS} streams live"
    metrics = json.loads(summary.read_text())["metrics"]
    waits = {name: {"p50_ms": metrics[name]["med"], "p99_ms": metrics[name]["p(99)"]} for name in ("timeline", "month", "media")}
    found = {"waits": waits, "requests": metrics["http_reqs"]["count"], "refused": metrics.get("refused", {}).get("count", 0), "changes": changes, "told": streams.told, "memory_mb": memory}
    for writer, task in streams.open:
        task.cancel()
        writer.close()
    return found


def main():
    harness.BINARY = pathlib.Path(sys.argv[1])
    photos = sorted(pathlib.Path(sys.argv[3]).glob("*.jpg"))
    libraries = library.Libraries(sys.argv[2], photos, pathlib.Path(sys.argv[4]) / f"libraries-{library.fingerprint()}")
    try:
        with libraries.copy("sqlite", 1_000_000) as vault, tempfile.TemporaryDirectory() as scratch:
            vault.start()
            print(json.dumps(asyncio.run(crowd(vault, pathlib.Path(scratch)))))
    finally:
        libraries.close()


main()
