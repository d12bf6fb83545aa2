"""VGG, MobileNet and ShuffleNet."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from blocks import SEPlacement, SqueezeExcite, conv


class Vgg(nn.Module):
    """Modules have torchvision's numbers. An SE layer follows a ReLU and belongs to the convolution
    before it."""

    def __init__(self, groups, hidden, classes, is_se=False, se_stages="1,2,3,4,5", dropout=0,
                 **options):
        super().__init__()
        layers, i = [], 3
        for number, (convs, o) in enumerate(groups):
            for _ in range(convs):
                layers += [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU()]
                if is_se and str(number + 1) in se_stages.split(","):
                    layers[-3].se = SqueezeExcite(o, **options)
                i = o
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(49 * i, hidden), nn.ReLU(), nn.Dropout(dropout),
                                        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout),
                                        nn.Linear(hidden, classes))

    def forward(self, x):
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.Conv2d):
                se = getattr(layer, "se", None)
            if isinstance(layer, nn.ReLU) and se is not None:
                x = se(x)
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(x, 7), 1))


class Separable(nn.Module):
    def __init__(self, i, o, stride, options):
        super().__init__()
        self.conv_dw, self.bn1 = conv(i, i, 3, stride, groups=i), nn.BatchNorm2d(i)
        self.conv_pw, self.bn2 = conv(i, o, 1), nn.BatchNorm2d(o)
        self.se = nn.Identity() if options is None else SqueezeExcite(o, **options)

    def forward(self, x):
        return self.se(F.relu(self.bn2(self.conv_pw(F.relu(self.bn1(self.conv_dw(x)))))))


class MobileNet(nn.Module):
    """timm's names, but with ReLU as in the paper."""

    def __init__(self, stem, stages, classes, is_se=False, se_stages="1,2,3,4,5", **options):
        super().__init__()
        self.conv_stem, self.bn1, i, blocks = conv(3, stem, 3, 2), nn.BatchNorm2d(stem), stem, []
        for number, (count, o, stride) in enumerate(stages):
            se = options if is_se and str(number + 1) in se_stages.split(",") else None
            stage = []
            for b in range(count):
                stage.append(Separable(i, o, 1 if b else stride, se))
                i = o
            blocks.append(nn.Sequential(*stage))
        self.blocks, self.classifier = nn.Sequential(*blocks), nn.Linear(i, classes)

    def forward(self, x):
        return self.classifier(self.blocks(F.relu(self.bn1(self.conv_stem(x)))).mean((2, 3)))


class ShuffleUnit(SEPlacement):
    def __init__(self, i, o, stride, groups, first_groups, options):
        super().__init__()
        branch_out, self.groups, self.stride = o - i if stride > 1 else o, groups, stride
        self.conv1, self.bn1 = conv(i, o // 4, 1, groups=first_groups), nn.BatchNorm2d(o // 4)
        self.conv2 = conv(o // 4, o // 4, 3, stride, groups=o // 4)
        self.bn2 = nn.BatchNorm2d(o // 4)
        self.conv3 = conv(o // 4, branch_out, 1, groups=groups)
        self.bn3 = nn.BatchNorm2d(branch_out)
        self.place_se(options, pre=i, inside=o // 4, standard=branch_out, identity=i, post=o)

    def forward(self, x):
        u = F.relu(self.bn1(self.conv1(self.at("pre", x))))
        n, c, h, w = u.shape
        u = u.reshape(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)
        u = self.at("standard", self.bn3(self.conv3(self.at("inside", self.bn2(self.conv2(u))))))
        if self.stride > 1:
            shortcut = self.at("identity", F.avg_pool2d(x, 3, 2, 1))
            return self.at("post", torch.cat([shortcut, F.relu(u)], 1))
        return self.at("post", F.relu(u + self.at("identity", x)))


class ShuffleNet(nn.Module):
    def __init__(self, stem, stages, classes, is_se=False, groups=3, se_stages="2,3,4", **options):
        super().__init__()
        self.conv1, self.bn1, i, self.stages = conv(3, stem, 3, 2), nn.BatchNorm2d(stem), stem, []
        for number, (count, o) in enumerate(stages):
            se, units = options if is_se and str(number + 2) in se_stages.split(",") else None, []
            for unit in range(count):
                first_groups = 1 if i == stem else groups
                units.append(ShuffleUnit(i, o, 1 if unit else 2, groups, first_groups, se))
                i = o
            self.stages.append(f"stage{number + 2}")
            setattr(self, self.stages[-1], nn.Sequential(*units))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for name in self.stages:
            x = getattr(self, name)(x)
        return self.fc(x.mean((2, 3)))
