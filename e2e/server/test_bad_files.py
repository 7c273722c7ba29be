"""Files that are not what they say: each gets its reason, and the good ones behind them are shown."""

import io
import struct
import zlib

from PIL import Image

from samples import jpeg, png


def huge_png(side=30_000):
    """A valid PNG of side x side grey pixels: small on disk, 900 megapixels in memory."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    packer = zlib.compressobj(9)
    row = bytes(side + 1)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def refused(answer):
    assert answer.status_code in (415, 422), (answer.status_code, answer.text)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert len(answer.json()["detail"]) > 10
    return True


def test_each_bad_file_has_its_reason_and_the_good_one_behind_is_shown(vault, ada):
    assert refused(ada.upload("notes.jpg", b"Dear diary, this is not a photo.\n" * 40))
    assert refused(ada.upload("empty.jpg", b""))
    whole = jpeg(31, 1600, 1200)
    half = ada.upload("half.jpg", whole[:len(whole) // 2])
    giant = ada.upload("giant.png", huge_png())
    noise = ada.upload("noise.png", png(5)[:60] + bytes(range(256)) * 20)
    good = ada.upload("good.jpg", jpeg(32))
    for answer in (half, giant, noise, good):
        assert answer.status_code == 201, answer.text
    assert ada.settled(good.json()["id"])["state"] == "ready"
    item = ada.settled(giant.json()["id"])
    assert item["state"] == "failed" and item["failure"]["code"] == "too_many_pixels" and item["failure"]["detail"]
    item = ada.settled(noise.json()["id"])
    assert item["state"] == "failed" and item["failure"]["detail"]
    item = ada.settled(half.json()["id"])
    assert (item["state"], item["failure"]["code"]) == ("ready", "damaged"), "what is there is shown, and what is missing said"
    assert len(item["failure"]["detail"]) > 10
    assert ada.content(half.json()["id"]) == whole[:len(whole) // 2], "even a damaged original is kept as it is"


def test_an_svg_is_kept_but_never_served_as_active_content(vault, ada):
    data = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    answer = ada.upload("drawing.svg", data)
    if answer.status_code != 201:
        assert refused(answer)
        return
    shown = ada.get(f"/api/v1/media/{answer.json()['id']}/content")
    assert shown.headers["content-disposition"].startswith("attachment")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]


def test_a_name_is_only_a_name(vault, ada):
    for number, name in enumerate(["../../../etc/passwd.jpg", "a\\b:c*?.jpg", "<img src=x onerror=alert(1)>.jpg", "\u202egpj.exe.jpg", "x" * 300 + ".jpg"]):
        answer = ada.upload(name, jpeg(40 + number))
        assert answer.status_code in (201, 422), answer.text
        if answer.status_code == 201:
            content = ada.get(f"/api/v1/media/{answer.json()['id']}/content", params={"download": "1"})
            assert content.status_code == 200
            assert "\n" not in content.headers["content-disposition"]
    picture = Image.open(io.BytesIO(ada.get(f"/api/v1/media/{ada.everything()[0]['id']}/content").content))
    assert picture.format == "JPEG"
