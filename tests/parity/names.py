"""Writes tests/models/names: all.txt has the names and shapes of the state of every network in libraries.py, in a line each, and beside it are those of one
network of each dialect in full. What excite takes for these networks, and what it writes of them, is held to that.

    se_resnet50 timm 1000 384 1a2b3c4d        our name, dialect, classes, how many tensors, and the CRC-32 of all their lines, sorted

A tensor's line is: layer1.0.conv1.weight [64, 64, 1, 1]"""
import pathlib
import zlib

from libraries import TABLE

FULL = {("se_resnet18", "timm"), ("se_resnet18", "timm-legacy"), ("resnet18", "torchvision"), ("se_resnet18", "moskomule"),
        ("se_resnet18", "miraclewkf")}
CLASSES = 1000

folder = pathlib.Path(__file__).parents[1] / "models" / "names"
rows = []
for name, dialect, make in TABLE:
    lines = sorted(f"{tensor} {list(t.shape)}" for tensor, t in make(CLASSES).state_dict().items())
    whole = "".join(line + "\n" for line in lines)
    rows.append(f"{name} {dialect} {CLASSES} {len(lines)} {zlib.crc32(whole.encode()):08x}\n")
    if (name, dialect) in FULL:
        (folder / f"{dialect}-{name}.txt").write_text(whole)
(folder / "all.txt").write_text("".join(rows))
