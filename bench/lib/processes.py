"""What a process and its children cost, from /proc."""

import os
import pathlib
import threading


def family(pid):
    """A process and everything below it."""
    found = [pid]
    for one in found:
        for thread in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, thread.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def cpu_seconds(pid):
    """Processor time of a process, of what it started and still lives, and of what has ended."""
    total = 0
    for one in family(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    """Memory of a process and its children; what they share counts once (PSS)."""
    total = 0
    for one in family(pid):
        try:
            lines = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


class Peak:
    """While it is open: the most memory of a process and its children, in MB, looked at once a second: each look holds up what it looks at."""

    def __init__(self, pid):
        self.pid, self.mb, self.over = pid, memory_mb(pid), threading.Event()
        self.watching = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(1):
            self.mb = max(self.mb, memory_mb(self.pid))

    def __enter__(self):
        self.watching.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.watching.join()
