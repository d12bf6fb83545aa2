"""Exchanges tensors with excite: reads and writes safetensors files, and runs excite's commands."""
import json
import struct
import subprocess
import sys

import torch

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.int64: "I64"}


def save(path, tensors):
    header, offset = {}, 0
    for name, t in tensors.items():
        end = offset + t.numel() * t.element_size()
        entry = {"dtype": TYPES[t.dtype], "shape": list(t.shape), "data_offsets": [offset, end]}
        header[name] = entry
        offset = end
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
    types = {name: dtype for dtype, name in TYPES.items()}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        t = torch.empty(0)
        if end > begin:
            t = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]])
        tensors[name] = t.reshape(entry["shape"])
    return tensors


def excite(program, *arguments):
    """Runs excite and returns its standard error; ends this program if excite fails."""
    arguments = [str(argument) for argument in arguments]
    result = subprocess.run([program, *arguments], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(arguments)}: {result.stderr}")
    return result.stderr
