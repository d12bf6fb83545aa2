"""The recipe `fast` in PyTorch: the network of models/zoo/airbench.h with the same options.
usage: fast.py DATA SEED [EPOCHS WIDTH BATCH LR]   prints a line per epoch, then the result."""
import sys, time, numpy as np, torch, torch.nn as nn, torch.nn.functional as F
data, seed = sys.argv[1], int(sys.argv[2])
epochs, width, batch = (int(v) for v in (sys.argv[3:6] + ["8", "48", "500"][len(sys.argv[3:6]):]))
peak = float(sys.argv[6]) if len(sys.argv) > 6 else 0.12
torch.set_num_threads(2); torch.manual_seed(seed)


def load(names):
    raw = np.concatenate([np.fromfile(f"{data}/{n}", np.uint8).reshape(-1, 3073) for n in names])
    return torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32)), torch.from_numpy(raw[:, 0].astype(np.int64))


class Stage(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(a, o, 3, padding=1, bias=False) for a in (i, o))
        self.bn1, self.bn2 = nn.BatchNorm2d(o), nn.BatchNorm2d(o)
        self.fc1, self.fc2 = nn.Linear(o, o // 16), nn.Linear(o // 16, o)
        for conv in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        with torch.no_grad():
            for c in range(min(i, o)): self.conv1.weight[c, c, 1, 1] += 1

    def forward(self, x):
        a = F.relu(self.bn1(F.max_pool2d(self.conv1(x), 2)))
        u = self.bn2(self.conv2(a))
        return F.relu(u * self.fc2(F.relu(self.fc1(u.mean((2, 3))))).sigmoid()[:, :, None, None] + a)


class Net(nn.Module):
    def __init__(self, images):
        super().__init__()
        patches = F.unfold(images, 2).transpose(1, 2).reshape(-1, 12).double()
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        filters = (vectors / (values + 5e-4).sqrt()).T.float().reshape(12, 3, 2, 2)
        self.register_buffer("whiten", torch.cat([filters, -filters]))
        self.bias = nn.Parameter(torch.zeros(24))
        self.stages = nn.Sequential(Stage(24, width), Stage(width, 4 * width), Stage(4 * width, 4 * width))
        self.fc = nn.Linear(4 * width, 10, bias=False)

    def forward(self, x):
        return self.fc(self.stages(F.relu(F.conv2d(x, self.whiten, self.bias))).amax((2, 3))) / 9


def newton_schulz(g):
    x = g / (g.norm() + 1e-7)
    if g.size(0) > g.size(1): x = x.T
    for _ in range(3):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.size(0) > g.size(1) else x


X, Y = load([f"data_batch_{i}.bin" for i in range(1, 6)]); TX, TY = load(["test_batch.bin"])
mean = (X.float() / 255).mean((0, 2, 3)).view(1, 3, 1, 1); std = (X.float() / 255).std((0, 2, 3)).view(1, 3, 1, 1)
norm = lambda x: ((x.float() / 255 - mean) / std)
net = Net(norm(X[:5000])).to(memory_format=torch.channels_last)
filters = [p for p in net.parameters() if p.dim() == 4]; momenta = [torch.zeros_like(p) for p in filters]
head = [net.fc.weight]; others = [p for p in net.parameters() if p.dim() != 4 and p is not net.fc.weight]
sgd = torch.optim.SGD([{"params": others, "factor": 0.22}, {"params": head, "factor": 0.22 * 12}], lr=1,
                      momentum=0.85, nesterov=True, weight_decay=5e-4)
per_epoch, first = len(X) // batch, torch.rand(len(X)) < 0.5
it, steps, t0, ok = 0, per_epoch * epochs, time.time(), 0
for epoch in range(epochs):
    net.train(); order = torch.randperm(len(X)); total = 0.0
    P = F.pad(X.float(), (2, 2, 2, 2), mode="reflect").byte()
    for k in range(per_epoch):
        idx = order[k * batch:(k + 1) * batch]
        shifts = torch.randint(0, 5, (batch, 2)).tolist()
        x = torch.stack([P[i, :, a:a + 32, b:b + 32] for i, (a, b) in zip(idx.tolist(), shifts)])
        flip = first[idx] ^ bool(epoch % 2); x[flip] = x[flip].flip(3)
        lr = peak * (1 - it / steps); it += 1
        loss = F.cross_entropy(net(norm(x).contiguous(memory_format=torch.channels_last)), Y[idx], label_smoothing=0.1)
        net.zero_grad(); loss.backward(); total += loss.item()
        for g in sgd.param_groups: g["lr"] = lr * g["factor"]
        sgd.step()
        with torch.no_grad():
            for p, m in zip(filters, momenta):
                m.mul_(0.6).add_(p.grad)
                u = newton_schulz((p.grad + 0.6 * m).reshape(len(p), -1)).view(p.shape)
                p.mul_(len(p) ** 0.5 / p.norm()).add_(u, alpha=-lr)
    net.eval(); ok = 0
    with torch.no_grad():
        for b in range(0, len(TX), 500):
            x = norm(TX[b:b + 500])
            p = net(x).softmax(1) + net(x.flip(3)).softmax(1)
            ok += (p.argmax(1) == TY[b:b + 500]).sum().item()
    print(f"epoch {epoch + 1} loss {total / per_epoch:.4f} test {ok / len(TX):.4f} {time.time() - t0:.0f}s", flush=True)
print(f"params {sum(p.numel() for p in net.parameters())} epochs {epochs} seed {seed} test {ok / len(TX):.4f}")
