#!/usr/bin/python3
"""Writes pytorch.pth and pytorch_before_1.6.pth: a checkpoint as training scripts save it, in both
of PyTorch's formats. tests/tools/scripts/pth_to_safetensors_test.cpp reads them.

usage: tests/golden/checkpoints.py"""
import argparse, pathlib
import torch

FOLDER = pathlib.Path(__file__).parent
weights = {"by_rows": torch.arange(24.).reshape(2, 3, 4),
           "by_columns": torch.arange(6.).reshape(3, 2).t(),
           "a_view": torch.arange(10.)[2:9:3], "half": torch.tensor([0.5, -2.0]).half(),
           "repeated": torch.tensor([[1.0], [2.0]]).expand(2, 3), "count": torch.tensor(7)}
checkpoint = {"net": weights, "acc": 93.25, "epoch": 5, "args": argparse.Namespace(lr=0.1)}
torch.save(checkpoint, FOLDER / "pytorch.pth")
torch.save(checkpoint, FOLDER / "pytorch_before_1.6.pth", _use_new_zipfile_serialization=False)
