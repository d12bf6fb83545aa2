"""Trains the same network on the same images with excite-double and with PyTorch, and compares all
results: losses, accuracies, weights and running statistics.

usage: training.py BUILD

excite gets the initial weights from this program. Everything else is implemented here once more, as
described in tools/README.md, tools/data/README.md and core/random.h: the order of the images, their
augmentation, normalization, learning rates, Nesterov's SGD with weight decay, running statistics,
and evaluation. Three epochs of ten steps. PyTorch and excite round differently, but a wrong program
would not agree with a correct one within 1e-9."""
import csv
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

from exchange import excite, load, save
from libraries import Cifar, with_random_state

SEED, EPOCHS, BATCH, IMAGES, PEAK, WARMUP = 5, 3, 64, 660, 0.2, 0.2
PER_EPOCH = IMAGES // BATCH
COLUMNS = "train_loss", "train_accuracy", "test_loss", "test_accuracy"
WORD = (1 << 64) - 1


class Rng:
    """SplitMix64 of a key and a counter, as in core/random.h."""

    def __init__(self, *keys):
        self.key, self.count = 0x853c49e6748fea9b, 0
        for key in keys:
            self.key = self.hash(self.key ^ self.hash(key))

    @staticmethod
    def hash(x):
        x = ((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9) & WORD
        x = ((x ^ (x >> 27)) * 0x94d049bb133111eb) & WORD
        return x ^ (x >> 31)

    def below(self, n):
        self.count += 1
        return self.hash((self.key + 0x9e3779b97f4a7c15 * self.count) & WORD) * n >> 64


def order(epoch):
    images, rng = list(range(IMAGES)), Rng(SEED, epoch, 1)
    for i in range(IMAGES - 1, 0, -1):
        j = rng.below(i + 1)
        images[i], images[j] = images[j], images[i]
    return images


def augmented(images, chosen, epoch):
    padded, batch = F.pad(images.double(), (4, 4, 4, 4), mode="reflect"), []
    for image in chosen:
        rng = Rng(SEED, epoch, image, 2)
        top, left, mirrored = rng.below(9), rng.below(9), rng.below(2) == 1
        crop = padded[image, :, top:top + 32, left:left + 32]
        batch.append(crop.flip(2) if mirrored else crop)
    return torch.stack(batch)


def rate(step):
    steps = EPOCHS * PER_EPOCH
    warm = round(WARMUP * steps)
    return PEAK * (step / warm if step < warm else (steps - step) / (steps - warm))


def write_images(folder):
    """Writes files in the official layout, with 10,000 images each. `train --limit` reads only the
    first ones; the others are empty."""
    random, sets = np.random.RandomState(0), []
    for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
        records = random.randint(0, 256, (IMAGES, 3073), np.uint8)
        records[:, 0] %= 10
        with open(folder / name, "wb") as out:
            out.write(records.tobytes())
            out.truncate(10000 * 3073)
        sets.append((torch.tensor(records[:, 1:].reshape(-1, 3, 32, 32)),
                     torch.tensor(records[:, 0].astype(np.int64))))
    return sets[0], sets[-1]


def train_with_pytorch(model, train, test):
    """One row per epoch, of these columns of log.csv: COLUMNS."""
    (images, labels), (test_images, test_labels) = train, test
    scaled = images.double() / 255
    mean = scaled.mean((0, 2, 3)).view(1, 3, 1, 1)
    deviation = scaled.std((0, 2, 3)).view(1, 3, 1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=PEAK, momentum=0.9, nesterov=True,
                                weight_decay=5e-4)
    rows = []
    for epoch in range(EPOCHS):
        model.train()
        images_in_order, losses, correct = order(epoch), [], 0
        for step in range(PER_EPOCH):
            chosen = images_in_order[step * BATCH:(step + 1) * BATCH]
            optimizer.param_groups[0]["lr"] = rate(epoch * PER_EPOCH + step)
            logits = model((augmented(images, chosen, epoch) / 255 - mean) / deviation)
            loss = F.cross_entropy(logits, labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            correct += int((logits.argmax(1) == labels[chosen]).sum())
        model.eval()
        with torch.no_grad():
            logits = model((test_images.double() / 255 - mean) / deviation)
        rows.append([
            sum(losses) / PER_EPOCH, correct / (PER_EPOCH * BATCH),
            F.cross_entropy(logits, test_labels).item(),
            float((logits.argmax(1) == test_labels).double().mean())
        ])
    return rows


def main():
    program = pathlib.Path(sys.argv[1]).resolve() / "excite-double"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        train, test = write_images(folder)
        model = with_random_state(lambda classes: Cifar(20, classes), 10)
        save(folder / "weights", model.state_dict())
        arguments = ["--data", folder, "--limit", IMAGES, "--weights", folder / "weights",
                     "--out", folder / "run", "--val", "none", "--normalize", "measure",
                     "--lr", PEAK, "--epochs", EPOCHS, "--batch", BATCH,
                     "--warmup", WARMUP * EPOCHS, "--seed", SEED]
        subprocess.run([program, "train", *map(str, arguments)], check=True,
                       stdout=subprocess.DEVNULL)
        excite(program, "convert", folder / "run" / "last.safetensors", folder / "after",
               "--to", "moskomule")
        ours, rows = load(folder / "after"), list(csv.DictReader(open(folder / "run" / "log.csv")))

    theirs = train_with_pytorch(model, train, test)
    # np.max is NaN if one of the differences is.
    printed = np.max([
        abs(float(our) - their)
        for row, expected in zip(rows, theirs)
        for our, their in zip([row[column] for column in COLUMNS], expected)
    ])
    state = {n: t for n, t in model.state_dict().items() if t.is_floating_point()}
    worst = np.max([float((ours[n] - t).abs().max() / t.abs().max()) for n, t in state.items()])
    print(f"{EPOCHS * PER_EPOCH} steps of training: losses and accuracies differ from PyTorch's by "
          f"{printed:.1e}, {len(state)} tensors by {worst:.1e} of the largest element (the worst)")
    sys.exit(not (len(rows) == EPOCHS and printed <= 1e-6 and worst <= 1e-9))


main()
