"""Compares excite with the libraries that its weights come from and go to, on networks of full size.

usage: run.py BUILD [NAME...]    NAME: of ours, se_resnet50, of a dialect, timm, or both, se_resnet50@timm; without any, all

For each: logits of float and double within 1e-4 and 1e-10 of the largest, loss and running statistics of double within 1e-10, gradients within 1e-8
of the largest of their tensor (or of 1e-6 of the largest of all), and what `excite convert` writes of it is taken by load_state_dict(strict=True) and gives the same logits."""
import concurrent.futures
import functools
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

from exchange import excite, load, save
from libraries import TABLE, drawn

CLASSES = 10
ROOT = pathlib.Path(__file__).resolve().parents[2]


def max_relative_error(ours, theirs):
    """The worst number, relative to the largest of the tensor."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float((ours.double() - theirs).abs().max() / theirs.abs().max().clamp_min(1e-300))


def compare(build, name, dialect, make, folder):
    model = drawn(make, CLASSES)
    weights, tensors, out, turned = (folder / f for f in ("weights", "tensors", "out", "turned"))
    torch.save(model.state_dict(), folder / "pth")
    subprocess.run([sys.executable, ROOT / "tools" / "pth_to_safetensors", folder / "pth", weights], check=True)
    rng = torch.Generator().manual_seed(1)
    # An odd side, so that a window of the stem's pool that begins elsewhere, or a last one that is dropped, is seen.
    # The Inceptions halve it once more and without padding: of 101 pixels one would be left, and the variance of four numbers magnifies rounding.
    side = 171 if "inception" in name else 101
    x, target = torch.randn(4, 3, side, side, generator=rng, dtype=torch.double), torch.tensor([0, 3, 9, 3])
    save(tensors, {"input": x, "target": target})
    worst = {}

    model.eval()
    with torch.no_grad():
        logits = model(x)
    for precision, program in (("float", build / "excite"), ("double", build / "excite-double")):
        said = excite(program, "predict", "--threads", 1, "--weights", weights, "--tensors", tensors, "--out", out)
        assert f" {name}" in said, f"read as another model: {said}"
        worst["logits " + precision] = max_relative_error(load(out)["logits"], logits)

    model.train()
    loss = F.cross_entropy(model(x), target)
    loss.backward()
    excite(build / "excite-double", "backward", "--threads", 1, "--weights", weights, "--tensors", tensors, "--out", out)
    ours = load(out)
    gradients = {n: p.grad for n, p in model.named_parameters()}
    buffers = {n: b for n, b in model.named_buffers() if b.is_floating_point()}
    assert set(ours) == {"loss"} | set(gradients) | set(buffers), "other names"
    worst["loss"] = max_relative_error(ours["loss"], loss.detach())
    largest = max(float(g.abs().max()) for g in gradients.values())
    worst["gradients"] = np.max([float((ours[n] - g).abs().max()) / max(float(g.abs().max()), 1e-6 * largest) for n, g in gradients.items()])
    worst["statistics"] = np.max([max_relative_error(ours[n], b) for n, b in buffers.items()])

    # There and back: into our names, from there into the dialect's.
    excite(build / "excite-double", "convert", weights, out, "--to", "excite")
    excite(build / "excite-double", "convert", out, turned, "--to", dialect)
    again = make(CLASSES).double()
    again.load_state_dict(load(turned), strict=True)
    again.eval()
    with torch.no_grad():
        worst["there and back"] = max_relative_error(again(x), logits)
    return worst


def compared(build, number):
    name, dialect, make = TABLE[number]
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        return number, compare(build, name, dialect, make, pathlib.Path(folder))


def main():
    build, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    allowed = {"logits float": 1e-4, "logits double": 1e-10, "loss": 1e-10, "gradients": 1e-8, "statistics": 1e-10, "there and back": 0.0}
    chosen = [number for number, (name, dialect, _) in enumerate(TABLE) if not wanted or {name, dialect, f"{name}@{dialect}"} & set(wanted)]
    print(f"{'model':20} {'weights of':12}" + "".join(f"{what:>16}" for what in allowed), flush=True)
    failed = 0
    # A network on each core, two at most, as one may take gigabytes. Much of the time goes into files and fresh memory, which two threads do not hasten.
    with concurrent.futures.ProcessPoolExecutor(min(2, len(os.sched_getaffinity(0)))) as pool:
        for number, worst in pool.map(functools.partial(compared, build), chosen):
            name, dialect, _ = TABLE[number]
            bad = [what for what, most in allowed.items() if not worst[what] <= most]
            print(f"{name:20} {dialect:12}" + "".join(f"{worst[what]:16.1e}" for what in allowed) + ("  FAILED: " + ", ".join(bad) if bad else ""), flush=True)
            failed += bool(bad)
    print(f"{len(chosen)} networks compared, {failed} failed")
    sys.exit(failed > 0 or not chosen)


if __name__ == "__main__":
    main()
