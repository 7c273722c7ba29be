"""Makes photo-like JPEGs of 12 and 24 megapixels, the same for the same seed: `images.py FOLDER COUNT MEGAPIXELS [SEED]`;
other formats from a folder of them: `images.py FOLDER COUNT png|webp|heic FOLDER_OF_JPEGS`.

Soft shapes, several octaves of texture and sensor noise, so that a decoder has as much to do as with a camera's file
(3.5-5 MB at 12 MP). Files that are there already are kept.
"""

import concurrent.futures
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


def convert(jpeg, file, kind):
    if file.exists():
        return
    unfinished = file.with_name(f"unfinished-{file.name}.part")
    if kind == "heic":
        # As phones write it, but for the effort of the encoder, which decoding does not notice.
        made = file.with_name(f"unfinished-{file.name}")
        subprocess.run(["vips", "heifsave", jpeg, made, "--compression", "hevc", "--Q", "55", "--effort", "0"], check=True)
        made.rename(unfinished)
    else:
        Image.open(jpeg).save(unfinished, kind, **({"quality": 88} if kind == "webp" else {"compress_level": 6}))
    unfinished.rename(file)


def make(file, seed, number, size):
    if file.exists():
        return
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{2005 + number % 20}:{1 + number % 12:02}:{1 + number % 28:02} 12:00:00"
    unfinished = file.with_suffix(".part")
    photo(seed * 1_000_000 + number, *size).save(unfinished, "JPEG", quality=88, exif=exif)
    unfinished.rename(file)


def main():
    folder, count, what = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ProcessPoolExecutor() as cores:
        if what.isdigit():
            seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
            made = [cores.submit(make, folder / f"{what}mp-{number:05}.jpg", seed, number, SIZES[int(what)]) for number in range(count)]
        else:
            jpegs = sorted(pathlib.Path(sys.argv[4]).glob("*.jpg"))[:count]
            made = [cores.submit(convert, jpeg, folder / f"{jpeg.stem}.{what}", what) for jpeg in jpegs]
    for one in made:
        one.result()


main()
