"""What lies on the disk: nothing readable, and no damage goes unseen."""

import base64
import shutil

import pytest
import requests

from harness import sha256
from samples import jpeg

EXIF_TEXT = "a-sentence-nobody-else-writes-4711"
FILE_NAME = "holiday-in-Nidwalden-0815.jpg"


def files_of(vault):
    """Everything that the server wrote, its temporary folder included."""
    for place in (vault.data, vault.folder / "tmp"):
        for path in place.rglob("*"):
            if path.is_file():
                yield path


def is_database(path):
    return any(part in path.name for part in (".sqlite", ".db"))


def search(vault, data, at_least):
    """Known plaintext in any file. Metadata may stand in the database; picture bytes may not, even there."""
    # Pieces from all over the picture, past the header that every JPEG shares.
    pieces = [data[at:at + 24] for at in range(700, len(data) - 24, max(1, len(data) // 40))]
    stored = 0
    for path in files_of(vault):
        content = path.read_bytes()
        stored += len(content) if not is_database(path) else 0
        for piece in pieces:
            assert piece not in content, f"picture bytes in {path}"
        if not is_database(path):
            assert EXIF_TEXT.encode() not in content, f"an EXIF text in {path}"
            assert FILE_NAME.encode() not in content, f"a file name in {path}"
            assert FILE_NAME not in str(path)
            assert not content.startswith((b"\xff\xd8\xff", b"RIFF", b"\x89PNG")), f"a readable picture: {path}"
    assert stored >= at_least, "the bytes are on the disk: there was something to search"


def test_nothing_readable_lies_on_the_disk_during_and_after_an_upload(new_vault):
    vault = new_vault()
    (vault.folder / "tmp").mkdir()
    vault.settings["TMPDIR"] = str(vault.folder / "tmp")
    vault.start().set_up()
    ada = vault.client()
    data = jpeg(11, 1600, 1200, text=EXIF_TEXT, size=3_000_000)
    half = len(data) // 2
    name = base64.b64encode(FILE_NAME.encode()).decode()
    headers = {"Tus-Resumable": "1.0.0"}
    created = ada.post("/api/v1/tus", headers=headers | {"Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"})
    assert created.status_code == 201, created.text
    url = requests.compat.urljoin(vault.url, created.headers["Location"])
    piece = headers | {"Content-Type": "application/offset+octet-stream"}
    first = ada.session.patch(url, data=data[:half], headers=piece | {"Upload-Offset": "0"}, timeout=60)
    assert first.status_code == 204, first.text
    search(vault, data, half)
    second = ada.session.patch(url, data=data[half:], headers=piece | {"Upload-Offset": str(half)}, timeout=60)
    assert second.status_code == 204, second.text
    search(vault, data, len(data))
    item = ada.settled(second.headers["Media-Id"])
    assert item["file_name"] == FILE_NAME and item["state"] == "ready"
    search(vault, data, len(data))
    vault.kill()
    search(vault, data, len(data))


def objects(vault):
    """The stored objects, biggest first: those of the originals come before those of the renditions."""
    found = [path for path in vault.data.rglob("*") if path.is_file() and not is_database(path) and path.stat().st_size > 100_000]
    return sorted(found, key=lambda path: path.stat().st_size, reverse=True)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    content = path.read_bytes()
    path.write_bytes(content[:-70_000])


def no_wrong_bytes(client, id, data):
    """An error, or an answer that breaks off: never bytes that are not the file's."""
    try:
        answer = client.get(f"/api/v1/media/{id}/content")
    except requests.RequestException:
        return
    if answer.status_code == 200:
        assert data.startswith(answer.content) and len(answer.content) < len(data), "damage was served as if it were the file"
    else:
        assert answer.status_code >= 500
        assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("damage", [flip, truncate])
def test_damage_is_an_error_never_wrong_bytes_and_verify_names_it(vault, ada, damage):
    data = jpeg(12, size=900_000)
    id = ada.upload("a.jpg", data).json()["id"]
    other = jpeg(13, size=700_000)
    other_id = ada.upload("b.jpg", other).json()["id"]
    ada.settled(id)
    ada.settled(other_id)
    vault.kill()
    victim = objects(vault)[0]
    damage(victim)
    result = vault.run("verify", "--json", check=False)
    assert result.returncode == 1
    assert victim.name in result.stdout or id in result.stdout, result.stdout
    vault.start()
    ada = vault.client()
    no_wrong_bytes(ada, id, data)
    assert ada.content(other_id) == other, "its neighbour is untouched"


def test_two_objects_swapped_are_both_found(vault, ada, folder):
    first, second = jpeg(14, size=600_000), jpeg(15, size=600_000)
    ids = [ada.upload(f"{sha256(data)[:6]}.jpg", data).json()["id"] for data in (first, second)]
    for id in ids:
        ada.settled(id)
    vault.kill()
    a, b = objects(vault)[:2]
    assert a.stat().st_size == b.stat().st_size
    shutil.move(a, folder / "swap")
    shutil.move(b, a)
    shutil.move(folder / "swap", b)
    result = vault.run("verify", "--json", check=False)
    assert result.returncode == 1
    for path, id in ((a, ids[0]), (b, ids[1])):
        assert path.name in result.stdout or id in result.stdout, result.stdout
    vault.start()
    ada = vault.client()
    for id, data in zip(ids, (first, second)):
        no_wrong_bytes(ada, id, data)


def test_a_missing_object_is_found(vault, ada):
    id = ada.upload("a.jpg", jpeg(16, size=600_000)).json()["id"]
    ada.settled(id)
    vault.kill()
    victim = objects(vault)[0]
    victim.unlink()
    result = vault.run("verify", "--json", check=False)
    assert result.returncode == 1
    assert victim.name in result.stdout or id in result.stdout, result.stdout
