"""Networks of full size for few classes, made by the code of the libraries that define them:
torchvision, timm, and Cadene (timm's legacy networks). No PyTorch library defines MobileNet,
ShuffleNet, the pre-activation and Shake networks as ours, or Inception and VGG with SE layers;
families.py and inceptions.py make them of plain layers.

CASES is as in families.py; a name is followed by @ and the library that the network comes from."""
import os
import sys

import torch.nn as nn
from torchvision.models import vgg

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
from libraries import TABLE, without_dropout

# The size of the 4 images. At 101x101 the last layers see 4x4 pixels, at 33x33 2x2. Inceptions do
# not pad: at 75x75 their last layers would see one pixel, too few for a variance.
SIDES = {
    "resnet18@torchvision": 33, "resnet50@torchvision": 101, "resnext50_32x4d@torchvision": 65,
    "inception_v3@torchvision": 171, "small_vgg": 56, "se_resnet18@timm": 33,
    "se_resnet50@timm": 101, "se_resnext50_32x4d@timm": 65, "inception_v4@timm": 171,
    "inception_resnet_v2@timm": 171, "se_resnet18@timm-legacy": 33, "se_resnet50@timm-legacy": 101,
    "se_resnext50_32x4d@timm-legacy": 65, "senet154@timm-legacy": 65, "se_resnet20@moskomule": 32,
    "se_resnet18@miraclewkf": 33
}


def options_of(name):
    """Networks with these words in their names have dropout, which is set to 0."""
    return {"dropout": 0} if any(word in name for word in ("inception", "vgg", "legacy")) else {}


CASES = [(name, options_of(name), 4, side) for name, side in SIDES.items()]


def small_vgg(classes):
    """torchvision's VGG with few channels and with 12 hidden units in its classifier, which has
    120 million weights in the original."""
    model = vgg.VGG(vgg.make_layers([4, "M", 6, 6, "M", 8, "M"], batch_norm=True),
                    init_weights=False)
    model.classifier = nn.Sequential(nn.Linear(49 * 8, 12), nn.ReLU(), nn.Identity(),
                                     nn.Linear(12, 12), nn.ReLU(), nn.Identity(),
                                     nn.Linear(12, classes))
    return model


MAKERS = {f"{name}@{dialect}": make for name, dialect, make in TABLE} | {"small_vgg": small_vgg}


def network(name, classes, options):
    return without_dropout(MAKERS[name](classes))
