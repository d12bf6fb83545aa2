"""Writes tests/models/names: in a file a dialect, the names and shapes of the state of every network in libraries.py. What excite takes for these
networks, and what it writes of them, is held to that.

A line may stand for several tensors, and says which as a shell would: layer1.{1..2}.bn1.{bias,weight} [64]"""
import itertools
import pathlib
import re

from libraries import TABLE

CLASSES = 1000


def fold(lines, place, spoken):
    """Names that differ in one component alone become one name, or a few; `spoken` gives back what is then said in that place."""
    alike = {}
    for parts, shape in lines:
        alike.setdefault((parts[:place], parts[place + 1:], shape), []).append(parts[place])
    return [((*before, word, *after), shape) for (before, after, shape), words in alike.items() for word in spoken(words)]


def alternatives(words):
    return words if len(words) == 1 else ["{" + ",".join(sorted(words)) + "}"]


def runs(words):
    """Numbers that follow one another; other words as they are."""
    numbers = sorted(int(word) for word in words if word.isdigit())
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in run]
        yield str(run[0]) if len(run) == 1 else f"{{{run[0]}..{run[-1]}}}"
    yield from (word for word in words if not word.isdigit())


def folded(state):
    lines = [(tuple(reversed(name.split("."))), str(list(t.shape))) for name, t in state.items()]  # what is last in a name, first
    lines = fold(lines, 0, alternatives)
    for place in range(1, max(len(parts) for parts, _ in lines)):
        lines = [line for line in lines if len(line[0]) <= place] + fold([line for line in lines if len(line[0]) > place], place, runs)
    return sorted(f"{'.'.join(reversed(parts))} {shape}" for parts, shape in lines)


def unfolded(line):
    words = re.split(r"\{(.*?)\}", line)
    for i in range(1, len(words), 2):
        first, _, last = words[i].partition("..")
        words[i] = [str(n) for n in range(int(first), int(last) + 1)] if last else words[i].split(",")
    return ["".join(choice) for choice in itertools.product(*([w] if isinstance(w, str) else w for w in words))]


folder = pathlib.Path(__file__).parents[1] / "models" / "names"
files = {}
for name, dialect, make in TABLE:
    state = make(CLASSES).state_dict()
    lines = folded(state)
    assert sorted(one for line in lines for one in unfolded(line)) == sorted(f"{tensor} {list(t.shape)}" for tensor, t in state.items())
    files.setdefault(dialect, []).append(f"# {name} for {CLASSES} classes, {len(state)} tensors\n" + "".join(line + "\n" for line in lines))
for dialect, networks in files.items():
    (folder / f"{dialect}.txt").write_text("\n".join(networks))
