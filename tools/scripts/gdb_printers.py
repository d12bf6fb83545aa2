"""Prints a Shape, a Tensor and a Var in gdb: sizes, the first numbers, and where a Var comes from.

usage: gdb -x tools/scripts/gdb_printers.py --args build/debug/excite train

    Tensor   [2, 3] {1, 2, 3, 4, ...}
    Var      sigmoid [2, 3] {0.5, 0.622, 0.731, 0.818, ...} requires_grad
    Var      leaf fc.bias [10] {0.1, -0.2, ...} requires_grad, grad [10] {0.02, 0.01, ...}
"""
import gdb
import gdb.printing

SHOWN = 4  # numbers of a tensor


def shape_text(shape):
    dims, rank = shape["dims_"]["_M_elems"], int(shape["rank_"])
    if not 0 <= rank <= 4:
        return "[not initialized]"
    return "[" + ", ".join(str(int(dims[axis])) for axis in range(rank)) + "]"


def tensor_text(tensor):
    size, data = int(tensor["shape_"]["size_"]), tensor["buffer_"]["data_"]
    numbers = [f"{float(data[i]):.3g}" for i in range(min(size, SHOWN))]
    more = ["..."] if size > SHOWN else []
    return f"{shape_text(tensor['shape_'])} {{{', '.join(numbers + more)}}}"


def node_text(node):
    name = node["name"]["_M_dataplus"]["_M_p"].string()
    parts = [node["op"].string(), name, tensor_text(node["value"])]
    parts += ["requires_grad"] if node["requires_grad"] else []
    text = " ".join(part for part in parts if part)
    has_grad = int(node["grad"]["shape_"]["size_"]) > 0
    return text + (f", grad {tensor_text(node['grad'])}" if has_grad else "")


def var_text(var):
    node = var["node_"]["_M_ptr"]
    return node_text(node.dereference()) if node else "no node"


def printer(text):
    """A printer class, as gdb expects it, whose values are printed by text(value)."""
    return type("Printer", (), {"__init__": lambda self, value: setattr(self, "value", value),
                                "to_string": lambda self: text(self.value)})


printers = gdb.printing.RegexpCollectionPrettyPrinter("excite")
for name, text in [("Shape", shape_text), ("Tensor", tensor_text), ("Var", var_text)]:
    printers.add_printer(name, f"^excite::{name}$", printer(text))
gdb.printing.register_pretty_printer(None, printers, replace=True)
