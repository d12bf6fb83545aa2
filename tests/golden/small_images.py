"""Networks for 32x32 images: pre-activation ResNets and Shake-Shake."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from blocks import SEPlacement, conv


class Preact(SEPlacement):
    """branch(x) + shortcut(x); `table` has one row per convolution: kernel, channels, stride."""

    def __init__(self, i, table, shortcut, options):
        super().__init__()
        self.bn1, width, self.stride, self.count = nn.BatchNorm2d(i), i, 1, len(table)
        for number, (kernel, o, stride) in enumerate(table, 1):
            setattr(self, f"conv{number}", conv(width, o, kernel, stride))
            if number < len(table):
                setattr(self, f"bn{number + 1}", nn.BatchNorm2d(o))
                width = o
            self.stride *= stride
        self.place_se(options, pre=i, inside=width, standard=o, identity=o, post=o)
        self.extra_channels = o - i
        if shortcut == "B" and (self.stride > 1 or self.extra_channels):
            self.downsample = conv(i, o, 1, self.stride)

    def forward(self, x):
        u = F.relu(self.bn1(x))
        v = self.at("pre", u)
        for number in range(1, self.count):
            v = F.relu(getattr(self, f"bn{number + 1}")(getattr(self, f"conv{number}")(v)))
        v = self.at("standard", getattr(self, f"conv{self.count}")(self.at("inside", v)))
        if hasattr(self, "downsample"):
            shortcut = self.downsample(u)
        else:
            shortcut = F.pad(x[:, :, ::self.stride, ::self.stride],
                             (0, 0, 0, 0, 0, self.extra_channels))
        return self.at("post", v + self.at("identity", shortcut))


def layers_of(model, stages, i, block, is_se, se_stages, options):
    """Adds layer1, layer2, ... to the model; only the first block of each has the table's strides.
    Returns the number of channels at the end."""
    for number, (count, table) in enumerate(stages):
        blocks, se = [], options if is_se and str(number + 2) in se_stages.split(",") else None
        for _ in range(count):
            blocks.append(block(i, table, se))
            i, table = table[-1][1], [(row[0], row[1], 1, *row[3:]) for row in table]
        setattr(model, f"layer{number + 1}", nn.Sequential(*blocks))
    return i


class PreactNet(nn.Module):
    def __init__(self, stages, classes, is_se=False, shortcut="B", stride_on="1x1",
                 se_stages="2,3,4", **options):
        super().__init__()
        if stride_on == "3x3":
            stages = [(count, [(1, a, 1), (3, b, stride), last])
                      for count, [(_, a, stride), (_, b, _), last] in stages]
        self.conv1, self.count = conv(3, 4, 3), len(stages)
        i = layers_of(self, stages, 4, lambda i, table, se: Preact(i, table, shortcut, se), is_se,
                      se_stages, options)
        self.bn, self.fc = nn.BatchNorm2d(i), nn.Linear(i, classes)

    def forward(self, x):
        x = self.conv1(x)
        for number in range(self.count):
            x = getattr(self, f"layer{number + 1}")(x)
        return self.fc(F.relu(self.bn(x)).mean((2, 3)))


class ShakeBranch(SEPlacement):
    """`table` has one row per convolution: kernel, channels, stride, groups."""

    def __init__(self, i, table, options):
        super().__init__()
        width, self.count = i, len(table)
        for number, (kernel, o, stride, groups) in enumerate(table, 1):
            middle = width
            setattr(self, f"conv{number}", conv(width, o, kernel, stride, groups))
            setattr(self, f"bn{number}", nn.BatchNorm2d(o))
            width = o
        self.place_se(options, pre=i, inside=middle, standard=o)

    def forward(self, x):
        x = self.at("pre", x)
        for number in range(1, self.count):
            x = F.relu(getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(x)))
        u = getattr(self, f"conv{self.count}")(self.at("inside", x))
        return self.at("standard", getattr(self, f"bn{self.count}")(u))


class TwoPaths(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.conv2 = conv(i, o // 2, 1, stride), conv(i, o - o // 2, 1, stride)
        self.bn = nn.BatchNorm2d(o)

    def forward(self, x):
        return self.bn(torch.cat([self.conv1(x), self.conv2(F.pad(x, (1, -1, 1, -1)))], 1))


class ShakeBlock(SEPlacement):
    """Takes half of each branch, as in evaluation."""

    def __init__(self, i, table, relu_first, options):
        super().__init__()
        o, stride, self.relu_first = table[-1][1], max(row[2] for row in table), relu_first
        self.branch1, self.branch2 = ShakeBranch(i, table, options), ShakeBranch(i, table, options)
        self.place_se(options, identity=o, post=o)
        if (stride > 1 or i != o) and relu_first:
            self.shortcut = TwoPaths(i, o, stride)
        elif stride > 1 or i != o:
            self.downsample = nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o))

    def forward(self, x):
        u = F.relu(x) if self.relu_first else x
        shortcut = x
        if hasattr(self, "shortcut"):
            shortcut = self.shortcut(u)
        elif hasattr(self, "downsample"):
            shortcut = self.downsample(x)
        y = (self.branch1(u) + self.branch2(u)) / 2 + self.at("identity", shortcut)
        return self.at("post", y if self.relu_first else F.relu(y))


class ShakeNet(nn.Module):
    def __init__(self, stages, relu_first, classes, is_se=False, se_stages="2,3,4", forward="even",
                 backward="keep", **options):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 4, 3), nn.BatchNorm2d(4)
        self.relu_first, self.count = relu_first, len(stages)
        i = layers_of(self, stages, 4, lambda i, table, se: ShakeBlock(i, table, relu_first, se),
                      is_se, se_stages, options)
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.bn1(self.conv1(x))
        x = x if self.relu_first else F.relu(x)
        for number in range(self.count):
            x = getattr(self, f"layer{number + 1}")(x)
        return self.fc((F.relu(x) if self.relu_first else x).mean((2, 3)))
