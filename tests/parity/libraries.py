"""The networks of other libraries that excite has too.

TABLE has for each network: our name, its dialect (the library, as in `excite convert`), and a
function that makes it for a number of classes. Networks of timm and torchvision are made by these
libraries. The code of moskomule and miraclewkf is in no package: their networks are torchvision's,
with their SE layer at the position where they have it."""
import math
import zlib

import torch
import torch.nn as nn
import torchvision
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

import timm

RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d"]
TIMM = {name: name for name in [*RESNETS, "resnext101_32x4d", "resnext101_64x4d"]}
TIMM |= {"se_" + name: "se" + name for name in TIMM}
TIMM |= {name: name for name in ["senet154", "inception_v4", "inception_resnet_v2"]}
LEGACY = {"se_" + name: "legacy_se" + name for name in [*RESNETS, "resnext101_32x4d"]}
LEGACY |= {"senet154": "legacy_senet154"}
TORCHVISION = [*RESNETS, "resnext101_64x4d"]
# The number of blocks in each stage, by depth.
BLOCKS = {"18": [2, 2, 2, 2], "34": [3, 4, 6, 3], "50": [3, 4, 6, 3], "101": [3, 4, 23, 3],
          "152": [3, 8, 36, 3]}


class MoskomuleSE(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = channels // reduction
        self.fc = nn.Sequential(nn.Linear(channels, hidden, bias=False), nn.ReLU(),
                                nn.Linear(hidden, channels, bias=False), nn.Sigmoid())

    def forward(self, u):
        return u * self.fc(u.mean((2, 3)))[:, :, None, None]


def with_se(Block, dialect):
    """torchvision's block with an SE layer after the last batch norm of its branch."""
    last = "bn3" if Block is Bottleneck else "bn2"

    class SEBlock(Block):
        def __init__(self, inplanes, planes, *others, **options):
            super().__init__(inplanes, planes, *others, **options)
            out = planes * Block.expansion
            if dialect == "moskomule":
                self.se = MoskomuleSE(out)
            else:
                hidden = round(out / 16)
                self.fc1, self.fc2 = nn.Linear(out, hidden), nn.Linear(hidden, out)
            norm, se = getattr(self, last), self.se if dialect == "moskomule" else self.scale
            norm.register_forward_hook(lambda module, x, y: se(y))

        def scale(self, u):
            s = torch.sigmoid(self.fc2(torch.relu(self.fc1(u.mean((2, 3))))))
            return u * s[:, :, None, None]

    return SEBlock


def se_resnet(name, dialect):
    layers = name.split("resnet")[-1].split("resnext")[-1].split("_")[0]
    Block = with_se(BasicBlock if layers in ("18", "34") else Bottleneck, dialect)
    groups = {"groups": 32, "width_per_group": 4} if "resnext" in name else {}
    return lambda classes: ResNet(Block, BLOCKS[layers], num_classes=classes, **groups)


class Cifar(nn.Module):
    """A network of 6 n + 2 layers for images of 32x32."""

    def __init__(self, depth, classes):
        super().__init__()
        Block, i = with_se(BasicBlock, "moskomule"), 16
        self.conv1, self.bn1 = nn.Conv2d(3, i, 3, 1, 1, bias=False), nn.BatchNorm2d(i)
        for number, out in enumerate([16, 32, 64], 1):
            blocks = []
            for block in range((depth - 2) // 6):
                stride = 2 if number > 1 and block == 0 else 1
                conv = nn.Conv2d(i, out, 1, stride, bias=False)
                shortcut = None if i == out else nn.Sequential(conv, nn.BatchNorm2d(out))
                blocks.append(Block(i, out, stride, shortcut))
                i = out
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def of_timm(name):
    return lambda classes: timm.create_model(name, num_classes=classes)


def of_torchvision(name, **options):
    return lambda classes: getattr(torchvision.models, name)(num_classes=classes, **options)


def cifar(depth):
    return lambda classes: Cifar(depth, classes)


TABLE = [(ours, "timm", of_timm(timm_name)) for ours, timm_name in TIMM.items()]
TABLE += [(ours, "timm-legacy", of_timm(timm_name)) for ours, timm_name in LEGACY.items()]
TABLE += [(name, "torchvision", of_torchvision(name)) for name in [*TORCHVISION, "vgg16_bn"]]
TABLE += [("inception_v3", "torchvision",
           of_torchvision("inception_v3", aux_logits=False, init_weights=False))]
MOSKOMULE = ["se_resnet" + depth for depth in BLOCKS]
TABLE += [(name, "moskomule", se_resnet(name, "moskomule")) for name in MOSKOMULE]
TABLE += [(f"se_resnet{depth}", "moskomule", cifar(depth)) for depth in (20, 32, 56)]
MIRACLEWKF = [*MOSKOMULE, "se_resnext50_32x4d", "se_resnext101_32x4d", "se_resnext152_32x4d"]
TABLE += [(name, "miraclewkf", se_resnet(name, "miraclewkf")) for name in MIRACLEWKF]


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if hasattr(model, "drop_rate"):
        model.drop_rate = 0.0
    return model


def with_random_state(make, classes):
    """The network in double, with random weights (He initialization), biases and batch-norm
    statistics, and without dropout. The last gamma of each branch is small, so that activations do
    not grow with depth."""
    model = make(classes).double()
    last_gammas = set()
    for name, module in model.named_modules():
        norms = [child for child, _ in module.named_children() if child.startswith("bn")]
        if hasattr(module, "conv2") and norms and "." in name:
            last_gammas.add(f"{name}.{norms[-1]}.weight")
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        rng = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        options = {"generator": rng, "dtype": torch.double}
        if tensor.dim() > 1:
            deviation = math.sqrt(2 / tensor[0].numel())
            tensor.copy_(torch.randn(tensor.shape, **options) * deviation)
        elif name.endswith("running_var") or name.endswith("weight"):
            factor = 0.3 if name in last_gammas else 1
            tensor.copy_((0.5 + torch.rand(tensor.shape, **options)) * factor)
        else:
            tensor.copy_(torch.randn(tensor.shape, **options) * 0.1)
    return without_dropout(model)
