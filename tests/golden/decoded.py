#!/usr/bin/python3
"""Makes decoded/: small image files of all kinds, and beside each NAME the pixels that Pillow reads
from it, upright, as NAME.png.

    /usr/bin/python3 tests/golden/decoded.py

It needs Debian's python3-pil and python3-numpy, and cjpeg of libjpeg-turbo-progs.
"""
import io
import os
import shutil
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image, ImageOps

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "decoded")


def image(w, h, shift=0):
    y, x = np.mgrid[0:h, 0:w]
    pixels = np.stack([128 + 90 * np.sin(x / 3 + shift) + 30 * np.cos(y / 2),
                       128 + 80 * np.sin(y / 4) - 20 * np.cos(x / 5),
                       40 + (x * 7 + y * 5) % 180], -1)
    pixels[h // 3:h // 2, w // 4:w // 2] = [250, 20, 30]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def jpeg(picture, **options):
    return encoded(picture, "JPEG", quality=90, **options)


def cjpeg(picture, *options):
    return subprocess.run(["cjpeg", "-quality", "88", *options], input=encoded(picture, "PPM"),
                          stdout=subprocess.PIPE, check=True).stdout


def exif(orientation, order, type_of_value=3):
    value = struct.pack(order + "HH", orientation, 0)
    if type_of_value == 4:
        value = struct.pack(order + "I", orientation)
    return ((b"MM" if order == ">" else b"II") + struct.pack(order + "HIH", 42, 8, 2) +
            struct.pack(order + "HHI", 0x10F, 2, 4) + b"abc\0" +
            struct.pack(order + "HHI", 0x112, type_of_value, 1) + value + b"\0\0\0\0")


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def add(name, data, original=None):
    """original: bytes that Pillow reads, where it does not read `data` (no end marker)."""
    with open(os.path.join(FOLDER, name), "wb") as f:
        f.write(data)
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(original or data)))
    picture.convert("RGB").save(os.path.join(FOLDER, name + ".png"), optimize=True)


shutil.rmtree(FOLDER, ignore_errors=True)
os.mkdir(FOLDER)

for o in range(1, 9):
    small = image(13, 9, o)
    order = "><"[o % 2]
    j, p = jpeg(small, subsampling=0), encoded(small, "PNG")
    add(f"exif{o}.jpg", j[:20] + segment(0xE1, b"Exif\0\0" + exif(o, order)) + j[20:])
    add(f"exif{o}.png", p[:33] + chunk(b"eXIf", exif(o, order, 3 + o % 2)) + p[33:])
p = encoded(image(13, 9), "PNG")
add("exif_at_end.png", p[:-12] + chunk(b"eXIf", exif(6, ">")) + p[-12:])
add("exif.webp", encoded(image(13, 9), "WEBP", quality=80, exif=b"Exif\0\0" + exif(5, "<")))

for w, h in (33, 18), (5, 3):
    for sample in "1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x2,2x1,1x2":
        for progressive in [], ["-progressive"]:
            name = f"{w}x{h}_{sample.replace(',', '+')}{'_progressive' if progressive else ''}.jpg"
            add(name, cjpeg(image(w, h), "-sample", sample, *progressive))
add("restarts.jpg", cjpeg(image(33, 18), "-restart", "1B"))
add("restarts_progressive.jpg", cjpeg(image(33, 18), "-restart", "1B", "-progressive"))
add("rgb.jpg", cjpeg(image(20, 11), "-rgb"))
add("gray.jpg", jpeg(image(20, 11).convert("L")))
add("gray_2x2.jpg", cjpeg(image(20, 11), "-grayscale", "-sample", "2x2"))

cmyk = image(20, 11).convert("CMYK")
black = image(20, 11, 2).convert("L").point(lambda v: v // 3)
cmyk = Image.merge("CMYK", [*cmyk.split()[:3], black])
for name, options in ("", {}), ("_progressive", {"progressive": True}):
    j = jpeg(cmyk, **options)
    at = j.index(b"\xff\xee")
    adobe = j[at:at + 16]
    add(f"cmyk{name}.jpg", j)
    add(f"cmyk_without_adobe{name}.jpg", j.replace(adobe, b""))
    add(f"ycck{name}.jpg", j.replace(adobe, adobe[:-1] + b"\2"))

for kind, j in ("", jpeg(image(20, 11))), ("_progressive", jpeg(image(20, 11), progressive=True)), \
        ("_restarts", cjpeg(image(20, 11), "-restart", "1B")):
    junk = {"stuffing": b"\x12\x34\xff\x00\x56" * 5, "zeros": b"\0" * 30, "fill": b"\xff" * 9,
            "restarts": b"".join(b"\x11\xff" + bytes([0xD0 + k]) for k in range(8)),
            "stuffing_at_end": b"\xff\x00"}
    for name, more in junk.items():
        add(f"junk_{name}{kind}.jpg", j[:-2] + more + j[-2:])
    add(f"no_end{kind}.jpg", j[:-2], j)
    add(f"no_end_trailer{kind}.jpg", j[:-2] + b"SEFH" + b"\0" * 40 + b"SEFT", j)
    add(f"trailer{kind}.jpg", j + b"SEFH" + bytes(range(256)) + b"\xff\xd8\xff\xe0", j)

for mode in "RGB", "L", "P", "1", "RGBA":
    add(f"{mode}.bmp", encoded(image(13, 9).convert(mode), "BMP"))
    add(f"{mode}.png", encoded(image(13, 9).convert(mode), "PNG"))
bmp = encoded(image(13, 9), "BMP")
top_down = b"".join(bmp[54 + 40 * row:94 + 40 * row] for row in range(8, -1, -1))
add("top_down.bmp", bmp[:22] + struct.pack("<i", -9) + bmp[26:54] + top_down)
add("gap.bmp", bmp[:10] + struct.pack("<I", 74) + bmp[14:54] + b"\7" * 20 + bmp[54:])
add("color.ppm", encoded(image(13, 9), "PPM"))
add("gray.pgm", encoded(image(13, 9).convert("L"), "PPM"))
values = np.asarray(image(13, 9)).astype(int)
thousandths = (values * 1000 // 255).astype(">u2").tobytes()
add("white_1000.ppm", b"P6 # ink\n13 9\n# white\n1000\n" + thousandths)
add("white_100.ppm", b"P6\n13\n9 100\n" + (values * 100 // 255).astype("u1").tobytes())
add("lossy.webp", encoded(image(21, 15), "WEBP", quality=80))
add("lossless.webp", encoded(image(21, 15), "WEBP", lossless=True))
add("alpha.webp", encoded(image(21, 15).convert("RGBA"), "WEBP", quality=80))
print(len(os.listdir(FOLDER)) // 2, "images")
