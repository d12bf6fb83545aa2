"""The families of networks in PyTorch, under torchvision's and timm's names, with few channels, so
that their results are computed quickly.

CASES lists what make.py computes: a name of our registry, its options, the number of images, and
their height and width."""
import torch.nn as nn
import torch.nn.functional as F

from blocks import SqueezeExcite, conv
from others import MobileNet, ShuffleNet, Vgg
from small_images import PreactNet, ShakeNet


class Residual(nn.Module):
    """relu(branch + shortcut), with an SE layer at one of several positions."""

    def finish(self, i, middle, o, stride, options, shortcut_kernel=1):
        self.place = None
        if options is not None:
            self.place = options.get("se", "standard")
            if options.get("relu_before_se") == "on":
                self.place = "after_relu"
            self.se = SqueezeExcite({"pre": i, "inside": middle}.get(self.place, o), **options)
        if stride > 1 or i != o:
            self.downsample = nn.Sequential(conv(i, o, shortcut_kernel, stride), nn.BatchNorm2d(o))

    def at(self, place, u):
        return self.se(u) if self.place == place else u

    def forward(self, x):
        u = self.last(self.at("inside", self.before_last(self.at("pre", x))))
        if self.place == "after_relu":
            u = self.se(F.relu(u))
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        return self.at("post", F.relu(self.at("standard", u) + self.at("identity", shortcut)))


class Basic(Residual):
    def __init__(self, i, p, stride, options):
        super().__init__()
        self.conv1, self.bn1 = conv(i, p, 3, stride), nn.BatchNorm2d(p)
        self.conv2, self.bn2 = conv(p, p, 3), nn.BatchNorm2d(p)
        self.finish(i, p, p, stride, options)

    def before_last(self, x):
        return F.relu(self.bn1(self.conv1(x)))

    def last(self, u):
        return self.bn2(self.conv2(u))


class Bottleneck(Residual):
    def __init__(self, i, first, width, o, stride, options, stride_on="3x3", groups=1,
                 shortcut_kernel=1):
        super().__init__()
        strides = (stride, 1) if stride_on == "1x1" else (1, stride)
        self.conv1, self.bn1 = conv(i, first, 1, strides[0]), nn.BatchNorm2d(first)
        self.conv2, self.bn2 = conv(first, width, 3, strides[1], groups), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, o, 1), nn.BatchNorm2d(o)
        self.finish(i, width, o, stride, options, shortcut_kernel)

    def before_last(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))

    def last(self, u):
        return self.bn3(self.conv3(u))


class ResNet(nn.Module):
    """For images of 224x224; `p` is 64 in the networks of full size."""

    def __init__(self, kind, blocks, p, classes, groups=1, is_se=False, stem="7x7",
                 stem_pool="ceil", stride_on="1x1", se_stages="2,3,4,5", dropout=0, **options):
        super().__init__()
        deep = kind == "senet" and stem != "3x3"
        if deep:
            self.conv1 = nn.Sequential(conv(3, p, 3, 2), nn.BatchNorm2d(p), nn.ReLU(),
                                       conv(p, p, 3), nn.BatchNorm2d(p), nn.ReLU(),
                                       conv(p, 2 * p, 3))
        else:
            self.conv1 = conv(3, p, 3) if stem == "3x3" else conv(3, p, 7, 2)
        i = 2 * p if deep else p
        self.bn1 = nn.BatchNorm2d(i)
        if stem == "3x3":
            self.pool = nn.Identity()
        elif stem_pool == "ceil":
            self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        else:
            self.pool = nn.MaxPool2d(3, 2, 1)
        for number, count in enumerate(blocks):
            width, stage = p << number, []
            se = options if is_se and str(number + 2) in se_stages.split(",") else None
            for block in range(count):
                stride = 2 if number > 0 and block == 0 else 1
                inner = 4 * width * groups // p  # of the 3x3 convolution of ResNeXt and SENet
                stage.append(self.block(kind, i, width, inner, groups, stride, se, stride_on))
                i = width if kind == "basic" else 4 * width
            setattr(self, f"layer{number + 1}", nn.Sequential(*stage))
        self.fc = nn.Linear(i, classes)

    @staticmethod
    def block(kind, i, p, width, groups, stride, se, stride_on):
        if kind == "basic":
            return Basic(i, p, stride, se)
        if kind == "bottleneck":
            return Bottleneck(i, p, p, 4 * p, stride, se, stride_on)
        if kind == "resnext":
            return Bottleneck(i, width, width, 4 * p, stride, se, groups=groups)
        return Bottleneck(i, width // 2, width, 4 * p, stride, se, groups=groups,
                          shortcut_kernel=3 if stride > 1 else 1)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


def small_resnet(kind, groups=1):
    def make(classes, is_se, **options):
        return ResNet(kind, [1, 1, 1, 1], 4, classes, groups, is_se, **options)
    return make


def small(network, *tables):
    return lambda classes, is_se, **options: network(*tables, classes, is_se, **options)


NETWORKS = {
    "small_resnet": small_resnet("basic"),
    "small_bottleneck": small_resnet("bottleneck"),
    "small_resnext": small_resnet("resnext", 2),
    "small_senet": small_resnet("senet", 2),
    "small_vgg": small(Vgg, [(1, 4), (2, 6), (1, 8)], 12),
    "small_mobilenet": small(MobileNet, 4, [(1, 6, 1), (2, 8, 2), (1, 12, 2)]),
    "small_shufflenet": small(ShuffleNet, 6, [(2, 24), (1, 48)]),
    "small_preact": small(PreactNet, [(1, [(3, 4, 1), (3, 4, 1)]), (2, [(3, 8, 2), (3, 8, 1)])]),
    "small_preact_bottleneck": small(PreactNet, [(1, [(1, 2, 1), (3, 2, 1), (1, 8, 1)]),
                                                 (2, [(1, 4, 2), (3, 4, 1), (1, 16, 1)])]),
    "small_shake": small(ShakeNet, [(2, [(3, 6, 1, 1), (3, 6, 1, 1)]),
                                    (1, [(3, 8, 2, 1), (3, 8, 1, 1)])], True),
    "small_shake_bottleneck": small(ShakeNet, [(2, [(1, 4, 1, 1), (3, 4, 1, 2), (1, 8, 1, 1)]),
                                               (1, [(1, 8, 1, 1), (3, 8, 2, 2), (1, 12, 1, 1)])],
                                    False),
}

PLACEMENTS = [{"se": place} for place in ("pre", "post", "identity", "inside")]
BLOCKS = [{"squeeze": "max"}, {"squeeze": "none"}, {"gate": "relu"}, {"gate": "tanh"},
          {"se_bias": "off", "reduction": 4}, {"se_least": 8}, {"se_fc": "1x1"},
          {"se_fc": "1x1", "squeeze": "none"}]
# A random mixture would need the same random numbers in PyTorch.
EVEN = {"forward": "even", "backward": "keep"}
STEMS = [{"stem": "3x3"}, {"stem_pool": "floor"}]

# (name, options, images, side)
CASES = [
    ("small_resnet", {}, 4, 33),
    ("small_bottleneck", {}, 4, 33),
    ("small_resnext", {}, 4, 33),
    ("small_senet", {"dropout": 0}, 4, 33),
    *((name, options, 4, 33)
      for name in ("se_small_resnet", "se_small_bottleneck")
      for options in ({}, *PLACEMENTS, *BLOCKS, {"se_stages": "3,5"})),
    ("se_small_resnext", {}, 4, 33),
    ("se_small_resnet", {"relu_before_se": "on"}, 4, 33),
    *(("se_small_bottleneck", options, 4, 33) for options in (*STEMS, {"stride_on": "3x3"})),
    ("small_senet", {"stem": "3x3", "dropout": 0}, 4, 17),
    # adaptive pooling to 7x7 from 2x2, 7x7 and 8x8 pixels
    *((name, {"dropout": 0}, 4, side)
      for name in ("small_vgg", "se_small_vgg")
      for side in (20, 56, 71)),
    ("se_small_vgg", {"dropout": 0, "se_stages": "2", "squeeze": "max"}, 4, 24),
    ("small_mobilenet", {}, 4, 17),
    ("se_small_mobilenet", {}, 4, 17),
    ("se_small_mobilenet", {"se_stages": "1,3", "gate": "tanh"}, 4, 17),
    # not 33: there the input of a ReLU is 8e-7, which a float may round to below 0
    ("small_shufflenet", {}, 4, 37),
    *(("se_small_shufflenet", options, 4, 37) for options in ({}, *PLACEMENTS, {"se_stages": "3"})),
    *((name, options, 4, 10)
      for name in ("small_preact", "small_preact_bottleneck")
      for options in ({}, {"shortcut": "A"})),
    *((name, options, 4, 10)
      for name in ("se_small_preact", "se_small_preact_bottleneck")
      for options in ({}, *PLACEMENTS)),
    ("se_small_preact", {"se_stages": "3"}, 4, 10),
    ("se_small_preact_bottleneck", {"stride_on": "3x3"}, 4, 10),
    *((name, EVEN, 4, 11) for name in ("small_shake", "small_shake_bottleneck")),
    *((name, {**EVEN, **options}, 4, 11)
      for name in ("se_small_shake", "se_small_shake_bottleneck")
      for options in ({}, *PLACEMENTS, {"se_stages": "3"}))
]


def network(name, classes, options):
    is_se = name.startswith("se_") or name == "small_senet"
    return NETWORKS[name.removeprefix("se_")](classes, is_se, **options)
