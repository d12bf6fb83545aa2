"""Writes tests/models/names, one file per dialect: the names and shapes of the state of every
network in libraries.py. Tests compare what excite reads and writes with these files.

A line may stand for several tensors, in the notation of a shell:
layer1.{1..2}.bn1.{bias,weight} [64]"""
import itertools
import pathlib
import re

from libraries import TABLE

CLASSES = 1000


def fold(lines, index, abbreviate):
    """Merges names that differ only in component `index`; `abbreviate` merges the components."""
    groups = {}
    for parts, shape in lines:
        groups.setdefault((parts[:index], parts[index + 1:], shape), []).append(parts[index])
    return [((*before, word, *after), shape)
            for (before, after, shape), words in groups.items()
            for word in abbreviate(words)]


def alternatives(words):
    return words if len(words) == 1 else ["{" + ",".join(sorted(words)) + "}"]


def runs(words):
    """Ranges of consecutive numbers; other words are not changed."""
    numbers = sorted(int(word) for word in words if word.isdigit())
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in run]
        yield str(run[0]) if len(run) == 1 else f"{{{run[0]}..{run[-1]}}}"
    yield from (word for word in words if not word.isdigit())


def folded(state):
    # The last component of a name comes first.
    lines = [(tuple(reversed(name.split("."))), str(list(t.shape))) for name, t in state.items()]
    lines = fold(lines, 0, alternatives)
    for index in range(1, max(len(parts) for parts, _ in lines)):
        long = [line for line in lines if len(line[0]) > index]
        lines = [line for line in lines if len(line[0]) <= index] + fold(long, index, runs)
    return sorted(f"{'.'.join(reversed(parts))} {shape}" for parts, shape in lines)


def unfolded(line):
    words = re.split(r"\{(.*?)\}", line)
    for i in range(1, len(words), 2):
        first, _, last = words[i].partition("..")
        if last:
            words[i] = [str(n) for n in range(int(first), int(last) + 1)]
        else:
            words[i] = words[i].split(",")
    choices = itertools.product(*([w] if isinstance(w, str) else w for w in words))
    return ["".join(choice) for choice in choices]


folder = pathlib.Path(__file__).parents[1] / "models" / "names"
files = {}
for name, dialect, make in TABLE:
    state = make(CLASSES).state_dict()
    lines = folded(state)
    tensors = [f"{tensor} {list(t.shape)}" for tensor, t in state.items()]
    assert sorted(one for line in lines for one in unfolded(line)) == sorted(tensors)
    title = f"# {name} for {CLASSES} classes, {len(state)} tensors\n"
    files.setdefault(dialect, []).append(title + "".join(line + "\n" for line in lines))
for dialect, networks in files.items():
    (folder / f"{dialect}.txt").write_text("\n".join(networks))
