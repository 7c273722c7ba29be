"""Load by wrk, with the scripts beside this file."""

import json
import os
import pathlib
import subprocess

from PIL import Image

SMALL = 50_000


def wrk(script, connections, seconds, url, token, **environment):
    """What the script counted."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(pathlib.Path(__file__).resolve().parent / script), url]
    said = subprocess.run(command, env={"PATH": os.environ["PATH"], "TOKEN": token} | environment, capture_output=True, text=True, check=True).stdout
    return json.loads(said.strip().splitlines()[-1])


def small_photo(path):
    """A photo of 50 kB, for `small.lua`."""
    Image.effect_noise((320, 240), 60).convert("RGB").save(path, "JPEG", quality=80)
    data = path.read_bytes()
    assert len(data) < SMALL, len(data)
    path.write_bytes(data + bytes(SMALL - len(data)))
