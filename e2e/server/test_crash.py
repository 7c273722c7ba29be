"""The power cut, many times: what was acknowledged is there, bit for bit; what was not leaves nothing behind."""

import base64
import contextlib
import os
import random
import signal
import threading

import requests

from harness import SOAK, sha256, until
from samples import jpeg

KILLS = 50 if SOAK else 5
FILES = 2000 if SOAK else 500
SEED = 20241112


def all_there(client, expected):
    """Every expected hash is one item, whose content has that hash."""
    # An item whose capture time becomes known while the list is walked may be met twice; it is still one item.
    items = list({item["id"]: item for item in client.everything()}.values())
    hashes = [item["sha256"] for item in items]
    assert len(hashes) == len(set(hashes)), "nothing is there twice"
    assert expected <= set(hashes), f"{len(expected - set(hashes))} acknowledged items are lost"
    for item in items:
        assert sha256(client.content(item["id"])) == item["sha256"]
    return items


def nothing_left_over(vault):
    until(lambda: not vault.temporary_files(), 60, f"no temporary file in {vault.data}")


def run_until(vault, point, dice):
    """Lets the process run in short strides until so many objects are stored, and leaves it stopped there: however
    fast the machine, it cannot be over before it is looked at."""
    while True:
        threading.Event().wait(dice.uniform(0.002, 0.006))
        os.killpg(vault.process.pid, signal.SIGSTOP)
        assert vault.process.poll() is None, "the import was over before it was cut"
        if vault.stored_objects() >= point:
            return
        os.killpg(vault.process.pid, signal.SIGCONT)


def test_an_import_that_is_killed_again_and_again_loses_nothing(new_vault, folder):
    dice = random.Random(SEED)
    source = folder / "pictures"
    wanted = set()
    for number in range(FILES):
        place = source / f"{2000 + number % 25}"
        place.mkdir(parents=True, exist_ok=True)
        data = jpeg(number, 160, 120, size=dice.randrange(20_000, 400_000))
        (place / f"IMG_{number:04}.jpg").write_bytes(data)
        wanted.add(sha256(data))

    vault = new_vault().start().set_up()
    client = vault.client()
    assert vault.stop() == 0

    # Cut at random points of its progress, each further on than the one before: never when it is over already.
    points = sorted(dice.sample(range(FILES * 8 // 10), KILLS))
    for point in points:
        vault.process = vault.spawn("import", str(source), "--user", client.email, "--json")
        run_until(vault, point, dice)
        vault.kill()
        # What is there after a crash is whole.
        vault.verify()

    vault.run("import", str(source), "--user", client.email, "--json", timeout=1800)
    vault.start()
    client = vault.client()
    items = all_there(client, wanted)
    assert len(items) == len(wanted)
    client.all_settled(limit=1800)
    assert all(item["state"] == "ready" for item in client.everything())
    nothing_left_over(vault)
    assert vault.stop() == 0
    vault.verify()


class Uploader(threading.Thread):
    """Uploads until told to stop, half by one shot, half by tus in pieces; remembers what was acknowledged."""

    def __init__(self, vault, client, first_seed):
        super().__init__(daemon=True)
        self.vault = vault
        self.headers = dict(client.session.headers)
        self.seed = first_seed
        self.acknowledged = {}
        self.open_uploads = []
        self.go_on = True
        self.surprises = []

    def run(self):
        while self.go_on:
            self.seed += 1
            data = jpeg(self.seed, 160, 120, size=60_000 + self.seed % 7 * 50_000)
            with contextlib.suppress(requests.RequestException):
                if self.seed % 2:
                    self.one_shot(data)
                else:
                    self.tus(data)

    def one_shot(self, data):
        answer = requests.post(f"{self.vault.url}/api/v1/media", headers=self.headers, timeout=60,
                               files={"file": (f"shot-{self.seed}.jpg", data)})
        if answer.status_code in (200, 201):
            self.acknowledged[sha256(data)] = answer.json()["id"]
        else:
            self.surprises.append((answer.status_code, answer.text[:300]))

    def tus(self, data):
        name = base64.b64encode(f"tus-{self.seed}.jpg".encode()).decode()
        created = requests.post(f"{self.vault.url}/api/v1/tus", timeout=60, headers=self.headers | {
            "Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"})
        if created.status_code != 201:
            self.surprises.append((created.status_code, created.text[:300]))
            return
        url = requests.compat.urljoin(self.vault.url, created.headers["Location"])
        self.open_uploads.append((url, data))
        self.go_on_with(url, data, 0)

    def go_on_with(self, url, data, offset):
        while True:
            piece = data[offset:offset + 70_000]
            answer = requests.patch(url, data=piece, timeout=60, headers=self.headers | {
                "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
            if answer.status_code != 204:
                self.surprises.append((answer.status_code, answer.text[:300]))
                return
            offset = int(answer.headers["Upload-Offset"])
            if offset == len(data):
                self.acknowledged[sha256(data)] = answer.headers.get("Media-Id")
                self.open_uploads.remove((url, data))
                return

    def resume_all(self):
        """What any tus client does after the line was cut: asks how far it came, and goes on."""
        for url, data in list(self.open_uploads):
            answer = requests.head(url, timeout=60, headers=self.headers | {"Tus-Resumable": "1.0.0"})
            if answer.status_code in (404, 410):
                # The last byte had arrived and the upload is over; then the item is there (checked by its hash).
                self.open_uploads.remove((url, data))
                self.acknowledged[sha256(data)] = None
                continue
            assert answer.status_code == 200, (answer.status_code, answer.text)
            offset = int(answer.headers["Upload-Offset"])
            assert offset <= len(data)
            if offset < len(data):
                self.go_on_with(url, data, offset)
            else:
                self.open_uploads.remove((url, data))
                self.acknowledged[sha256(data)] = None


def test_a_server_that_is_killed_under_uploads_loses_nothing(new_vault, database_settings):
    dice = random.Random(SEED)
    vault = new_vault(settings=database_settings).start().set_up()
    expected = {}
    for round in range(KILLS):
        client = vault.client()
        uploaders = [Uploader(vault, client, (round * 4 + number) * 10_000) for number in range(3)]
        for uploader in uploaders:
            uploader.start()
        # Random by intent: the moment of the cut is what is tested.
        threading.Event().wait(dice.uniform(0.3, 2.0))
        vault.kill()
        for uploader in uploaders:
            uploader.go_on = False
        for uploader in uploaders:
            uploader.join(timeout=60)
            assert not uploader.surprises, uploader.surprises
            expected |= uploader.acknowledged
        vault.start()
        client = vault.client()
        for uploader in uploaders:
            uploader.resume_all()
            expected |= uploader.acknowledged
        all_there(client, set(expected))
    assert len(expected) > KILLS, "uploads did get through between the cuts"
    client.all_settled(limit=1800)
    nothing_left_over(vault)
    assert vault.stop() == 0
    vault.verify()
