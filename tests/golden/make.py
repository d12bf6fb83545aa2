#!/usr/bin/python3
"""Makes the golden vectors: PyTorch's results, in double, for every operation and for networks.

    build/parity/bin/python tests/golden/make.py [FOLDER]

`make golden` installs what this needs (Debian's PyTorch, torchvision and NumPy, and timm) and runs
it.

ops.safetensors has each case under op/case/...: its inputs, the result y, a random cotangent dy,
and the gradient of <dy, y> for each input, named dx for an input x. The metadata has the attributes
of the case. se_resnet20.safetensors has the results of a network with hashed weights, and its state
after ten steps of SGD. families.safetensors and inceptions.safetensors have the results of small
networks of each family, full_size.safetensors those of the libraries' networks. Everything is in
PyTorch's layout (NCHW, OIHW, [out, in]).

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


# ---- operations ----

ops, attributes_of = {}, {}


class Numbers:
    """Uniform random numbers, seeded by the name of a case; exactly representable as floats."""

    def __init__(self, name):
        self.random = np.random.RandomState(zlib.crc32(name.encode()))

    def __call__(self, *shape, low=-1.0, high=1.0):
        numbers = low + (high - low) * self.random.random_sample(shape)
        return numbers.astype(np.float32).astype(np.float64)


def case(name, inputs, f, data=(), **attributes):
    """Runs y = f(**inputs). `inputs` is a function of Numbers; those in `data` get no gradient."""
    numbers = Numbers(name)
    given = inputs(numbers)
    tensors = {k: torch.tensor(v, requires_grad=k not in data) for k, v in given.items()}
    y = f(**tensors)
    dy = numbers(*y.shape)
    y.backward(torch.tensor(dy))
    assert name not in attributes_of, name
    attributes_of[name] = " ".join(f"{k}={v}" for k, v in sorted(attributes.items()))
    gradients = {"d" + k: t.grad.numpy() for k, t in tensors.items() if t.requires_grad}
    results = {**given, "y": y.detach().numpy(), "dy": dy, **gradients}
    results.update({k + "_after": tensors[k].numpy() for k in data if k.startswith("running")})
    ops.update({f"{name}/{k}": v for k, v in results.items()})


def pair(a):
    return (a, a) if isinstance(a, int) else a


def by(a):
    return "%dx%d" % pair(a)


def conv2d(x, w, stride=1, pad=0, dilation=1, groups=1):
    """x is a shape [N, C, H, W]; w is (K, R, S), the weight's shape without C / groups."""
    k, r, s = w
    kernel = f"{r}x{s}_stride{by(stride)}_pad{by(pad)}_dilation{by(dilation)}_groups{groups}"
    case(f"conv2d/{kernel}_{'x'.join(map(str, x))}_to{k}",
         lambda n: {"x": n(*x), "w": n(k, x[1] // groups, r, s)},
         lambda x, w: F.conv2d(x, w, None, pair(stride), pair(pad), pair(dilation), groups),
         stride=by(stride), pad=by(pad), dilation=by(dilation), groups=groups)


def convolutions():
    conv2d((2, 3, 7, 6), (4, 1, 1))
    conv2d((2, 4, 7, 6), (3, 1, 1), stride=2)
    conv2d((2, 3, 7, 6), (4, 3, 3), pad=1)
    conv2d((2, 3, 8, 7), (4, 3, 3), stride=2, pad=1)
    conv2d((2, 3, 8, 8), (4, 3, 3))
    conv2d((1, 16, 9, 8), (16, 3, 3), pad=1)
    conv2d((1, 5, 9, 11), (7, 3, 3), pad=1)
    conv2d((1, 2, 12, 13), (3, 5, 5), pad=2)
    conv2d((2, 2, 9, 8), (3, 5, 5), stride=2, pad=2)
    conv2d((1, 3, 14, 13), (4, 7, 7), stride=2, pad=3)
    conv2d((1, 2, 9, 9), (2, 7, 7), pad=3)
    conv2d((2, 3, 5, 9), (2, 1, 7), pad=(0, 3))
    conv2d((2, 3, 9, 5), (2, 7, 1), pad=(3, 0))
    conv2d((2, 2, 9, 10), (3, 3, 2), stride=(2, 3), pad=(1, 0))
    conv2d((2, 2, 9, 7), (3, 2, 3), stride=(3, 1), pad=(0, 2))
    conv2d((2, 3, 9, 8), (4, 3, 3), pad=2, dilation=2)
    conv2d((1, 2, 11, 9), (3, 3, 3), stride=2, pad=1, dilation=(2, 1))
    conv2d((2, 4, 6, 7), (6, 3, 3), pad=1, groups=2)
    conv2d((1, 8, 7, 6), (8, 3, 3), stride=2, pad=1, groups=4)
    conv2d((2, 8, 5, 5), (4, 1, 1), groups=4)
    conv2d((2, 5, 6, 7), (5, 3, 3), pad=1, groups=5)
    conv2d((1, 3, 9, 8), (6, 5, 5), stride=2, pad=2, groups=3)
    conv2d((2, 4, 8, 7), (4, 3, 3), pad=2, dilation=2, groups=4)
    conv2d((3, 2, 4, 5), (3, 4, 5))
    conv2d((1, 2, 2, 3), (3, 4, 5), pad=1)
    conv2d((2, 3, 1, 1), (4, 3, 3), pad=1)
    conv2d((4, 1, 3, 8), (1, 3, 3), stride=4, pad=1)


def products():
    for m, k, n in (1, 1, 1), (3, 4, 5), (7, 1, 6), (33, 17, 9):
        case(f"matmul/{m}x{k}x{n}", lambda r: {"a": r(m, k), "b": r(k, n)}, lambda a, b: a @ b)
        case(f"linear/{m}x{k}x{n}", lambda r: {"x": r(m, k), "w": r(n, k), "b": r(n)},
             lambda x, w, b: F.linear(x, w, b))
    case("add_bias/rows", lambda r: {"x": r(5, 3), "b": r(3)}, lambda x, b: x + b)
    case("add_bias/images", lambda r: {"x": r(2, 3, 4, 5), "b": r(3)},
         lambda x, b: x + b[:, None, None])


def normalization():
    inputs = {
        "plain": lambda r: r(4, 3, 5, 6),
        "one_pixel": lambda r: r(6, 4, 1, 1),
        "one_image": lambda r: r(1, 5, 3, 2),
        "mean1000_deviation1": lambda r: r(3, 4, 7, 6, low=1000 - 3**0.5, high=1000 + 3**0.5),
        "small": lambda r: r(2, 2, 3, 3, low=-1e-3, high=1e-3),
        "wide": lambda r: r(2, 40, 4, 4),
    }
    for name, draw in inputs.items():
        def given(r):
            x = draw(r)
            c = x.shape[1]
            return {
                "x": x, "gamma": r(c, low=0.5, high=1.5), "beta": r(c), "running_mean": r(c),
                "running_var": r(c, low=0.5, high=2)
            }
        for op, training in ("batch_norm", True), ("batch_norm_running", False):
            f = lambda x, gamma, beta, running_mean, running_var: F.batch_norm(
                x, running_mean, running_var, gamma, beta, training)
            case(f"{op}/{name}", given, f, data=("running_mean", "running_var"))


def pool(x, kernel, stride, pad=0, ceil=False):
    rounding, size = "ceil" if ceil else "floor", "x".join(map(str, x))
    name = f"{by(kernel)}_stride{by(stride)}_pad{by(pad)}_{rounding}_{size}"
    attributes = {"kernel": by(kernel), "stride": by(stride), "pad": by(pad), "ceil": int(ceil)}
    case(f"max_pool2d/{name}", lambda r: {"x": r(*x)},
         lambda x: F.max_pool2d(x, kernel, stride, pad, ceil_mode=ceil), **attributes)
    for count in True, False:
        case(f"avg_pool2d/{name}_{'with' if count else 'without'}_padding", lambda r: {"x": r(*x)},
             lambda x: F.avg_pool2d(x, kernel, stride, pad, ceil, count), count_padding=int(count),
             **attributes)


def pools():
    pool((2, 3, 6, 8), 2, 2)
    pool((2, 3, 7, 9), 2, 2)
    pool((2, 3, 7, 9), 2, 2, ceil=True)
    pool((2, 2, 7, 6), 3, 2, pad=1)
    pool((2, 2, 8, 6), 3, 2, ceil=True)
    pool((2, 2, 7, 6), 3, 1, pad=1)
    # A last window that would start in the padding is dropped.
    pool((1, 2, 3, 3), 2, 2, pad=1, ceil=True)
    pool((1, 2, 5, 4), 2, 3, pad=1, ceil=True)
    pool((1, 3, 9, 7), (3, 2), (2, 1), pad=(1, 0))
    pool((1, 3, 6, 9), (2, 4), (3, 3), pad=(1, 2), ceil=True)
    pool((1, 2, 5, 5), 1, 2)  # skips pixels
    pool((2, 2, 4, 3), (4, 3), 1)
    for n, c, h, w in (2, 3, 4, 5), (1, 1, 1, 1), (3, 7, 8, 8):
        size, images = f"{n}x{c}x{h}x{w}", lambda r: {"x": r(n, c, h, w)}
        case(f"global_avg_pool/{size}", images, lambda x: x.mean((2, 3)))
        case(f"global_max_pool/{size}", images, lambda x: x.amax((2, 3)))


def elementwise():
    for shape in (), (5,), (3, 4), (2, 3, 4), (2, 3, 4, 5):
        size = "x".join(map(str, shape)) or "number"
        for op, f in ("add", torch.add), ("sub", torch.sub), ("mul", torch.mul):
            case(f"{op}/{size}", lambda r: {"a": r(*shape), "b": r(*shape)}, lambda a, b: f(a, b))
        for factor in -2.5, 0.0:
            case(f"scale/{size}_by{factor}", lambda r: {"x": r(*shape)}, lambda x: factor * x,
                 factor=factor)
        for op, f, low, high in (("relu", torch.relu, -1, 1), ("sigmoid", torch.sigmoid, -6, 6),
                                 ("tanh", torch.tanh, -4, 4), ("exp", torch.exp, -3, 3),
                                 ("log", torch.log, 0.1, 5), ("sqrt", torch.sqrt, 0.1, 5)):
            case(f"{op}/{size}", lambda r: {"x": r(*shape, low=low, high=high)}, lambda x: f(x))
        for op, f in ("sum", torch.sum), ("mean", torch.mean):
            case(f"{op}/{size}", lambda r: {"x": r(*shape)}, lambda x: f(x))
    for op, f in ("sigmoid", torch.sigmoid), ("tanh", torch.tanh):
        case(f"{op}/far_out", lambda r: {"x": r(40, low=-40, high=40)}, lambda x: f(x))
    case("mul/by_itself", lambda r: {"a": r(3, 4)}, lambda a: a * a)
    case("add/to_itself", lambda r: {"a": r(3, 4)}, lambda a: a + a)
    case("sub/from_itself", lambda r: {"a": r(3, 4)}, lambda a: a - a)
    shapes = ("split", (6, 4), (2, 3, 4)), ("join", (2, 3, 4), (24,)), ("one", (1, 1, 1), ())
    for name, before, after in shapes:
        case(f"reshape/{name}", lambda r: {"x": r(*before)}, lambda x: x.reshape(after),
             shape=",".join(map(str, after)))


def channels():
    for n, c, h, w in (2, 3, 4, 5), (1, 1, 3, 3), (3, 16, 2, 2):
        case(f"scale_channels/{n}x{c}x{h}x{w}", lambda r: {"u": r(n, c, h, w), "s": r(n, c)},
             lambda u, s: u * s[:, :, None, None])
    case("concat_channels/one", lambda r: {"a": r(2, 3, 2, 2)}, lambda a: a.clone())
    case("concat_channels/two", lambda r: {"a": r(2, 1, 4, 3), "b": r(2, 5, 4, 3)},
         lambda a, b: torch.cat([a, b], 1))
    case("concat_channels/three",
         lambda r: {"a": r(2, 2, 3, 4), "b": r(2, 3, 3, 4), "c": r(2, 1, 3, 4)},
         lambda a, b, c: torch.cat([a, b, c], 1))
    case("concat_channels/rows", lambda r: {"a": r(3, 2), "b": r(3, 4)},
         lambda a, b: torch.cat([a, b], 1))
    for c, groups in (6, 2), (6, 3), (12, 4), (5, 1), (5, 5):
        case(f"channel_shuffle/{c}_in{groups}", lambda r: {"x": r(2, c, 3, 2)},
             lambda x: x.view(2, groups, c // groups, 3, 2).transpose(1, 2).reshape(2, c, 3, 2),
             groups=groups)


def classification():
    for name, shape, low, high in (("rows", (5, 7), -3, 3), ("one_class", (4, 1), -1, 1),
                                   ("images", (2, 5, 3, 4), -2, 2), ("large", (6, 10), 995, 1005),
                                   ("far_below", (6, 10), -1005, -995)):
        case(f"softmax/{name}", lambda r: {"x": r(*shape, low=low, high=high)},
             lambda x: F.softmax(x, 1))
        case(f"log_softmax/{name}", lambda r: {"x": r(*shape, low=low, high=high)},
             lambda x: F.log_softmax(x, 1))
    for n, k, size in (1, 2, 1), (6, 10, 4), (5, 3, 300):
        labels = [(7 * i + 1) % k for i in range(n)]
        for smoothing in 0.0, 0.1:
            case(f"cross_entropy/{n}x{k}_within{size}_smoothing{smoothing}",
                 lambda r: {"x": r(n, k, low=-size, high=size)},
                 lambda x: F.cross_entropy(x, torch.tensor(labels), label_smoothing=smoothing),
                 labels=",".join(map(str, labels)), smoothing=smoothing)

        def soft(r):
            t = r(n, k, low=0.1, high=1)
            return {
                "x": r(n, k, low=-size, high=size),
                "targets": (t / t.sum(1, keepdims=True)).astype(np.float32).astype(np.float64)
            }

        case(f"cross_entropy/{n}x{k}_within{size}_soft", soft,
             lambda x, targets: F.cross_entropy(x, targets), data=("targets",))


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
for part in convolutions, products, normalization, pools, elementwise, channels, classification:
    part()
write(os.path.join(folder, "ops.safetensors"), ops, attributes_of)
settings = {"images": str(IMAGES), "steps": str(STEPS), "sample": str(SAMPLE), "lr": str(RATE),
            "momentum": "0.9", "weight_decay": "0.0005"}
write(os.path.join(folder, "se_resnet20.safetensors"), network(), settings)
for name, module in networks:
    write(os.path.join(folder, name + ".safetensors"), *family_cases(module))
network_cases = sum(len(module.CASES) for _, module in networks)
print(f"{len(attributes_of)} cases of operations, {network_cases} of networks")
