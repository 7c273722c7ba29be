"""Makes the photos of the test corpus, and what a second decoder (Pillow with LittleCMS) shows of them.

For every made/NAME there may be expected/NAME.png: upright, sRGB, on white, at most 1440 pixels on the long side.
"""

import io
import json
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw, ImageFilter, ImageOps

CORPUS = Path(sys.argv[1])
MADE = CORPUS / "made"
EXPECTED = CORPUS / "expected"
PILLOW = CORPUS / "real" / "pillow"
HEIF = CORPUS / "real" / "heif"
Image.MAX_IMAGE_PIXELS = None
SRGB = ImageCms.createProfile("sRGB")


def scene(width=2000, height=1500):
    """A picture with no symmetry: soft colours, sharp shapes, a real face in one corner."""
    small = Image.new("RGB", (8, 6))
    dice = random.Random(7)
    small.putdata([(dice.randrange(30, 226), dice.randrange(30, 226), dice.randrange(30, 226)) for _ in range(48)])
    image = small.resize((width, height), Image.BICUBIC)
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.55, height * 0.1, width * 0.95, height * 0.5), fill=(210, 60, 40))
    draw.polygon([(width * 0.1, height * 0.9), (width * 0.3, height * 0.5), (width * 0.5, height * 0.9)], fill=(30, 110, 200))
    draw.rectangle((width * 0.7, height * 0.7, width * 0.98, height * 0.75), fill=(250, 240, 90))
    face = Image.open(PILLOW / "hopper.png").convert("RGB").resize((height // 3, height // 3), Image.LANCZOS)
    image.paste(face, (width // 20, height // 20))
    return image.filter(ImageFilter.GaussianBlur(1))


def expect(name, image):
    """Writes what has to be seen."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(paper, image)
    image = image.convert("RGB")
    image.thumbnail((1440, 1440), Image.LANCZOS)
    image.save(EXPECTED / f"{name}.png")


def icc(kind, channels, white, primaries, gamma):
    """A matrix (RGB) or curve (grey) profile. Source: ICC.1:2022, clauses 7 to 10."""

    def s15(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(s15(value) for value in values)

    def text(value):
        raw = value.encode() + b"\0"
        return b"desc\0\0\0\0" + struct.pack(">I", len(raw)) + raw + b"\0" * 79

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {b"desc": text(kind), b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz(white)}
    if channels == 3:
        tags |= {b"rXYZ": xyz(primaries[0]), b"gXYZ": xyz(primaries[1]), b"bXYZ": xyz(primaries[2])}
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    else:
        tags[b"kTRC"] = curve
    body, table, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s12s4s", at + len(body), b"none", 0x02400000, b"mntr", b"RGB " if channels == 3 else b"GRAY", b"XYZ ", bytes(12), b"acsp")
    head += bytes(28) + s15(0.9642) + s15(1.0) + s15(0.8249)
    head += bytes(128 - len(head))
    return head + struct.pack(">I", len(tags)) + table + body


D50 = (0.9642, 1.0, 0.8249)
# Adapted to D50; from the published profiles.
P3 = icc("Display P3", 3, D50, [(0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)], 2.2)
ADOBE = icc("Adobe RGB (1998)", 3, D50, [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)], 2.19921875)
GREY = icc("Grey gamma 1.0", 1, D50, [], 1.0)


def to_srgb(image, profile):
    return ImageCms.profileToProfile(image, io.BytesIO(profile), SRGB, renderingIntent=1, outputMode="RGB")


def orientations(base):
    undo = {
        2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
        6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270,
    }
    for value in range(1, 9):
        stored = base.transpose(undo[value]) if value in undo else base
        exif = Image.Exif()
        exif[0x0112] = value
        for extension in ("jpg", "webp", "tif", "png"):
            name = f"orientation_{value}.{extension}"
            stored.save(MADE / name, exif=exif, quality=92)
            # Pillow itself must agree.
            shown = ImageOps.exif_transpose(Image.open(MADE / name))
            assert shown.size == base.size, name
            expect(name, shown)


def colours(base):
    for name, profile in (("p3", P3), ("adobe_rgb", ADOBE)):
        base.save(MADE / f"{name}.jpg", quality=95, icc_profile=profile)
        expect(f"{name}.jpg", to_srgb(Image.open(MADE / f"{name}.jpg"), profile))
    base.save(MADE / "p3.png", icc_profile=P3)
    expect("p3.png", to_srgb(base, P3))
    base.save(MADE / "p3.webp", icc_profile=P3, quality=95)
    expect("p3.webp", to_srgb(Image.open(MADE / "p3.webp"), P3))
    base.save(MADE / "p3.tif", icc_profile=P3, compression="tiff_lzw")
    expect("p3.tif", to_srgb(base, P3))
    grey = base.convert("L")
    grey.save(MADE / "grey.jpg", quality=92)
    expect("grey.jpg", Image.open(MADE / "grey.jpg"))
    grey.save(MADE / "grey_linear.jpg", quality=95, icc_profile=GREY)
    expect("grey_linear.jpg", to_srgb(Image.open(MADE / "grey_linear.jpg"), GREY))
    base.save(MADE / "progressive.jpg", quality=90, progressive=True)
    expect("progressive.jpg", Image.open(MADE / "progressive.jpg"))
    base.save(MADE / "full_chroma.jpg", quality=90, subsampling=0)
    expect("full_chroma.jpg", Image.open(MADE / "full_chroma.jpg"))
    # CMYK without a profile (Adobe's inverted kind, as Pillow writes it), and with libvips's own profile.
    base.convert("CMYK").save(MADE / "cmyk_plain.jpg", quality=95)
    expect("cmyk_plain.jpg", Image.open(MADE / "cmyk_plain.jpg").convert("RGB"))
    base.save(MADE / "scene.png")
    expect("scene.png", base)
    subprocess.run(["vips", "icc_export", MADE / "scene.png", f"{MADE}/cmyk_profile.jpg[Q=95]", "--output-profile", "cmyk"], check=True)
    cmyk = Image.open(MADE / "cmyk_profile.jpg")
    assert cmyk.mode == "CMYK" and cmyk.info["icc_profile"]
    expect("cmyk_profile.jpg", to_srgb(cmyk, cmyk.info["icc_profile"]))


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(name, width, height, depth, colour, rows):
    """A PNG from rows of raw bytes, packed as they come."""
    packer, packed = zlib.compressobj(9), []
    for row in rows:
        packed.append(packer.compress(b"\0" + row))
    packed.append(packer.flush())
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    (MADE / name).write_bytes(b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", b"".join(packed)) + png_chunk(b"IEND", b""))


def pngs(base):
    small = base.resize((600, 450), Image.LANCZOS)
    pixels = small.tobytes()
    rows = [b"".join(bytes((v, 255 - v)) for v in pixels[y * 1800:(y + 1) * 1800]) for y in range(450)]
    png("rgb16.png", 600, 450, 16, 2, rows)
    expect("rgb16.png", small)
    alpha = small.copy()
    alpha.putalpha(Image.linear_gradient("L").resize(small.size))
    alpha.save(MADE / "alpha.png")
    expect("alpha.png", alpha)
    alpha.save(MADE / "alpha.webp", lossless=True)
    expect("alpha.webp", alpha)
    grey_alpha = alpha.convert("LA")
    grey_alpha.save(MADE / "grey_alpha.png")
    expect("grey_alpha.png", grey_alpha)
    small.quantize(64).save(MADE / "palette.png")
    expect("palette.png", Image.open(MADE / "palette.png"))
    small.convert("1").save(MADE / "one_bit.png")
    expect("one_bit.png", Image.open(MADE / "one_bit.png"))
    red, blue = Image.new("RGB", (300, 200), (200, 30, 30)), Image.new("RGB", (300, 200), (30, 30, 200))
    red.save(MADE / "moving.apng", format="PNG", save_all=True, append_images=[blue], duration=200)
    expect("moving.apng", red)
    red.save(MADE / "moving.gif", save_all=True, append_images=[blue], duration=200)
    expect("moving.gif", red)
    red.save(MADE / "moving.webp", save_all=True, append_images=[blue], duration=200, lossless=True)
    expect("moving.webp", red)
    small.save(MADE / "small.bmp")
    expect("small.bmp", small)
    # Larger than any limit, and the largest that is allowed: 196 million pixels, decoded row by row.
    png("30000x30000.png", 30000, 30000, 1, 0, (bytes(3750) for _ in range(30000)))
    grey_row = bytes(v * 255 // 13999 for v in range(14000))
    png("14000x14000.png", 14000, 14000, 8, 0, (grey_row for _ in range(14000)))
    expect("14000x14000.png", Image.linear_gradient("L").rotate(90).resize((1440, 1440)))
    base.resize((3000, 2250)).save(MADE / "interlaced_source.png")
    subprocess.run(["vips", "copy", MADE / "interlaced_source.png", f"{MADE}/interlaced.png[interlace]"], check=True)
    expect("interlaced.png", Image.open(MADE / "interlaced.png"))
    (MADE / "interlaced_source.png").unlink()


def heifs(base):
    base.save(MADE / "avif.avif", quality=90)
    expect("avif.avif", base)
    subprocess.run(["vips", "copy", MADE / "scene.png", f"{MADE}/heic.heic[Q=90]"], check=True)
    expect("heic.heic", base)
    base.save(MADE / "p3_source.png", icc_profile=P3)
    subprocess.run(["vips", "copy", MADE / "p3_source.png", f"{MADE}/p3.heic[Q=92]"], check=True)
    (MADE / "p3_source.png").unlink()
    # Display P3 by name only, without a profile: how Android writes it.
    base.resize((1000, 750), Image.LANCZOS).save(MADE / "small_source.png")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", MADE / "small_source.png", "-c:v", "libaom-av1", "-still-picture", "1",
                    "-cpu-used", "8", "-crf", "10", "-pix_fmt", "yuv444p", "-vf", "scale=out_color_matrix=bt709:out_range=pc", "-color_primaries", "smpte432",
                    "-color_trc", "iec61966-2-1", "-colorspace", "bt709", "-color_range", "pc", MADE / "p3_by_name.avif"], check=True)
    (MADE / "small_source.png").unlink()
    expect("p3_by_name.avif", to_srgb(base.resize((1000, 750), Image.LANCZOS), P3))
    expect("p3.heic", to_srgb(base, P3))


def broken(base):
    base.save(MADE / "whole.jpg", quality=90)
    whole = (MADE / "whole.jpg").read_bytes()
    (MADE / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (MADE / "stub.jpg").write_bytes(whole[:700])
    (MADE / "empty.jpg").write_bytes(b"")
    (MADE / "text.jpg").write_text("This is a text, whatever its name says.\n" * 20)
    (MADE / "junk_behind.jpg").write_bytes(whole + b"appended by a phone " * 100)
    expect("junk_behind.jpg", base)
    progressive = (MADE / "progressive.jpg").read_bytes()
    (MADE / "half_progressive.jpg").write_bytes(progressive[: len(progressive) // 2])
    picture = (MADE / "scene.png").read_bytes()
    (MADE / "half.png").write_bytes(picture[: len(picture) // 2])
    (MADE / "drawing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>')
    (MADE / "page.jpg").write_text("<!DOCTYPE html><html><body>no photo</body></html>")


def tagged(base):
    small = base.resize((400, 300))
    small.save(MADE / "tagged.jpg", quality=85)
    tags = {
        "EXIF:Make": "Canon", "EXIF:Model": "Canon EOS R5", "EXIF:LensModel": "RF24-105mm F4 L IS USM", "EXIF:ISO": "400",
        "EXIF:FNumber": "4", "EXIF:ExposureTime": "1/250", "EXIF:FocalLength": "50", "EXIF:DateTimeOriginal": "2024:05:12 10:11:12",
        "EXIF:SubSecTimeOriginal": "25", "EXIF:OffsetTimeOriginal": "+02:00", "EXIF:GPSLatitude": "52.52", "EXIF:GPSLatitudeRef": "N",
        "EXIF:GPSLongitude": "13.405", "EXIF:GPSLongitudeRef": "W", "XMP:Title": "Über den Dächern", "XMP:Description": "Zwei\nZeilen",
        "XMP:Subject": "alpha", "XMP:Rating": "4", "IPTC:Keywords": "ignored", "IPTC:Caption-Abstract": "ignored",
    }
    arguments = ["exiftool", "-quiet", "-m", "-overwrite_original", "-n", "-codedcharacterset=utf8"]
    subprocess.run([*arguments, *(f"-{name}={value}" for name, value in tags.items()), MADE / "tagged.jpg"], check=True)
    for extension in ("png", "webp", "tif", "avif"):
        small.save(MADE / f"tagged.{extension}")
        subprocess.run(["exiftool", "-quiet", "-m", "-overwrite_original", "-tagsfromfile", MADE / "tagged.jpg", "-all:all", MADE / f"tagged.{extension}"], check=True)
    (MADE / "tagged.heic").write_bytes((HEIF / "heif_other" / "pug.heic").read_bytes())
    subprocess.run(["exiftool", "-quiet", "-m", "-overwrite_original", "-tagsfromfile", MADE / "tagged.jpg", "-exif:all", MADE / "tagged.heic"], check=True)
    # Hostile: control characters, direction marks, endless texts, impossible places and dates.
    small.save(MADE / "hostile.jpg", quality=85)
    hostile = {
        "EXIF:Make": "<script>alert(1)</script>", "EXIF:Model": "A\u202egpj.exe", "EXIF:ImageDescription": "x" * 50000,
        "EXIF:DateTimeOriginal": "1970:01:01 00:00:00", "XMP:Title": "a\tb\nc", "EXIF:FNumber": "0", "EXIF:GPSLatitude": "0",
        "EXIF:GPSLatitudeRef": "N", "EXIF:GPSLongitude": "0", "EXIF:GPSLongitudeRef": "E",
    }
    subprocess.run([*arguments, *(f"-{name}={value}" for name, value in hostile.items()), MADE / "hostile.jpg"], check=True)
    small.save(MADE / "iptc_only.jpg", quality=85)
    iptc = {"IPTC:Keywords": "press", "IPTC:Caption-Abstract": "A caption", "IPTC:ObjectName": "A name", "IPTC:DateCreated": "2024:05:12", "IPTC:TimeCreated": "10:11:12+02:00"}
    subprocess.run([*arguments, *(f"-{name}={value}" for name, value in iptc.items()), MADE / "iptc_only.jpg"], check=True)
    camera = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:g="http://ns.google.com/photos/1.0/camera/" g:MotionPhoto="1"/></rdf:RDF></x:xmpmeta>'
    small.save(MADE / "motion.jpg", quality=85, xmp=camera.encode())


def jpeg(image, quality=88, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, **options)
    return out.getvalue()


def tiff(directories, magic=42, extra=b"", order="<"):
    """A TIFF: each directory a list of (tag, type, values or bytes); `("ifd", n)` is the place of directory n.

    Bytes longer than four lie behind all directories. Returns the file.
    """
    sizes = [2 + 12 * len(entries) + 4 for entries, _ in directories]
    starts, at = [], 8 + len(extra)
    for size in sizes:
        starts.append(at)
        at += size
    heap, out = b"", b""
    for index, (entries, following) in enumerate(directories):
        out += struct.pack(order + "H", len(entries))
        for tag, kind, value in sorted(entries, key=lambda entry: entry[0]):
            if isinstance(value, bytes):
                count, data = len(value), value
            else:
                values = [starts[v[1]] if isinstance(v, tuple) and v[0] == "ifd" else v for v in value]
                count = len(values)
                data = struct.pack(order + {1: "B", 3: "H", 4: "I"}[kind] * count, *values)
            if len(data) > 4:
                field = struct.pack(order + "I", at + len(heap))
                heap += data + b"\0" * (len(data) % 2)
            else:
                field = data + b"\0" * (4 - len(data))
            out += struct.pack(order + "HHI", tag, kind, count) + field
        out += struct.pack(order + "I", starts[following] if following else 0)
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HI", magic, 8 + len(extra)) + extra + out + heap


def with_preview(make, preview, orientation, listed="jpeg", magic=42, extra=b""):
    """A raw photo in the manner of `make`: sensor data that nobody reads, and the preview that is shown."""
    sensor = bytes(4096)

    def build(preview_at):
        main = [(0x010F, 2, make.encode() + b"\0"), (0x0110, 2, b"Model X\0"), (0x0112, 3, [orientation]), (0x00FE, 4, [1]), (0x014A, 4, [("ifd", 1)])]
        sub = [(0x0100, 4, [6000]), (0x0101, 4, [4000]), (0x0106, 3, [32803]), (0x0103, 3, [34713])]
        if listed == "jpeg":
            main += [(0x0201, 4, [preview_at]), (0x0202, 4, [len(preview)])]
        elif listed == "strip":
            main += [(0x0111, 4, [preview_at]), (0x0117, 4, [len(preview)]), (0x0103, 3, [6])]
        elif listed == "field":
            main += [(0x002E, 7, preview)]
        return tiff([(main, 0), (sub, 0)], magic=magic, extra=extra)

    first = build(0)
    return build(len(first)) + (b"" if listed == "field" else preview) + sensor


def raws(base):
    """No maker's files can be shipped: these have their structure, and a preview that is stored lying on its side."""
    lying = base.transpose(Image.ROTATE_90)
    preview = jpeg(lying)
    files = {
        "nikon.nef": with_preview("NIKON CORPORATION", preview, 6),
        "sony.arw": with_preview("SONY", preview, 6),
        "pentax.pef": with_preview("PENTAX", preview, 6),
        "samsung.srw": with_preview("SAMSUNG", preview, 6),
        "canon.cr2": with_preview("Canon", preview, 6, listed="strip", extra=b"CR\x02\0\0\0\0\0"),
        "panasonic.rw2": with_preview("Panasonic", preview, 6, listed="field", magic=0x55),
        # Listed in a maker's note that is not read: found by its signature.
        "olympus.orf": with_preview("OLYMPUS", preview, 6, listed="nowhere", magic=0x4F52),
    }
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "FUJIFILM"
    fuji = jpeg(lying, exif=exif)
    head = b"FUJIFILMCCD-RAW 0201" + bytes(64) + struct.pack(">II", 160, len(fuji))
    files["fuji.raf"] = head + bytes(160 - len(head)) + fuji + bytes(4096)

    def box(name, content):
        return struct.pack(">I4s", 8 + len(content), name) + content

    cmt1 = tiff([([(0x0100, 4, [6000]), (0x0101, 4, [4000]), (0x010F, 2, b"Canon\0"), (0x0112, 3, [6])], 0)])
    cmt2 = tiff([([(0x9003, 2, b"2024:05:12 10:11:12\0"), (0x8827, 3, [800])], 0)])
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    moov = box(b"moov", box(b"uuid", canon + box(b"CMT1", cmt1) + box(b"CMT2", cmt2)))
    files["canon.cr3"] = box(b"ftyp", b"crx \0\0\0\x01crx isom") + moov + box(b"mdat", bytes(64) + preview + bytes(4096))
    for name, content in files.items():
        (MADE / name).write_bytes(content)
        expect(name, base)
    (MADE / "nothing_inside.nef").write_bytes(with_preview("NIKON CORPORATION", b"", 1, listed="nowhere"))

    def dng(at):
        main = [(0x010F, 2, b"Leica\0"), (0x0112, 3, [6]), (0xC612, 1, b"\x01\x04\0\0"), (0x014A, 4, [("ifd", 1)])]
        shown = [(0x00FE, 4, [1]), (0x0100, 4, [1500]), (0x0101, 4, [2000]), (0x0103, 3, [7])]
        return tiff([(main, 0), ([*shown, (0x0111, 4, [at]), (0x0117, 4, [len(preview)])], 0)])

    (MADE / "plain.dng").write_bytes(dng(len(dng(0))) + preview)
    expect("plain.dng", base)


def main():
    base = scene()
    orientations(base.resize((1200, 900), Image.LANCZOS))
    colours(base)
    pngs(base)
    heifs(base)
    broken(base)
    tagged(base)
    raws(base)
    (EXPECTED / "photos.json").write_text(json.dumps(sorted(path.name for path in EXPECTED.glob("*.png"))))


main()
