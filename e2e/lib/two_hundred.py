"""Makes the folder of two hundred files that a person drops into the vault, and what has to be seen of each.

    two_hundred.py CORPUS FOLDER

FOLDER/files gets the files, FOLDER/manifest.json what is known of them: content hash, day of capture, what becomes of
it, and the mean colours of a 4 x 4 grid as a second decoder (Pillow with LittleCMS; for phones' HEIC libvips, for films
ffmpeg) shows it upright in sRGB. Takes a minute; the tests keep the folder.
"""

import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

CORPUS, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])
MADE, REAL, EXPECTED, FILES = CORPUS / "made", CORPUS / "real", CORPUS / "expected", FOLDER / "files"
COUNT = 200
GRID = 4
GIGABYTE = 1 << 30
Image.MAX_IMAGE_PIXELS = None
warnings.simplefilter("ignore")

CAMERAS = [
    "Canon|Canon EOS R5", "Canon|Canon PowerShot G7 X", "NIKON CORPORATION|NIKON Z 8", "NIKON CORPORATION|NIKON D90", "SONY|ILCE-7M4",
    "SONY|DSC-RX100M6", "FUJIFILM|X-T5", "FUJIFILM|FinePix F31fd", "OLYMPUS CORPORATION|E-M1MarkIII", "Panasonic|DC-GH6", "PENTAX|PENTAX K-3",
    "LEICA CAMERA AG|LEICA Q3", "Hasselblad|X2D 100C", "SIGMA|SIGMA fp", "RICOH IMAGING COMPANY, LTD.|RICOH GR III", "EASTMAN KODAK COMPANY|KODAK DX6490",
    "CASIO COMPUTER CO.,LTD.|EX-Z1000", "KONICA MINOLTA|DiMAGE A2", "Apple|iPhone 15 Pro", "Apple|iPhone 4", "samsung|SM-S928B", "samsung|GT-I9300",
    "Google|Pixel 8 Pro", "Xiaomi|2201116PG", "HUAWEI|VOG-L29", "OnePlus|IN2023", "motorola|moto g(7)", "Sony Ericsson|K800i", "Nokia|N95",
    "LG Electronics|LG-H870", "HTC|HTC One", "DJI|FC3582", "GoPro|HERO11 Black", "Hewlett-Packard|HP PhotoSmart R707",
]

# --- where the pixels of the made photos come from: real photographs -------------------------------------------------


def photographs():
    found = [REAL / "pillow" / name for name in (
        "ultrahdr.jpg", "xmp_test.jpg", "junk_jpeg_header.jpg", "exif_typeerror.jpg", "sugarshack_bad_mpo_header.jpg", "iptc.jpg", "flower.jpg")]
    pictures = []
    for path in found:
        try:
            pictures.append(Image.open(path).convert("RGB"))
        except OSError:
            # Some of these test images are broken on purpose.
            continue
    for name in ("heif_other/pug.heic", "heif_other/arrow.heic", "heif_special/xiaomi.heic"):
        pictures.append(by_vips(REAL / "heif" / name))
    return pictures


def by_vips(path):
    """Upright in sRGB, by libvips."""
    out = subprocess.run(["vips", "thumbnail", path, ".png", "1440", "--size", "down", "--export-profile", "srgb"], check=True, stdout=subprocess.PIPE).stdout
    return Image.open(io.BytesIO(out)).convert("RGB")


# --- what has to be seen ------------------------------------------------------------------------------------------------


def grid(image):
    """Mean colour of each cell, row by row."""
    small = image.convert("RGB").resize((GRID * 16, GRID * 16), Image.BOX).resize((GRID, GRID), Image.BOX)
    return [value for pixel in small.getdata() for value in pixel]


def by_pillow(path):
    image = ImageOps.exif_transpose(Image.open(path))
    profile = image.info.get("icc_profile")
    if profile:
        image = ImageCms.profileToProfile(image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), renderingIntent=1, outputMode="RGB")
    return image.convert("RGB")


def by_ffmpeg(path, seconds=3):
    """Any frame of the first seconds may be the poster. Pixels that are not square are drawn out."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", path, "-t", str(seconds), "-vf", "scale=iw*sar:ih,scale=iw/2:ih/2", FOLDER / "frame%03d.png"],
                   check=True, stderr=subprocess.DEVNULL)
    made = sorted(FOLDER.glob("frame*.png"))
    frames = [Image.open(frame).convert("RGB") for frame in made]
    for frame in made:
        frame.unlink()
    assert frames, path
    return frames


# --- the files ----------------------------------------------------------------------------------------------------------


class Folder:
    """The files as they are made. Each has a day of its own, four days from the next, in no order of names."""

    def __init__(self):
        days = [datetime(2021, 1, 3, 12, 0, 0) + timedelta(days=4 * n) for n in range(COUNT)]
        random.Random(3).shuffle(days)
        self.days = iter(days)
        self.items = []
        self.tagged = []

    def add(self, name, content, outcome="shown", looks=None, tag=None, reason=None):
        """`tag`: how the day gets into the file: exif (by exiftool later), done (it is there), None (the file's own time)."""
        day = next(self.days)
        path = FILES / name
        path.parent.mkdir(exist_ok=True)
        if callable(content):
            content(path, day)
        elif isinstance(content, Path):
            shutil.copyfile(content, path)
        else:
            path.write_bytes(content)
        item = {"name": name, "taken": day, "outcome": outcome, "looks": looks, "tag": tag, "reason": reason}
        self.items.append(item)
        return item


def exif_for(camera, day, orientation):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = camera.split("|")
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9003] = day.strftime("%Y:%m:%d %H:%M:%S")
    return exif


UNDO = {2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
        6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}


def shots(folder, count):
    """Photos of many cameras, held in all eight ways."""
    sources = photographs()
    dice = random.Random(11)
    for n in range(count):
        source = sources[n % len(sources)]
        # Another detail each time, from the largest to a third.
        part = dice.uniform(0.5, 1)
        width, height = int(source.width * part), int(source.height * part)
        left, top = dice.randrange(source.width - width + 1), dice.randrange(source.height - height + 1)
        # A few as large as cameras make them, most as messengers leave them.
        long_side = 4000 if n % 20 == 0 else dice.choice((1280, 1600, 2048))
        scale = long_side / max(width, height)
        upright = source.crop((left, top, left + width, top + height)).resize((round(width * scale), round(height * scale)), Image.BICUBIC)
        orientation, camera = n % 8 + 1, CAMERAS[n % len(CAMERAS)]
        stored = upright.transpose(UNDO[orientation]) if orientation in UNDO else upright

        def write(path, day):
            stored.save(path, "JPEG", quality=88, exif=exif_for(camera, day, orientation))

        item = folder.add(f"DSC{4000 + n * 7}.JPG", write, tag="done")
        shown = by_pillow(FILES / item["name"])
        assert shown.size == upright.size, item
        item["looks"] = [shown]


def from_corpus(folder):
    """Every format and every oddity of colour and orientation that the tests of the decoders know."""
    exif = {"jpg", "png", "webp", "tif", "heic", "avif"}
    raw = {"nef", "arw", "pef", "srw", "cr2", "rw2", "orf", "raf", "cr3", "dng"}
    for path in sorted(EXPECTED.glob("*.png")):
        name = path.name.removesuffix(".png")
        ending = name.rsplit(".", 1)[1]
        tag = "exif" if ending in exif else None
        shown = f"{name.split('.')[0].upper()}.{ending}" if ending in raw else name
        item = folder.add(shown, MADE / name, looks=[Image.open(path)], tag=tag)
        if name == "canon.cr3":
            item |= {"tag": "done", "taken": datetime(2024, 5, 12, 10, 11, 12)}
    for name in ("heif_other/pug.heic", "heif_other/arrow.heic", "heif_special/xiaomi.heic"):
        path = REAL / "heif" / name
        folder.add(f"phone/{path.name}", path, looks=[by_vips(path)], tag="exif")


def films(folder):
    def copied(source, *options):
        def write(path, day):
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", MADE / source, "-map", "0", "-c", "copy", "-metadata",
                            f"creation_time={day:%Y-%m-%dT%H:%M:%S}Z", *options, path], check=True)
        return write

    dated = {"plain.mp4": (), "index_first.mp4": ("-movflags", "+faststart"), "fragmented.mp4": ("-movflags", "frag_keyframe+empty_moov+default_base_moof"),
             "rotated_90.mp4": (), "rotated_180.mp4": (), "rotated_270.mp4": (), "hevc.mp4": ("-tag:v", "hvc1"), "hdr.mp4": ("-tag:v", "hvc1"),
             "matroska.mkv": (), "webm.webm": (), "camcorder.mp4": ()}
    for name, options in dated.items():
        item = folder.add(f"films/{name}", copied(name, *options), tag="done")
        # What high dynamic range looks like on a plain screen is a matter of taste; that it is there is checked.
        item["looks"] = None if name == "hdr.mp4" else by_ffmpeg(FILES / item["name"])
    apple = "com.apple.quicktime.creationdate"
    item = folder.add("films/quicktime.mov", lambda path, day: copied("quicktime.mov", "-movflags", "use_metadata_tags", "-metadata", f"{apple}={day:%Y-%m-%dT%H:%M:%S}+0200")(path, day), tag="done")
    item["looks"] = by_ffmpeg(FILES / item["name"])
    for name in ("avi.avi", "transport.ts", "programme.mpg", "phone.3gp", "windows.wmv"):
        folder.add(f"films/{name}", MADE / name, looks=by_ffmpeg(MADE / name))


def gigabyte(path, day):
    """A film of a gigabyte as cameras write it, the index at the end: ten seconds with grain, again and again."""
    once = FOLDER / "once.mp4"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=10",
                    "-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-pix_fmt", "yuv420p", "-g", "30", once], check=True)
    times = GIGABYTE // once.stat().st_size
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-stream_loop", str(times), "-i", once, "-c", "copy",
                    "-metadata", f"creation_time={day:%Y-%m-%dT%H:%M:%S}Z", path], check=True)
    once.unlink()
    assert path.stat().st_size >= GIGABYTE, path.stat()


def bad(folder):
    refused = r"not a photo, video or sound"
    folder.add("notes.jpg", MADE / "text.jpg", "refused", reason=refused)
    folder.add("saved page.jpg", MADE / "page.jpg", "refused", reason=refused)
    folder.add("films/playlist.mp4", MADE / "playlist.mp4", "refused", reason=refused)
    folder.add("empty.jpg", MADE / "empty.jpg", "refused", reason=r"the file is empty")
    folder.add("wall.png", MADE / "30000x30000.png", "kept", reason=r"30000 x 30000")
    folder.add("cut off.jpg", MADE / "stub.jpg", "kept", reason=r"damaged|broken|incomplete|cut")
    folder.add("nothing inside.nef", MADE / "nothing_inside.nef", "kept", reason=r"carries no picture that can be shown")
    folder.add("films/no index.mp4", MADE / "no_index.mp4", "kept", reason=r"damaged|broken|incomplete|cut|end")
    # Half of it is there, and is shown.
    folder.add("half.jpg", MADE / "half.jpg", tag="exif")


def write_days(folder):
    """The day of capture: by exiftool into those that can carry it, as the file's own time for the rest."""
    lines = []
    by_exiftool = [item for item in folder.items if item["tag"] == "exif"]
    for n, item in enumerate(by_exiftool):
        make, model = CAMERAS[n % len(CAMERAS)].split("|")
        day = item["taken"].strftime("%Y:%m:%d %H:%M:%S")
        lines += ["-quiet", "-m", "-overwrite_original", f"-EXIF:DateTimeOriginal={day}", f"-EXIF:CreateDate={day}", "-EXIF:OffsetTimeOriginal=",
                  "-EXIF:SubSecTimeOriginal=", f"-EXIF:Make={make}", f"-EXIF:Model={model}", str(FILES / item["name"]), "-execute"]
    subprocess.run(["exiftool", "-@", "-"], input="\n".join(lines), text=True, check=False, stderr=subprocess.DEVNULL)
    read = subprocess.run(["exiftool", "-json", "-DateTimeOriginal", "-r", FILES], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    says = {str(Path(one["SourceFile"]).relative_to(FILES)): one.get("DateTimeOriginal") for one in json.loads(read)}
    for item in by_exiftool:
        if says.get(item["name"]) is None:
            item["tag"] = None
        else:
            assert says[item["name"]] == item["taken"].strftime("%Y:%m:%d %H:%M:%S"), (item, says[item["name"]])
    for item in folder.items:
        # A file's own time is a trap where the file says better.
        when = item["taken"] if item["tag"] is None else datetime(2020, 2, 2, 2, 2, 2)
        stamp = when.replace(tzinfo=timezone.utc).timestamp()
        os.utime(FILES / item["name"], (stamp, stamp))


def sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FILES.mkdir(parents=True)
    folder = Folder()
    from_corpus(folder)
    films(folder)
    big = folder.add("films/wedding.mp4", gigabyte, tag="done")
    big["looks"] = by_ffmpeg(FILES / big["name"], 10)
    bad(folder)
    shots(folder, COUNT - 1 - len(folder.items))
    first_shot = next(item for item in folder.items if item["name"].startswith("DSC"))
    write_days(folder)
    folder.add("copy of a photo.jpg", FILES / first_shot["name"], "duplicate")
    for item in folder.items:
        path = FILES / item["name"]
        looks = item["looks"]
        item |= {"sha256": sha256(path), "size": path.stat().st_size, "taken": item["taken"].strftime("%Y-%m-%dT%H:%M:%S"),
                 "looks": looks and [grid(image) for image in looks], "ratio": looks and looks[0].width / looks[0].height}
        del item["tag"]
    assert len(folder.items) == COUNT
    assert len({item["sha256"] for item in folder.items}) == COUNT - 1
    (FOLDER / "manifest.json").write_text(json.dumps(folder.items, indent=1))


main()
