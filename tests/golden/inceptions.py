"""The Inception networks in PyTorch, under the names of torchvision (v3) and of timm (v4 and
Inception-ResNet-v2), with few channels, and with each kind of module once.

CASES is as in families.py. The numbers of channels are the papers', divided by NARROW."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from families import SqueezeExcite

NARROW = 16


class Unit(nn.Module):
    def __init__(self, i, o, kernel, stride, pad, eps):
        super().__init__()
        self.conv = nn.Conv2d(i, o, kernel, stride, pad, bias=False)
        self.bn = nn.BatchNorm2d(o, eps)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def add(parent, path, child):
    """Adds a child under a path with dots; each part before the last is a module without layers."""
    *folders, name = path.split(".")
    for folder in folders:
        if folder not in parent._modules:
            parent.add_module(folder, nn.Module())
        parent = parent._modules[folder]
    parent.add_module(name, child)
    return child


class Builder:
    """Adds units to a module. unit() and branch() return a function and its output channels."""

    def __init__(self, owner, narrow, eps):
        self.owner, self.narrow, self.eps = owner, narrow, eps

    def unit(self, name, i, kernel, o, stride=1, valid=False):
        kernel = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        pad = (0, 0) if valid else tuple(k // 2 for k in kernel)
        o //= self.narrow
        return add(self.owner, name, Unit(i, o, kernel, stride, pad, self.eps)), o

    def branch(self, i, *steps):
        """A step is a pool, a unit (name, kernel, channels, stride, valid) or a list of steps."""
        run = []
        for step in steps:
            if callable(step):
                run.append(step)
            elif isinstance(step, list):
                parts = [self.branch(i, part) for part in step]
                run.append(lambda x, parts=parts: torch.cat([f(x) for f, _ in parts], 1))
                i = sum(o for _, o in parts)
            else:
                f, i = self.unit(step[0], i, *step[1:])
                run.append(f)

        def sequence(x):
            for f in run:
                x = f(x)
            return x
        return sequence, i


class Mixed(nn.Module):
    """Parallel branches, concatenated, then an SE layer with the options `se` unless it is None."""

    def __init__(self, i, branches, se=None, narrow=NARROW, eps=1e-3):
        super().__init__()
        build = Builder(self, narrow, eps)
        self.branches = [build.branch(i, *steps) for steps in branches]
        self.channels = sum(o for _, o in self.branches)
        if se is not None:
            self.se = SqueezeExcite(self.channels, **se)

    def concatenated(self, x):
        return torch.cat([f(x) for f, _ in self.branches], 1)

    def forward(self, x):
        u = self.concatenated(x)
        return self.se(u) if hasattr(self, "se") else u


class ResidualMixed(Mixed):
    def __init__(self, i, branches, scale, se=None, narrow=NARROW, last=False):
        super().__init__(i, branches, None, narrow)
        self.scale, self.last = scale, last
        self.conv2d = nn.Conv2d(self.channels, i, 1)
        self.place = None
        if se is not None:
            self.place = se.get("se", "standard")
            self.se = SqueezeExcite(self.channels if self.place == "inside" else i, **se)
        self.channels = i

    def at(self, place, u):
        return self.se(u) if self.place == place else u

    def forward(self, x):
        u = self.conv2d(self.at("inside", self.concatenated(self.at("pre", x))))
        y = self.scale * self.at("standard", u) + self.at("identity", x)
        return self.at("post", y if self.last else F.relu(y))


def max_pool(x):
    return F.max_pool2d(x, 3, 2)


def ceil_pool(x):
    return F.max_pool2d(x, 3, 2, ceil_mode=True)


def half_pool(x):
    """3x3 windows at every second pixel. They are centered there if the side is odd, else they
    begin there; at the border they are cut off."""
    for dim in 2, 3:
        if x.shape[dim] % 2:
            pad = [0, 0, 0, 0]
            pad[2 * (3 - dim)] = 1
            x = F.pad(x, pad, value=-torch.inf)
    y = F.max_pool2d(F.pad(x, (0, 2, 0, 2), value=-torch.inf), 3, 2)
    return y[:, :, :(x.shape[2] + 1) // 2, :(x.shape[3] + 1) // 2]


def max_pool_stride1(x):
    return F.max_pool2d(x, 3, 1, 1)


def avg_pool(x):
    return F.avg_pool2d(x, 3, 1, 1)


def avg_pool_without_padding(x):
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


# ---- modules: the steps of each branch ----

def bn_module(one, three_reduce, three, double_reduce, double, pool, proj):
    return [[("1x1", 1, one)], [("3x3_reduce", 1, three_reduce), ("3x3", 3, three)],
            [("double_3x3_reduce", 1, double_reduce), ("double_3x3_1", 3, double),
             ("double_3x3_2", 3, double)], [pool, ("pool_proj", 1, proj)]]


def bn_halving(three_reduce, three, double_reduce, double):
    return [[("3x3_reduce", 1, three_reduce), ("3x3", 3, three, 2)],
            [("double_3x3_reduce", 1, double_reduce), ("double_3x3_1", 3, double),
             ("double_3x3_2", 3, double, 2)], [half_pool]]


def v3_a(pool):
    return [[("branch1x1", 1, 64)], [("branch5x5_1", 1, 48), ("branch5x5_2", 5, 64)],
            [("branch3x3dbl_1", 1, 64), ("branch3x3dbl_2", 3, 96), ("branch3x3dbl_3", 3, 96)],
            [avg_pool, ("branch_pool", 1, pool)]]


def v3_b():
    return [[("branch3x3", 3, 384, 2, True)],
            [("branch3x3dbl_1", 1, 64), ("branch3x3dbl_2", 3, 96),
             ("branch3x3dbl_3", 3, 96, 2, True)], [max_pool]]


def v3_c(c):
    return [[("branch1x1", 1, 192)],
            [("branch7x7_1", 1, c), ("branch7x7_2", (1, 7), c), ("branch7x7_3", (7, 1), 192)],
            [("branch7x7dbl_1", 1, c), ("branch7x7dbl_2", (7, 1), c), ("branch7x7dbl_3", (1, 7), c),
             ("branch7x7dbl_4", (7, 1), c), ("branch7x7dbl_5", (1, 7), 192)],
            [avg_pool, ("branch_pool", 1, 192)]]


def v3_d():
    return [[("branch3x3_1", 1, 192), ("branch3x3_2", 3, 320, 2, True)],
            [("branch7x7x3_1", 1, 192), ("branch7x7x3_2", (1, 7), 192),
             ("branch7x7x3_3", (7, 1), 192), ("branch7x7x3_4", 3, 192, 2, True)], [max_pool]]


def v3_e():
    return [[("branch1x1", 1, 320)],
            [("branch3x3_1", 1, 384),
             [("branch3x3_2a", (1, 3), 384), ("branch3x3_2b", (3, 1), 384)]],
            [("branch3x3dbl_1", 1, 448), ("branch3x3dbl_2", 3, 384),
             [("branch3x3dbl_3a", (1, 3), 384), ("branch3x3dbl_3b", (3, 1), 384)]],
            [avg_pool, ("branch_pool", 1, 192)]]


def v4_stem_3a():
    return [[max_pool], [("conv", 3, 96, 2, True)]]


def v4_a():
    return [[("branch0", 1, 96)], [("branch1.0", 1, 64), ("branch1.1", 3, 96)],
            [("branch2.0", 1, 64), ("branch2.1", 3, 96), ("branch2.2", 3, 96)],
            [avg_pool_without_padding, ("branch3.1", 1, 96)]]


def v4_reduction_a():
    return [[("branch0", 3, 384, 2, True)],
            [("branch1.0", 1, 192), ("branch1.1", 3, 224), ("branch1.2", 3, 256, 2, True)],
            [max_pool]]


def v4_b():
    return [[("branch0", 1, 384)],
            [("branch1.0", 1, 192), ("branch1.1", (1, 7), 224), ("branch1.2", (7, 1), 256)],
            [("branch2.0", 1, 192), ("branch2.1", (7, 1), 192), ("branch2.2", (1, 7), 224),
             ("branch2.3", (7, 1), 224), ("branch2.4", (1, 7), 256)],
            [avg_pool_without_padding, ("branch3.1", 1, 128)]]


def v4_reduction_b():
    return [[("branch0.0", 1, 192), ("branch0.1", 3, 192, 2, True)],
            [("branch1.0", 1, 256), ("branch1.1", (1, 7), 256), ("branch1.2", (7, 1), 320),
             ("branch1.3", 3, 320, 2, True)], [max_pool]]


def v4_c():
    return [[("branch0", 1, 256)],
            [("branch1_0", 1, 384), [("branch1_1a", (1, 3), 256), ("branch1_1b", (3, 1), 256)]],
            [("branch2_0", 1, 384), ("branch2_1", (3, 1), 448), ("branch2_2", (1, 3), 512),
             [("branch2_3a", (1, 3), 256), ("branch2_3b", (3, 1), 256)]],
            [avg_pool_without_padding, ("branch3.1", 1, 256)]]


def resnet_5b():
    return [[("branch0", 1, 96)], [("branch1.0", 1, 48), ("branch1.1", 5, 64)],
            [("branch2.0", 1, 64), ("branch2.1", 3, 96), ("branch2.2", 3, 96)],
            [avg_pool_without_padding, ("branch3.1", 1, 64)]]


def resnet_35():
    return [[("branch0", 1, 32)], [("branch1.0", 1, 32), ("branch1.1", 3, 32)],
            [("branch2.0", 1, 32), ("branch2.1", 3, 48), ("branch2.2", 3, 64)]]


def resnet_6a():
    return [[("branch0", 3, 384, 2, True)],
            [("branch1.0", 1, 256), ("branch1.1", 3, 256), ("branch1.2", 3, 384, 2, True)],
            [max_pool]]


def resnet_17():
    return [[("branch0", 1, 192)],
            [("branch1.0", 1, 128), ("branch1.1", (1, 7), 160), ("branch1.2", (7, 1), 192)]]


def resnet_7a():
    return [[("branch0.0", 1, 256), ("branch0.1", 3, 384, 2, True)],
            [("branch1.0", 1, 256), ("branch1.1", 3, 288, 2, True)],
            [("branch2.0", 1, 256), ("branch2.1", 3, 288), ("branch2.2", 3, 320, 2, True)],
            [max_pool]]


def resnet_8():
    return [[("branch0", 1, 192)],
            [("branch1.0", 1, 192), ("branch1.1", (1, 3), 224), ("branch1.2", (3, 1), 256)]]


# ---- networks ----

class Inception(nn.Module):
    """A row is a pool, a unit as above, or a module: (name, stage, branches). A module with a scale
    as its fourth entry is residual."""

    def __init__(self, rows, last, classes, is_se=False, eps=1e-3, narrow=NARROW, se_stages="3,4,5",
                 dropout=0, **options):
        super().__init__()
        build, self.run, i = Builder(self, narrow, eps), [], 3
        for row in rows:
            if callable(row):
                self.run.append(row)
            elif isinstance(row[2], list):
                name, stage, branches, *scale = row
                se = options if is_se and str(stage) in se_stages.split(",") else None
                if scale:
                    module = ResidualMixed(i, branches, scale[0], se, narrow, last=scale[0] == 1)
                else:
                    module = Mixed(i, branches, se, narrow, eps)
                self.run.append(add(self, name, module))
                i = module.channels
            else:
                unit, i = build.unit(row[0], i, *row[1:])
                self.run.append(unit)
        self.last = last
        add(self, last, nn.Linear(i, classes))

    def forward(self, x):
        for f in self.run:
            x = f(x)
        return self._modules[self.last](x.mean((2, 3)))


SMALL = {
    "small_bn_inception": (
        [("conv1.7x7_s2", 7, 64, 2), ceil_pool,
         ("inception_3a", 3, bn_module(64, 64, 64, 64, 96, avg_pool, 32)),
         ("inception_3c", 4, bn_halving(128, 160, 64, 96)),
         ("inception_5b", 5, bn_module(352, 192, 320, 192, 224, max_pool_stride1, 128))],
        "fc", 1e-5),
    "small_inception_v3": (
        [("Conv2d_1a_3x3", 3, 32, 2, True), ("Mixed_5b", 3, v3_a(32)), ("Mixed_6a", 4, v3_b()),
         ("Mixed_6b", 4, v3_c(128)), ("Mixed_7a", 5, v3_d()), ("Mixed_7b", 5, v3_e())],
        "fc", 1e-3),
    "small_inception_v4": (
        [("features.0", 3, 64), ("features.1", 0, v4_stem_3a()), ("features.2", 3, v4_a()),
         ("features.3", 4, v4_reduction_a()), ("features.4", 4, v4_b()),
         ("features.5", 5, v4_reduction_b()), ("features.6", 5, v4_c())],
        "last_linear", 1e-3),
    "small_inception_resnet_v2": (
        [("conv2d_1a", 3, 32, 2, True), ("mixed_5b", 3, resnet_5b()),
         ("repeat.0", 3, resnet_35(), 0.17), ("mixed_6a", 4, resnet_6a()),
         ("repeat_1.0", 4, resnet_17(), 0.1), ("mixed_7a", 5, resnet_7a()),
         ("repeat_2.0", 5, resnet_8(), 0.2), ("block8", 5, resnet_8(), 1),
         ("conv2d_7b", 1, 1536)],
        "classif", 1e-3),
}

BLOCKS = [{"squeeze": "max"}, {"squeeze": "none"}, {"gate": "relu"}, {"gate": "tanh"},
          {"se_bias": "off", "reduction": 4}, {"se_least": 8}, {"se_fc": "1x1"},
          {"se_stages": "3,5"}]
PLACEMENTS = [{"se": place} for place in ("pre", "post", "identity", "inside")]


def cases():
    for name in SMALL:
        no_dropout = {} if name == "small_bn_inception" else {"dropout": 0}
        yield name, no_dropout, 3, 33
        for options in ({}, *BLOCKS, *(PLACEMENTS if name == "small_inception_resnet_v2" else ())):
            yield "se_" + name, {**no_dropout, **options}, 3, 33
    # The layers see sides of 23, 11 and 6 pixels; with images of 33 they see 17, 8 and 4.
    yield "se_small_bn_inception", {}, 3, 45


CASES = list(cases())


def network(name, classes, options):
    rows, last, eps = SMALL[name.removeprefix("se_")]
    return Inception(rows, last, classes, name.startswith("se_"), eps, **options)
