#!/usr/bin/python3
"""Makes adjusted.txt: the changes of torchvision's RandAugment and TrivialAugmentWide, by Pillow.

    /usr/bin/python3 tests/golden/adjusted.py [FOLDER]   (Debian's python3-torchvision, python3-pil)

A line is: the set of magnitudes (rand or trivial), the change, the number of the magnitude, the
magnitude, the size of the image, and the CRC-32 of the new pixels, [H, W, 3]. Of RandAugment, every
third magnitude is there. The images are those of images.py."""
import os
import sys
import zlib

import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode, autoaugment

SIZES = [(24, 24), (23, 31)]
BINS = 31


def image(h, w):
    i = np.arange(h * w * 3, dtype=np.uint64)
    noise = i.astype(np.uint32) * np.uint32(2654435761) >> np.uint32(24)
    slope = (i // 3 % w * 5 + i // 3 // w * 3) % 256
    pixels = np.where(i // 3 // w * 2 < h, noise, slope)
    return Image.fromarray(pixels.astype(np.uint8).reshape(h, w, 3))


lines = []
for h, w in SIZES:
    spaces = {
        "rand": autoaugment.RandAugment()._augmentation_space(BINS, (h, w)),
        "trivial": autoaugment.TrivialAugmentWide()._augmentation_space(BINS),
    }
    for name, space in spaces.items():
        for op, (magnitudes, has_sign) in space.items():
            for k in range(0, BINS if magnitudes.ndim else 1, 3 if name == "rand" else 1):
                magnitude = float(magnitudes[k]) if magnitudes.ndim else 0.0
                for signed in {magnitude, -magnitude} if has_sign else {magnitude}:
                    changed = autoaugment._apply_op(image(h, w), op, signed,
                                                    InterpolationMode.NEAREST, None)
                    crc = zlib.crc32(np.asarray(changed).tobytes())
                    lines.append(f"{name} {op} {k} {signed!r} {h}x{w} {crc:08x}")

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "adjusted.txt"), "w") as f:
    f.write("\n".join(sorted(set(lines))) + "\n")
print(f"{len(set(lines))} changed images")
