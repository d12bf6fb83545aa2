"""How this side and excite hand numbers to each other: safetensors files, and command lines."""
import json
import struct
import subprocess
import sys

import torch

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64"}


def save(path, tensors):
    header, at = {}, 0
    for name, t in tensors.items():
        end = at + t.numel() * t.element_size()
        header[name] = {"dtype": TYPES[t.dtype], "shape": list(t.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for t in tensors.values():
            out.write(t.contiguous().numpy().tobytes())


def load(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    types = {word: dtype for dtype, word in TYPES.items()}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        t = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]]) if end > begin else torch.empty(0)
        tensors[name] = t.reshape(entry["shape"])
    return tensors


def excite(program, *words):
    ended = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {ended.stderr}")
    return ended.stderr
