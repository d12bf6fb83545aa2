"""Checks the files NAME.onnx of a folder in ONNX Runtime.

usage: onnx_runtime.py FOLDER

NAME.images has the images [N, 3, H, W] and NAME.expected the results [N, classes], float32. They
agree if no result differs by more than 1e-5 of the largest one."""
import pathlib
import sys

import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
count, worst = 0, 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    images = np.fromfile(path.with_suffix(".images"), np.float32).reshape(-1, *shape[1:])
    expected = np.fromfile(path.with_suffix(".expected"), np.float32).reshape(len(images), -1)
    results = session.run(None, {"images": images})[0]
    assert results.shape == expected.shape, (path.name, results.shape, expected.shape)
    error = np.abs(results - expected).max() / np.abs(expected).max()
    print(f"{path.name}: {error:.1e}")
    assert error < 1e-5, f"{path.name} differs by {error:.1e} of the largest result"
    count, worst = count + 1, max(worst, error)
print(f"{count} files agree, at worst within {worst:.1e} of the largest result")
