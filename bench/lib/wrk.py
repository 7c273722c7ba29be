"""Load by wrk, with the scripts beside this file."""

import itertools
import json
import os
import pathlib
import subprocess

from PIL import Image

SMALL = 50_000
RUNS = itertools.count()


def wrk(script, connections, seconds, url, token, **environment):
    """What the script counted. With a thread for each core, so that nobody is measured by how fast a single one of them asks."""
    threads = min(os.cpu_count(), connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(pathlib.Path(__file__).resolve().parent / script), url]
    said = subprocess.run(command, env={"PATH": os.environ["PATH"], "TOKEN": token, "THREADS": str(threads), "RUN": str(next(RUNS))} | environment, capture_output=True, text=True, check=True).stdout
    return json.loads(said.strip().splitlines()[-1])


def p99_ms(runs):
    """The 99th percentile of the requests of all these runs together: that of a run of two seconds hangs on how often the system took a core away in just those."""
    waits = sorted((wait, run["requests"] / len(run["permille_us"])) for run in runs for wait in run["permille_us"])
    left = 0.99 * sum(requests for _, requests in waits)
    for wait, requests in waits:
        left -= requests
        if left <= 0:
            return wait / 1000
    return waits[-1][0] / 1000


def small_photo(path):
    """A photo of 50 kB, for `small.lua`."""
    Image.effect_noise((320, 240), 60).convert("RGB").save(path, "JPEG", quality=80)
    data = path.read_bytes()
    assert len(data) < SMALL, len(data)
    path.write_bytes(data + bytes(SMALL - len(data)))
