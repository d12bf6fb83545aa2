"""Networks of full size for few classes, made by the code of the libraries that define them: torchvision, timm, and, as timm's legacy ones,
Cadene's. MobileNet, ShuffleNet, the pre-activation and Shake networks, and the is_se Inceptions and VGG are defined by no library of PyTorch's;
families.py and inceptions.py have them in plain layers.

CASES is as in families.py; a name is followed by whose network it is."""
import os
import sys

import torch.nn as nn
from torchvision.models import vgg

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
from libraries import TABLE, without_dropout

# 4 images: of 101x101 the last layers see 4x4 pixels, of 33x33 2x2. The Inceptions do not pad, and leave one pixel of 75x75, too few for a variance.
SIDES = {"resnet18@torchvision": 33, "resnet50@torchvision": 101, "resnext50_32x4d@torchvision": 65, "inception_v3@torchvision": 171, "small_vgg": 56,
         "se_resnet18@timm": 33, "se_resnet50@timm": 101, "se_resnext50_32x4d@timm": 65, "inception_v4@timm": 171, "inception_resnet_v2@timm": 171,
         "se_resnet18@timm-legacy": 33, "se_resnet50@timm-legacy": 101, "se_resnext50_32x4d@timm-legacy": 65, "senet154@timm-legacy": 65,
         "se_resnet20@moskomule": 32, "se_resnet18@miraclewkf": 33}
DROP = ("inception", "vgg", "legacy")  # what is in their names has an option for it, and there it is left out
CASES = [(name, {"dropout": 0} if any(word in name for word in DROP) else {}, 4, side) for name, side in SIDES.items()]


def small_vgg(classes):
    """torchvision's network; its classifier alone has 120 million weights, here 12 hidden numbers."""
    model = vgg.VGG(vgg.make_layers([4, "M", 6, 6, "M", 8, "M"], batch_norm=True), init_weights=False)
    model.classifier = nn.Sequential(nn.Linear(49 * 8, 12), nn.ReLU(), nn.Identity(), nn.Linear(12, 12), nn.ReLU(), nn.Identity(), nn.Linear(12, classes))
    return model


MAKERS = {f"{name}@{dialect}": make for name, dialect, make in TABLE} | {"small_vgg": small_vgg}


def network(name, classes, options):
    return without_dropout(MAKERS[name](classes))
