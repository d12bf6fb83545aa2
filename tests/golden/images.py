#!/usr/bin/python3
"""Makes images.safetensors: small images, resized and cropped by Pillow.

    /usr/bin/python3 tests/golden/images.py [FOLDER]      (Debian's python3-pil and python3-numpy)

The bytes of an h x w image follow from their index: one half is a hash, the other a gradient of
brightness. tests/core/images/resize_test.cpp makes the same images. The expected pixels, [H, W, 3],
are under FILTER/hxw/to/HxW. Center crops of side SIDE, after the short side was resized to SHORT
(as by torchvision's Resize and CenterCrop), are under view/FILTER/hxw/SHORT/SIDE."""
import json
import os
import struct
import sys

import numpy as np
from PIL import Image

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def image(h, w):
    i = np.arange(h * w * 3, dtype=np.uint64)
    noise = i.astype(np.uint32) * np.uint32(2654435761) >> np.uint32(24)
    slope = (i // 3 % w * 5 + i // 3 // w * 3) % 256
    pixels = np.where(i // 3 // w * 2 < h, noise, slope)
    return Image.fromarray(pixels.astype(np.uint8).reshape(h, w, 3))


def center_crop(image, short, side, name):
    w, h = image.size
    size = (short, short * h // w) if w < h else (short * w // h, short)
    image = image.resize(size, FILTERS[name])
    left, top = round((image.size[0] - side) / 2), round((image.size[1] - side) / 2)
    return image.crop((left, top, left + side, top + side))


images = {}
for name, resample in FILTERS.items():
    for (h, w), (H, W) in [((23, 31), (7, 9)), ((23, 31), (22, 30)), ((23, 31), (11, 40)),
                           ((40, 17), (13, 17)), ((9, 13), (20, 31)), ((5, 5), (16, 3)),
                           ((64, 48), (3, 2)), ((1, 7), (4, 4)), ((2, 2), (33, 5))]:
        images[f"{name}/{h}x{w}/to/{H}x{W}"] = image(h, w).resize((W, H), resample)
    for (h, w), short, side in [((60, 45), 18, 16), ((45, 61), 19, 16), ((20, 33), 37, 32),
                                ((31, 31), 31, 31)]:
        images[f"view/{name}/{h}x{w}/{short}/{side}"] = center_crop(image(h, w), short, side, name)

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
header, data = {}, b""
for name in sorted(images):
    pixels = np.asarray(images[name])
    header[name] = {
        "dtype": "F32", "shape": list(pixels.shape),
        "data_offsets": [len(data), len(data) + 4 * pixels.size]
    }
    data += pixels.astype("<f4").tobytes()
text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(os.path.join(folder, "images.safetensors"), "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + data)
print(f"{len(images)} images")
