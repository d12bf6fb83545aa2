#!/usr/bin/python3
"""Makes the golden vectors: PyTorch's results, in double, for every operation and for networks.

    build/parity/bin/python tests/golden/make.py [FOLDER]

`make golden` installs what this needs (Debian's PyTorch, torchvision and NumPy, and timm) and runs
it.

ops.safetensors has the cases of operations.py. se_resnet20.safetensors has the results of a network
with hashed weights, and its state after ten steps of SGD. families.safetensors and
inceptions.safetensors have the results of small networks of each family, full_size.safetensors
those of the libraries' networks. Everything is in PyTorch's layout (NCHW, OIHW, [out, in]).

Inputs are numbers that a float represents exactly, so that the float build gets the same inputs.
The environment variables below choose the machine code of the libraries, so that all machines write
the same bytes; only a processor without AVX2 would compute other last digits."""
import os

os.environ.update(OPENBLAS_CORETYPE="Haswell", OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1",
                  ATEN_CPU_CAPABILITY="avx2")

import json
import struct
import sys
import zlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import families
import full_size
import inceptions
import operations

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True)


def write(path, tensors, metadata):
    """Writes a safetensors file: length of the header, header, tensors sorted by name."""
    header, offset = {"__metadata__": metadata}, 0
    for name in sorted(tensors):
        a = tensors[name] = np.array(tensors[name], dtype="<f8", order="C")
        header[name] = {
            "dtype": "F64", "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]
        }
        offset += a.nbytes
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            f.write(tensors[name].tobytes())


# ---- a whole network, with timm's names ----

class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // reduction)
        self.fc2 = nn.Linear(channels // reduction, channels)

    def forward(self, u):
        return u * self.fc2(F.relu(self.fc1(u.mean((2, 3))))).sigmoid()[:, :, None, None]


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.se = SqueezeExcite(o)
        projection = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))
        self.downsample = projection if i != o else nn.Identity()

    def forward(self, x):
        u = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(self.se(u) + self.downsample(x))


class SEResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, 1), Block(16, 16, 1), Block(16, 16, 1))
        self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def hashed_numbers(name, shape):
    """Element i is a hash of (name, i) with 16 bits, in [-1, 1); as in tests/golden/vectors.cpp."""
    index, key = np.arange(int(np.prod(shape)), dtype=np.uint64), zlib.crc32(name.encode())
    x = (index * np.uint64(2654435761) + np.uint64(key)).astype(np.uint32)
    for shift, factor in (16, 0x85ebca6b), (13, 0xc2b2ae35), (16, 1):
        x ^= x >> np.uint32(shift)
        x = (x.astype(np.uint64) * np.uint64(factor)).astype(np.uint32)
    return ((x >> np.uint32(16)).astype(np.float64) * 2.0**-15 - 1).reshape(shape)


def initial_state(name, shape):
    """The initial value of a parameter or running statistic."""
    u = hashed_numbers(name, shape)
    if len(shape) > 1:  # a power of two near He's bound, sqrt(6 / fan_in)
        bound = 1.0
        while bound * bound * np.prod(shape[1:]) > 6:
            bound /= 2
        return bound * u
    if name.endswith(("running_var", "weight")):  # of batch-norm
        return 1 + u / 4
    return u / 8


STEPS, IMAGES, SAMPLE, RATE = 10, 16, 17, 0.002


def batch(step):
    images = hashed_numbers(f"images of step {step}", (IMAGES, 3, 32, 32))
    labels = [(3 * n + step) % 10 for n in range(IMAGES)]
    return torch.tensor(images), torch.tensor(labels)


def sample(a):
    """All of a small tensor, every 17th element of a large one."""
    return a if a.size <= 2048 else a.reshape(-1)[::SAMPLE]


def network():
    model, results = SEResNet20(), {}
    with torch.no_grad():
        for name, t in model.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                t.copy_(torch.tensor(initial_state(name, t.shape)))
    images, labels = batch(0)
    results["evaluate/logits"] = model.eval()(images).detach().numpy()

    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, nesterov=True,
                                weight_decay=5e-4)
    model.train()
    losses = []
    for step in range(STEPS):
        images, labels = batch(step)
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            results["train/logits"] = logits.detach().numpy()
            for name, p in model.named_parameters():
                results["grad/" + name] = p.grad.numpy().copy()
            for name, b in model.named_buffers():
                if "running" in name:
                    results["running/" + name] = b.numpy().copy()
        optimizer.step()
    results["sgd/losses"] = losses
    for name, t in model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            results["sgd/" + name] = sample(t.numpy())
    return results


# ---- a small network of each family, and its options ----

CLASSES = 5


def initialize(model):
    with torch.no_grad():
        for name, t in model.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                t.copy_(torch.tensor(initial_state(name, t.shape)))


def digest(tensors):
    """For each tensor, sorted by name: its dot product with hashed numbers, and its L2 norm."""
    rows = []
    for name, t in sorted(tensors.items()):
        t = t.detach().numpy()
        product = np.sum(t * hashed_numbers("digest of " + name, t.shape))
        rows.append([product, np.sqrt(np.sum(t * t))])
    return np.array(rows)


def family_case(network, name, options, images, side):
    """Logits in evaluation and in training, and gradients and running statistics after one step.
    Networks have no dropout here."""
    model = network(name, CLASSES, options)
    initialize(model)
    x = torch.tensor(hashed_numbers(f"images of {side}", (images, 3, side, side)))
    results = {"evaluate": model.eval()(x).detach().numpy()}
    logits = model.train()(x)
    loss = F.cross_entropy(logits, torch.tensor([n % CLASSES for n in range(images)]))
    loss.backward()
    results["train"] = logits.detach().numpy()
    results["gradient"] = digest({n: p.grad for n, p in model.named_parameters()})
    results["running"] = digest({n: b for n, b in model.named_buffers() if "running" in n})
    shapes = [
        f"{n} {list(t.shape)}" for n, t in sorted(model.state_dict().items())
        if not n.endswith("num_batches_tracked")
    ]
    about = {
        "model": name, "options": ",".join(f"{k}={v}" for k, v in options.items()),
        "images": images, "side": side, "names": zlib.crc32("\n".join(shapes).encode())
    }
    return results, json.dumps(about, sort_keys=True)


def family_cases(module):
    tensors, metadata = {}, {"classes": str(CLASSES)}
    for number, case in enumerate(module.CASES):
        results, about = family_case(module.network, *case)
        metadata[f"case {number:03}"] = about
        tensors.update({f"{number:03}/{k}": v for k, v in results.items()})
    return tensors, metadata


networks = ("families", families), ("inceptions", inceptions), ("full_size", full_size)
folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
tensors, attributes = operations.all_cases()
write(os.path.join(folder, "ops.safetensors"), tensors, attributes)
settings = {"images": str(IMAGES), "steps": str(STEPS), "sample": str(SAMPLE), "lr": str(RATE),
            "momentum": "0.9", "weight_decay": "0.0005"}
write(os.path.join(folder, "se_resnet20.safetensors"), network(), settings)
for name, module in networks:
    write(os.path.join(folder, name + ".safetensors"), *family_cases(module))
network_cases = sum(len(module.CASES) for _, module in networks)
print(f"{len(attributes)} cases of operations, {network_cases} of networks")
