"""Media made on the spot: real, small, and different for every seed."""

import io
import random

from PIL import Image, ImageDraw


def jpeg(seed, width=320, height=240, *, date="2024:05:12 10:11:12", size=None, text=None, grain=False):
    """A JPEG with a capture time. `size`: padded to exactly so many bytes. `text`: put into the EXIF description.
    `grain`: noise all over, so that what is made of it is big too."""
    dice = random.Random(seed)
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    if grain:
        picture = Image.blend(picture, Image.frombytes("RGB", (width, height), dice.randbytes(width * height * 3)), 0.4)
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        box = sorted(dice.randrange(width) for _ in range(2)), sorted(dice.randrange(height) for _ in range(2))
        draw.rectangle((box[0][0], box[1][0], box[0][1], box[1][1]), fill=tuple(dice.randrange(256) for _ in range(3)))
    draw.text((8, 8), str(seed), fill="white")
    exif = Image.Exif()
    exif[0x010E] = text or f"sample {seed}"
    exif.get_ifd(0x8769)[0x9003] = date
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, exif=exif)
    data = out.getvalue()
    if size is not None:
        assert len(data) <= size, f"the picture alone has {len(data)} bytes"
        data += dice.randbytes(size - len(data))
    return data


def png(seed, width=160, height=120):
    out = io.BytesIO()
    dice = random.Random(seed)
    Image.new("RGB", (width, height), tuple(dice.randrange(256) for _ in range(3))).save(out, "PNG")
    return out.getvalue()
