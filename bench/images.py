"""Makes photo-like JPEGs of 12 and 24 megapixels, the same for the same seed: `images.py FOLDER COUNT MEGAPIXELS [SEED]`;
other formats from a folder of them: `images.py FOLDER COUNT png|webp|heic FOLDER_OF_JPEGS`.

Soft shapes, several octaves of texture and sensor noise, so that a decoder has as much to do as with a camera's file
(3.5-5 MB at 12 MP). Files that are there already are kept.
"""

import pathlib
import random
import subprocess
import sys

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZES = {12: (4000, 3000), 24: (6000, 4000)}


def octave(dice, width, height, cells):
    """Random colours on a coarse grid, drawn out to full size."""
    across, down = cells, max(2, cells * height // width)
    return Image.frombytes("RGB", (across, down), dice.randbytes(across * down * 3)).resize((width, height), Image.BICUBIC)


def photo(seed, width, height):
    dice = random.Random(seed)
    picture = octave(dice, width, height, 5)
    for cells, weight in ((40, 0.30), (300, 0.18), (1200, 0.10)):
        picture = Image.blend(picture, octave(dice, width, height, cells), weight)
    draw = ImageDraw.Draw(picture)
    for _ in range(40):
        x, y, r = dice.randrange(width), dice.randrange(height), dice.randrange(width // 60, width // 8)
        draw.ellipse((x - r, y - r, x + r, y + r), outline=tuple(dice.randbytes(3)), width=dice.randrange(2, 20))
    grain = Image.frombytes("L", (1024, 1024), dice.randbytes(1 << 20)).point(lambda value: 113 + value * 30 // 255)
    sheet = Image.new("L", (width, height))
    for x in range(0, width, 1024):
        for y in range(0, height, 1024):
            sheet.paste(grain, (x, y))
    return ImageChops.overlay(picture.filter(ImageFilter.SMOOTH), sheet.convert("RGB"))


def convert(folder, count, kind, source):
    folder.mkdir(parents=True, exist_ok=True)
    for jpeg in sorted(source.glob("*.jpg"))[:count]:
        file = folder / f"{jpeg.stem}.{kind}"
        if file.exists():
            continue
        unfinished = folder / f"unfinished-{jpeg.stem}.{kind}.part"
        if kind == "heic":
            # As phones write it, but for the effort of the encoder, which decoding does not notice.
            made = folder / f"unfinished.{kind}"
            subprocess.run(["vips", "heifsave", jpeg, made, "--compression", "hevc", "--Q", "55", "--effort", "0"], check=True)
            made.rename(unfinished)
        else:
            Image.open(jpeg).save(unfinished, kind, **({"quality": 88} if kind == "webp" else {"compress_level": 6}))
        unfinished.rename(file)


def main():
    if not sys.argv[3].isdigit():
        return convert(pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], pathlib.Path(sys.argv[4]))
    folder, count, megapixels = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    width, height = SIZES[megapixels]
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        file = folder / f"{megapixels}mp-{number:05}.jpg"
        if file.exists():
            continue
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"{2005 + number % 20}:{1 + number % 12:02}:{1 + number % 28:02} 12:00:00"
        unfinished = file.with_suffix(".part")
        photo(seed * 1_000_000 + number, width, height).save(unfinished, "JPEG", quality=88, exif=exif)
        unfinished.rename(file)


main()
