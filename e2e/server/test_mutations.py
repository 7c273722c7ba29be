"""Broken copies of real files of every format, through the real server: it goes on, in bounded memory, and says why of each."""

import pathlib
import random
import threading

from harness import CORPUS, SOAK, until
from samples import jpeg

COUNT = 1000 if SOAK else 50
SEED = 20241113
# Bytes. The server itself, without its decoders: it only passes bytes on.
SERVER_MEMORY = 200 << 20
# Seconds in which a good file behind the broken ones is shown. It is under one when nothing else runs on the machine.
PATIENCE = 30


def mutated(data, dice):
    """Flips bits, overwrites lengths, cuts, repeats, inserts; half of it in the head, where structure is."""
    data = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        if len(data) < 64:
            break
        at = dice.randrange(min(len(data), 2048) if dice.random() < 0.5 else len(data))
        match dice.randrange(6):
            case 0:
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                data[at] = dice.choice([0x00, 0xFF, 0x7F, 0x80])
            case 2:
                data[at:at + 4] = dice.choice([0, 0xFFFFFFFF, 0x7FFFFFFF, 0x10000]).to_bytes(4, "big")
            case 3:
                del data[max(at, 32):]
            case 4:
                data[at:at] = data[at:at + 64]
            case _:
                data[at:at] = dice.randbytes(dice.randrange(32))
    return bytes(data)


def seeds():
    """A real file of every format. The pictures of thousands of megapixels have a test of their own."""
    files = sorted(path for path in (CORPUS / "made").iterdir() if path.is_file())
    return [path for path in files if path.stat().st_size < 4_000_000 and not path.name.startswith(("orientation_", "14000"))]


def resident(pid):
    """Bytes of memory of one process."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


class Watch(threading.Thread):
    """Looks at the server's memory until told to stop."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.most = 0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.most = max(self.most, resident(self.pid))


def test_mutated_files_end_ready_or_with_a_reason_and_the_good_ones_behind_are_shown(vault, ada):
    dice = random.Random(SEED)
    formats = seeds()
    assert len({path.suffix for path in formats}) > 15, "every format is in"
    pid = vault.process.pid
    watch = Watch(pid)
    watch.start()
    stored, refused = [], 0
    for number in range(COUNT):
        path = formats[number * 7 % len(formats)]
        answer = ada.upload(path.name, mutated(path.read_bytes(), dice))
        if answer.status_code in (200, 201):
            stored.append(answer.json()["id"])
        else:
            assert answer.status_code in (415, 422), (path.name, answer.status_code, answer.text)
            assert len(answer.json()["detail"]) > 10, "a refusal says why"
            refused += 1
        if number % 10 == 9:
            good = ada.upload(f"good-{number}.jpg", jpeg(1_000_000 + number))
            assert good.status_code == 201, good.text
            assert ada.settled(good.json()["id"], limit=PATIENCE)["state"] == "ready"
    until(lambda: all(item["state"] != "processing" for item in ada.everything()), 600, "every item ready or failed")
    watch.over.set()
    watch.join()
    items = {item["id"]: item for item in ada.everything()}
    for id in stored:
        item = items[id]
        if item["state"] == "failed":
            assert item["failure"]["code"] and len(item["failure"]["detail"]) > 10, item
            # Trouble of a file is never taken for trouble of the machine.
            assert item["failure"]["code"] != "io", item
    ends = {state: sum(items[id]["state"] == state for id in stored) for state in ("ready", "failed")}
    assert ends["ready"] + ends["failed"] == len(stored) and refused + len(stored) == COUNT
    assert ends["failed"] + refused > COUNT // 10, f"they were broken: {ends}, {refused} refused"
    assert vault.process.poll() is None and vault.process.pid == pid, "the server never ended"
    assert watch.most < SERVER_MEMORY, f"{watch.most >> 20} MiB"
    assert "panicked" not in vault.log()
    print(f"{COUNT} files: {ends}, {refused} refused, at most {watch.most >> 20} MiB")
