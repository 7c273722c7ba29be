"""libvips by its command, making what Media Vault makes from each HEIC of a folder: `vips.py FOLDER THREADS` prints JSON.

The preview comes from the file, the thumb from the preview, so that each file is decoded once. One thread for each process and THREADS
processes at once. Without a thumbhash.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ENVIRONMENT = {**os.environ, "VIPS_CONCURRENCY": "1"}


def thumbnail(source, size, target):
    subprocess.run(["vipsthumbnail", source, "--size", size, "-o", f"{target}[Q=80]"], check=True, env=ENVIRONMENT, timeout=120)


def renditions(file, place):
    preview = place / f"{file.stem}.jpg"
    thumbnail(file, "1440x1440", preview)
    thumbnail(preview, "341x256", place / f"{file.stem}.webp")


def main():
    files = sorted(file for file in pathlib.Path(sys.argv[1]).iterdir() if file.suffix != ".part")
    with tempfile.TemporaryDirectory() as place, concurrent.futures.ThreadPoolExecutor(int(sys.argv[2])) as threads:
        began = time.perf_counter()
        for done in [threads.submit(renditions, file, pathlib.Path(place)) for file in files]:
            done.result()
        seconds = time.perf_counter() - began
        made = len(list(pathlib.Path(place).iterdir()))
    assert made == 2 * len(files), f"{made} files made of {len(files)}"
    print(json.dumps({"files": len(files), "seconds": seconds, "images_per_second": len(files) / seconds}))


main()
