"""The cases of operations, in PyTorch and in double. make.py writes them to ops.safetensors.

Each case is stored under op/case/...: its inputs, the result y, a random cotangent dy, and the
gradient of <dy, y> for each input, named dx for an input x. The metadata has the attributes of the
case."""
import zlib

import numpy as np
import torch
import torch.nn.functional as F

tensors_of, attributes_of = {}, {}


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
    tensors_of.update({f"{name}/{k}": v for k, v in results.items()})


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
    for rows, width, indices in (4, 3, (3, 0, 3, 1)), (1, 5, (0, 0)), (30, 17, range(5, 25)):
        case(f"embedding/{rows}x{width}_{len(indices)}", lambda r: {"table": r(rows, width)},
             lambda table: F.embedding(torch.tensor(indices), table),
             indices=",".join(map(str, indices)))
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


def layer_norm(name, draw, eps=1e-5):
    """Over the channels: axis 1 of rows [N, C] and of images [N, C, H, W]."""
    def given(r):
        x = draw(r)
        return {"x": x, "gamma": r(x.shape[1], low=0.5, high=1.5), "beta": r(x.shape[1])}

    def f(x, gamma, beta):
        return F.layer_norm(x.movedim(1, -1), gamma.shape, gamma, beta, eps).movedim(-1, 1)

    case(f"layer_norm/{name}", given, f, eps=eps)


def layer_normalization():
    layer_norm("rows", lambda r: r(7, 12))
    layer_norm("one_row", lambda r: r(1, 33))
    layer_norm("images", lambda r: r(4, 3, 5, 6))
    layer_norm("wide", lambda r: r(2, 40, 4, 4))
    layer_norm("mean100_deviation1",
               lambda r: r(3, 8, 3, 2, low=100 - 3**0.5, high=100 + 3**0.5))
    layer_norm("small", lambda r: r(2, 5, 3, 3, low=-1e-3, high=1e-3))
    layer_norm("eps0.5", lambda r: r(4, 6), eps=0.5)


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
    for (h, w), cells in (((7, 5), (3, 2)), ((6, 8), (3, 4)), ((4, 9), (5, 1)), ((1, 2), (3, 3)),
                          ((13, 8), (6, 7))):
        name = f"{h}x{w}_to_{by(cells)}"
        for op, f in (("adaptive_avg_pool", F.adaptive_avg_pool2d),
                      ("adaptive_max_pool", F.adaptive_max_pool2d)):
            case(f"{op}/{name}", lambda r: {"x": r(2, 3, h, w)}, lambda x: f(x, cells),
                 cells=by(cells))
    for n, c, h, w in (2, 3, 4, 5), (1, 1, 1, 1), (3, 7, 8, 8):
        size, images = f"{n}x{c}x{h}x{w}", lambda r: {"x": r(n, c, h, w)}
        case(f"global_avg_pool/{size}", images, lambda x: x.mean((2, 3)))
        case(f"global_max_pool/{size}", images, lambda x: x.amax((2, 3)))


def hard_sigmoid(x):
    """F.hardsigmoid, whose gradient has the 1/6 in float even for double inputs."""
    return F.relu6(x + 3) / 6


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
                                 ("log", torch.log, 0.1, 5), ("sqrt", torch.sqrt, 0.1, 5),
                                 ("hard_sigmoid", hard_sigmoid, -5, 5), ("silu", F.silu, -6, 6),
                                 ("gelu", F.gelu, -4, 4)):
            case(f"{op}/{size}", lambda r: {"x": r(*shape, low=low, high=high)}, lambda x: f(x))
        for op, f in ("sum", torch.sum), ("mean", torch.mean):
            case(f"{op}/{size}", lambda r: {"x": r(*shape)}, lambda x: f(x))
        case(f"div/{size}", lambda r: {"a": r(*shape), "b": r(*shape, low=0.25, high=3)},
             lambda a, b: a / b)
        case(f"leaky_relu/{size}", lambda r: {"x": r(*shape)}, lambda x: F.leaky_relu(x, 0.125),
             slope=0.125)
        for exponent in 3, -0.5:
            case(f"pow/{size}_{exponent}", lambda r: {"x": r(*shape, low=0.1, high=5)},
                 lambda x: torch.pow(x, exponent), exponent=exponent)
    for op, f in (("sigmoid", torch.sigmoid), ("tanh", torch.tanh), ("silu", F.silu),
                  ("hard_sigmoid", hard_sigmoid), ("gelu", F.gelu)):
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
    case("scale_channels/all_images", lambda r: {"u": r(3, 5, 4, 2), "s": r(5)},
         lambda u, s: u * s[:, None, None])
    case("scale_channels/rows", lambda r: {"u": r(6, 4), "s": r(4)}, lambda u, s: u * s)
    for first, count in (0, 2), (1, 3), (3, 1):
        case(f"slice_channels/{first}_{count}", lambda r: {"x": r(2, 4, 3, 2)},
             lambda x: x[:, first:first + count], first=first, count=count)
    case("slice_channels/rows", lambda r: {"x": r(3, 5)}, lambda x: x[:, 2:4], first=2, count=2)
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
            case(f"cross_entropy/{n}x{k}_within{size}_weighted_smoothing{smoothing}",
                 lambda r: {"x": r(n, k, low=-size, high=size), "weights": r(k, low=0.1, high=3)},
                 lambda x, weights: F.cross_entropy(x, torch.tensor(labels), weights,
                                                    label_smoothing=smoothing),
                 data=("weights",), labels=",".join(map(str, labels)), smoothing=smoothing)

        def soft(r):
            t = r(n, k, low=0.1, high=1)
            return {
                "x": r(n, k, low=-size, high=size),
                "targets": (t / t.sum(1, keepdims=True)).astype(np.float32).astype(np.float64)
            }

        case(f"cross_entropy/{n}x{k}_within{size}_soft", soft,
             lambda x, targets: F.cross_entropy(x, targets), data=("targets",))

    # Logits of minus infinity, but not of the labels.
    ruled_out = np.array([[0, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]], dtype=bool)
    case("cross_entropy/ruled_out", lambda r: {"x": np.where(ruled_out, -np.inf, r(3, 4))},
         lambda x: F.cross_entropy(x, torch.tensor([2, 1, 0])), labels="2,1,0", smoothing=0.0)


def losses():
    for shape in (), (5,), (3, 4), (2, 3, 4, 5):
        size = "x".join(map(str, shape)) or "number"
        case(f"mse_loss/{size}", lambda r: {"x": r(*shape), "targets": r(*shape)},
             lambda x, targets: F.mse_loss(x, targets), data=("targets",))
        case(f"bce_with_logits/{size}",
             lambda r: {"x": r(*shape, low=-4, high=4), "targets": r(*shape, low=0)},
             lambda x, targets: F.binary_cross_entropy_with_logits(x, targets), data=("targets",))
    case("bce_with_logits/far_out",
         lambda r: {"x": r(40, low=-100, high=100), "targets": np.arange(40.0) % 2},
         lambda x, targets: F.binary_cross_entropy_with_logits(x, targets), data=("targets",))


def all_cases():
    """The tensors of all cases, and the attributes of each."""
    for part in (convolutions, products, normalization, layer_normalization, pools, elementwise,
                 channels, classification, losses):
        part()
    return tensors_of, attributes_of
