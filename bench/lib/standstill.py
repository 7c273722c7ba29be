"""When the machine itself stood still: a program of the highest priority on each core that sleeps two milliseconds at a time notes when it was
woken late. Nothing else that runs here can keep it from its core; what can is the host of a virtual machine."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time

# Milliseconds.
NAP, LATE = 2, 2
# Who begins this soon behind a standstill stands in the queue of those whom it held up.
BEHIND = 20


class Standstills:
    """Times in milliseconds since 1970: (from, to)."""

    def __init__(self):
        self.found = None

    @property
    def were_watched(self):
        """Not everybody may have the highest priority."""
        return self.found is not None

    def touched(self, began, ended):
        """Whether a request was under way then, or in the queue behind."""
        return any(began < to + BEHIND and ended > since for since, to in self.found or [])

    def longest(self):
        return max((to - since for since, to in self.found or []), default=0)


@contextlib.contextmanager
def watched(place):
    """Watches meanwhile; what was found is known behind it."""
    standstills = Standstills()
    files = [pathlib.Path(place) / f"standstills-{core}" for core in range(os.cpu_count())]
    watchers = []
    for core, file in enumerate(files):
        with file.open("w") as out:
            watchers.append(subprocess.Popen([sys.executable, __file__, str(core)], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL))
    try:
        yield standstills
    finally:
        may = all(watcher.poll() is None for watcher in watchers)
        for watcher in watchers:
            watcher.kill()
            watcher.wait()
    if may:
        standstills.found = sorted(tuple(map(float, line.split())) for file in files for line in file.read_text().splitlines())


def watch(core):
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_get_priority_max(os.SCHED_FIFO)))
    while True:
        wake = time.monotonic() * 1000 + NAP
        time.sleep(NAP / 1000)
        late = time.monotonic() * 1000 - wake
        if late > LATE:
            now = time.time() * 1000
            print(f"{now - late:.3f} {now:.3f}", flush=True)


if __name__ == "__main__":
    watch(int(sys.argv[1]))
