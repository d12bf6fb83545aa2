"""The networks of other libraries that excite has too, each with random weights and batch-norm statistics that are not those of a start.

TABLE: our name, whose it is (a dialect of `excite convert`), and what makes it with so many classes. timm's and torchvision's are their own code;
moskomule's and miraclewkf's are in no package, and are torchvision's networks with the block put in where and as theirs do."""
import math
import zlib

import torch
import torch.nn as nn
import torchvision
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

import timm

TIMM = {name: name for name in ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x4d", "resnext101_64x4d"]}
TIMM |= {"se_" + name: "se" + name for name in TIMM} | {name: name for name in ["senet154", "inception_v4", "inception_resnet_v2"]}
LEGACY = {"se_" + name: "legacy_se" + name for name in ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x4d"]}
LEGACY |= {"senet154": "legacy_senet154"}
TORCHVISION = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_64x4d"]
BLOCKS = {"18": [2, 2, 2, 2], "34": [3, 4, 6, 3], "50": [3, 4, 6, 3], "101": [3, 4, 23, 3], "152": [3, 8, 36, 3]}


class Moskomule(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = channels // reduction
        self.fc = nn.Sequential(nn.Linear(channels, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, channels, bias=False), nn.Sigmoid())

    def forward(self, u):
        return u * self.fc(u.mean((2, 3)))[:, :, None, None]


def is_se(Block, dialect):
    """torchvision's block, with squeeze-and-excitation after the last batch-norm of its branch."""
    last = "bn3" if Block is Bottleneck else "bn2"

    class Excited(Block):
        def __init__(self, inplanes, planes, *others, **options):
            super().__init__(inplanes, planes, *others, **options)
            out = planes * Block.expansion
            if dialect == "moskomule":
                self.se = Moskomule(out)
            else:
                self.fc1, self.fc2 = nn.Linear(out, round(out / 16)), nn.Linear(round(out / 16), out)
            norm = getattr(self, last)
            norm.register_forward_hook(lambda module, x, y: self.se(y) if dialect == "moskomule" else self.scaled(y))

        def scaled(self, u):
            return u * torch.sigmoid(self.fc2(torch.relu(self.fc1(u.mean((2, 3))))))[:, :, None, None]

    return Excited


def with_block(name, dialect):
    layers = name.split("resnet")[-1].split("resnext")[-1].split("_")[0]
    Block = is_se(BasicBlock if layers in ("18", "34") else Bottleneck, dialect)
    groups = {"groups": 32, "width_per_group": 4} if "resnext" in name else {}
    return lambda classes: ResNet(Block, BLOCKS[layers], num_classes=classes, **groups)


class Cifar(nn.Module):
    """A network of 6 n + 2 layers for images of 32x32."""

    def __init__(self, depth, classes):
        super().__init__()
        Block, i = is_se(BasicBlock, "moskomule"), 16
        self.conv1, self.bn1 = nn.Conv2d(3, i, 3, 1, 1, bias=False), nn.BatchNorm2d(i)
        for number, out in enumerate([16, 32, 64], 1):
            blocks = []
            for block in range((depth - 2) // 6):
                stride = 2 if number > 1 and block == 0 else 1
                fit = None if i == out else nn.Sequential(nn.Conv2d(i, out, 1, stride, bias=False), nn.BatchNorm2d(out))
                blocks.append(Block(i, out, stride, fit))
                i = out
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


TABLE = [(ours, "timm", lambda classes, its=its: timm.create_model(its, num_classes=classes)) for ours, its in TIMM.items()]
TABLE += [(ours, "timm-legacy", lambda classes, its=its: timm.create_model(its, num_classes=classes)) for ours, its in LEGACY.items()]
TABLE += [(name, "torchvision", lambda classes, name=name: getattr(torchvision.models, name)(num_classes=classes)) for name in TORCHVISION]
TABLE += [("vgg16_bn", "torchvision", lambda classes: torchvision.models.vgg16_bn(num_classes=classes))]
TABLE += [("inception_v3", "torchvision", lambda classes: torchvision.models.inception_v3(num_classes=classes, aux_logits=False, init_weights=False))]
TABLE += [("se_resnet" + depth, "moskomule", with_block("se_resnet" + depth, "moskomule")) for depth in BLOCKS]
TABLE += [("se_resnet" + depth, "moskomule", lambda classes, depth=depth: Cifar(int(depth), classes)) for depth in ["20", "32", "56"]]
MIRACLEWKF = ["se_resnet" + depth for depth in BLOCKS] + ["se_resnext50_32x4d", "se_resnext101_32x4d", "se_resnext152_32x4d"]
TABLE += [(name, "miraclewkf", with_block(name, "miraclewkf")) for name in MIRACLEWKF]


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if hasattr(model, "drop_rate"):
        model.drop_rate = 0.0
    return model


def drawn(make, classes):
    """The network in double: weights by He's rule, and a branch's last gamma small, so that a hundred blocks do not multiply what they add."""
    model = make(classes).double()
    lasts = set()
    for name, module in model.named_modules():
        norms = [child for child, _ in module.named_children() if child.startswith("bn")]
        if hasattr(module, "conv2") and norms and "." in name:
            lasts.add(f"{name}.{norms[-1]}.weight")
    state = model.state_dict()
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        rng = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        if tensor.dim() > 1:
            tensor.copy_(torch.randn(tensor.shape, generator=rng, dtype=torch.double) * math.sqrt(2 / tensor[0].numel()))
        elif name.endswith("running_var") or name.endswith("weight"):
            tensor.copy_((0.5 + torch.rand(tensor.shape, generator=rng, dtype=torch.double)) * (0.3 if name in lasts else 1))
        else:
            tensor.copy_(torch.randn(tensor.shape, generator=rng, dtype=torch.double) * 0.1)
    return without_dropout(model)
