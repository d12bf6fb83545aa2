"""Compares excite with the libraries that it exchanges weights with, on networks of full size.

usage: run.py BUILD [NAME...]
  NAME  a network (se_resnet50), a dialect (timm), or both (se_resnet50@timm); default: all networks

Differences are relative to the largest element of a tensor. For each network: the logits agree
within 1e-4 in float and 1e-10 in double, the loss and the running statistics in double within
1e-10, and the gradients within 1e-8 (of at least 1e-6 of the largest gradient of all).
ONNX Runtime's logits of the file that `excite export` writes agree within 1e-5.
load_state_dict(strict=True) accepts the file that `excite convert` writes, and the logits are then
the same."""
import concurrent.futures
import functools
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F

from exchange import excite, load, save
from libraries import TABLE, with_random_state

CLASSES = 10
ROOT = pathlib.Path(__file__).resolve().parents[2]


def max_relative_error(ours, theirs):
    """The largest difference, relative to the largest element."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float((ours.double() - theirs).abs().max() / theirs.abs().max().clamp_min(1e-300))


def compare(build, name, dialect, make, folder):
    model = with_random_state(make, CLASSES)
    weights, tensors = folder / "weights", folder / "tensors"
    out, converted = folder / "out", folder / "converted"
    torch.save(model.state_dict(), folder / "pth")
    script = ROOT / "tools" / "scripts" / "pth_to_safetensors"
    subprocess.run([sys.executable, script, folder / "pth", weights], check=True)
    rng = torch.Generator().manual_seed(1)
    # The side is odd, so that a shifted or missing pooling window in the stem changes the result.
    # Inceptions halve it once more and without padding: of 101 pixels one would be left, and the
    # variance of four numbers magnifies rounding.
    side = 171 if "inception" in name else 101
    x = torch.randn(4, 3, side, side, generator=rng, dtype=torch.double)
    target = torch.tensor([0, 3, 9, 3])
    save(tensors, {"input": x, "target": target})
    worst = {}

    model.eval()
    with torch.no_grad():
        logits = model(x)
    for precision, program in (("float", build / "excite"), ("double", build / "excite-double")):
        message = excite(program, "predict", "--threads", 1, "--weights", weights,
                         "--tensors", tensors, "--out", out)
        assert f" {name}" in message, f"recognized as another model: {message}"
        worst["logits " + precision] = max_relative_error(load(out)["logits"], logits)

    model.train()
    loss = F.cross_entropy(model(x), target)
    loss.backward()
    excite(build / "excite-double", "backward", "--threads", 1, "--weights", weights,
           "--tensors", tensors, "--out", out)
    ours = load(out)
    gradients = {n: p.grad for n, p in model.named_parameters()}
    buffers = {n: b for n, b in model.named_buffers() if b.is_floating_point()}
    assert set(ours) == {"loss"} | set(gradients) | set(buffers), "the names differ"
    worst["loss"] = max_relative_error(ours["loss"], loss.detach())
    largest = max(float(g.abs().max()) for g in gradients.values())
    worst["gradients"] = np.max([
        float((ours[n] - g).abs().max()) / max(float(g.abs().max()), 1e-6 * largest)
        for n, g in gradients.items()
    ])
    worst["statistics"] = np.max([max_relative_error(ours[n], b) for n, b in buffers.items()])

    # ONNX Runtime computes the same from the exported file, whose graph normalizes the images.
    excite(build / "excite", "export", "--weights", weights, "--out", folder / "net.onnx",
           "--image-size", side)
    half = any(n in name for n in ("inception_v3", "inception_v4", "inception_resnet_v2"))
    mean, deviation = (0.5, 0.5) if half else (
        torch.tensor(numbers).view(3, 1, 1) for numbers in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    session = onnxruntime.InferenceSession(folder / "net.onnx", providers=["CPUExecutionProvider"])
    images = (x * deviation + mean).float().numpy()
    worst["onnx"] = max_relative_error(torch.tensor(session.run(None, {"images": images})[0]), logits)

    # There and back: to our names, and from them to the dialect's.
    excite(build / "excite-double", "convert", weights, out, "--to", "excite")
    excite(build / "excite-double", "convert", out, converted, "--to", dialect)
    reloaded = make(CLASSES).double()
    reloaded.load_state_dict(load(converted), strict=True)
    reloaded.eval()
    with torch.no_grad():
        worst["there and back"] = max_relative_error(reloaded(x), logits)
    return worst


def compare_number(build, number):
    name, dialect, make = TABLE[number]
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        return number, compare(build, name, dialect, make, pathlib.Path(folder))


def main():
    build, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    allowed = {
        "logits float": 1e-4, "logits double": 1e-10, "loss": 1e-10, "gradients": 1e-8,
        "statistics": 1e-10, "onnx": 1e-5, "there and back": 0.0
    }
    chosen = [
        number for number, (name, dialect, _) in enumerate(TABLE)
        if not names or {name, dialect, f"{name}@{dialect}"} & set(names)
    ]
    print(f"{'model':20} {'weights of':12}" + "".join(f"{what:>16}" for what in allowed),
          flush=True)
    failed = 0
    # One network per core, but two at most, because one may need gigabytes. Two threads per network
    # would gain little: much of the time goes into files and fresh memory.
    with concurrent.futures.ProcessPoolExecutor(min(2, len(os.sched_getaffinity(0)))) as pool:
        for number, worst in pool.map(functools.partial(compare_number, build), chosen):
            name, dialect, _ = TABLE[number]
            bad = [what for what, most in allowed.items() if not worst[what] <= most]
            columns = "".join(f"{worst[what]:16.1e}" for what in allowed)
            failures = "  FAILED: " + ", ".join(bad) if bad else ""
            print(f"{name:20} {dialect:12}{columns}{failures}", flush=True)
            failed += bool(bad)
    print(f"{len(chosen)} networks compared, {failed} failed")
    sys.exit(failed > 0 or not chosen)


if __name__ == "__main__":
    main()
