"""A folder of photos from the first byte to the last picture: `whole_import.py BINARY RENDITIONS_PROGRAM PHOTOS COUNT ROUNDS`; prints JSON.

`media-vault import --wait` reads, hashes, seals, stores and describes COUNT photos and makes their pictures. Beside it, in alternation, the same
decoders over one half of them, then the other, their pictures encrypted and durable, and nothing else. Files are copies with a few bytes behind them: different to the vault, the same to a decoder.
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import copies  # noqa: E402
from nginx import harness  # noqa: E402
from processes import Peak  # noqa: E402


def cost(command, **options):
    """Runs it. Seconds of the clock and of the processors, and the most memory of it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, **options)
    with Peak(process.pid) as peak:
        said = process.communicate()[0]
    seconds = time.perf_counter() - began
    assert process.returncode == 0, said[-2000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak.mb, "said": json.loads(said.strip().splitlines()[-1])}


def main():
    binary, renditions, photos = map(pathlib.Path, sys.argv[1:4])
    count, rounds = int(sys.argv[4]), int(sys.argv[5])
    harness.BINARY = binary
    files = sorted(photos.glob("*.jpg"))
    place = pathlib.Path(tempfile.mkdtemp(prefix="media-vault-bench-", dir=os.environ.get("BENCH_DISK")))
    try:
        source = place / "source"
        source.mkdir()
        copies.make(files, source, count)
        names = sorted(source.iterdir())
        halves = [place / "half-0", place / "half-1"]
        for number, half in enumerate(halves):
            half.mkdir()
            for name in names[number::2]:
                (half / name.name).hardlink_to(name)
        os.sync()
        found = {"import": [], "renditions": []}
        for number in range(rounds):
            # Nothing is removed before the end: for minutes afterwards ext4 looks around what was removed last when it makes a file.
            folder = place / str(number)
            folder.mkdir()
            vault = harness.Vault(folder, {"MEDIA_VAULT_LOG": "warn"})
            vault.start().set_up()
            vault.stop()
            one = cost([binary, "import", source, "--user", harness.EMAIL, "--wait", "--json"], env=vault.environment(), cwd=vault.folder)
            assert one["said"]["still_processing"] == 0, one
            # Where it lay is of no interest, and of this machine only.
            del one["said"]["folder"]
            found["import"].append(one)
            found["renditions"].append(cost([renditions, halves[number % 2], folder / "pictures", os.cpu_count()]))
            print({name: round(runs[-1]["seconds"], 1) for name, runs in found.items()}, file=sys.stderr, flush=True)
        size = sum(file.stat().st_size for file in source.iterdir())
        print(json.dumps({"photos": count, "photos_alone": count // 2, "bytes": size, **found}))
    finally:
        shutil.rmtree(place, ignore_errors=True)


main()
