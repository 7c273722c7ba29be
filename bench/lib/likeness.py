"""How like the original small pictures are."""

import pathlib
import re
import statistics
import subprocess
import tempfile

from PIL import Image


def ssim(originals, previews):
    """Mean SSIM (Wang et al. 2004, all channels, by ffmpeg) of previews against their originals, which Pillow makes as small by Lanczos."""
    found = []
    with tempfile.TemporaryDirectory() as place:
        reference = pathlib.Path(place) / "reference.png"
        for original in originals:
            preview = pathlib.Path(previews) / f"{original.stem}.jpg"
            picture = Image.open(original).convert("RGB")
            picture.resize(Image.open(preview).size, Image.LANCZOS).save(reference, compress_level=0)
            done = subprocess.run(["ffmpeg", "-hide_banner", "-i", preview, "-i", reference, "-lavfi", "[0]format=yuv444p[a];[1]format=yuv444p[b];[a][b]ssim", "-f", "null", "-"],
                                  capture_output=True, text=True, check=True, timeout=60)
            found.append(float(re.search(r"All:([0-9.]+)", done.stderr)[1]))
    return statistics.mean(found)
