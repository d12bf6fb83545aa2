"""Layers that several families of networks share."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv(i, o, kernel, stride=1, groups=1):
    return nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False)


class SqueezeExcite(nn.Module):
    """Hu et al., arXiv 1709.01507, section 3; the options are those of section 6."""

    def __init__(self, channels, reduction=16, se_least=1, se_bias="on", se_fc="linear",
                 squeeze="avg", gate="sigmoid", **others):
        super().__init__()
        hidden, bias = max(se_least, channels // reduction), se_bias == "on"
        layer = nn.Linear if se_fc == "linear" else lambda i, o, bias: nn.Conv2d(i, o, 1, bias=bias)
        self.fc1, self.fc2 = layer(channels, hidden, bias=bias), layer(hidden, channels, bias=bias)
        gates = {"sigmoid": torch.sigmoid, "relu": F.relu, "tanh": torch.tanh}
        self.squeeze, self.gate = squeeze, gates[gate]

    def forward(self, u):
        if self.squeeze == "none":
            z = u
        else:
            z = (u.mean if self.squeeze == "avg" else u.amax)((2, 3), keepdim=True)
        if isinstance(self.fc1, nn.Linear):
            s = self.fc2(F.relu(self.fc1(z.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)
        else:
            s = self.fc2(F.relu(self.fc1(z)))
        return u * self.gate(s)


class SEPlacement(nn.Module):
    """A block with an SE layer at one of several positions; `widths` are the channels there."""

    def place_se(self, options, **widths):
        self.place = None if options is None else options.get("se", "standard")
        if self.place is not None and self.place in widths:
            self.se = SqueezeExcite(widths[self.place], **options)

    def at(self, place, u):
        return self.se(u) if self.place == place else u
