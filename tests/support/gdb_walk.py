"""Runs in gdb: stops at each of the given functions for the first time, in whatever order they are
called, and prints who called it.

usage: LINES_FILE=FILE gdb -batch -x tests/support/gdb_walk.py --args PROGRAM ...

Each line of FILE is a function and its file, "conv2d_blas core/kernels/conv2d_blas.cpp". A stop
prints one line: "stop", then the calls from main to the function in the same form, separated by
" > ". A call of a lambda counts as one of the function that the lambda is written in. Functions of
the standard library are left out. So if f passes a lambda to parallel_for, and the lambda calls g,
the line ends in "f > g"."""
import os, re
import gdb


def function_name(symbol):
    """excite::(anonymous namespace)::f<int>(long)::{lambda(long)#1}::operator()(long) const -> f"""
    while symbol != (shorter := re.sub(r"<[^<>]*>", "", symbol)):  # template arguments
        symbol = shorter
    symbol = symbol.split("::{lambda")[0].replace("(anonymous namespace)::", "")
    symbol = symbol.replace("operator()", "operator[]").split("(")[0].replace("[]", "()")
    return symbol.split(" ")[-1].replace("excite::", "")


def calls():
    """From main to the newest frame."""
    chain, frame = [], gdb.newest_frame()
    while frame:
        function = frame.function()
        file = os.path.normpath(function.symtab.filename) if function else "/"
        if not file.startswith("/"):
            symbol = gdb.execute(f"info symbol {frame.pc()}", to_string=True)
            symbol = re.sub(r"( \+ \d+)? in section .*", "", symbol).strip()
            chain.insert(0, f"{function_name(symbol)} {file}")
        frame = frame.older()
    merged = []
    for call in chain:
        if call in merged:  # a lambda: what called it is left out
            del merged[merged.index(call):]
        merged.append(call)
    return merged


def walk(functions):
    breakpoints = {}
    for function in functions:
        name, file = function.split()
        breakpoints[function] = gdb.Breakpoint(source=file, function=name)
    gdb.execute("run >/dev/null", to_string=True)
    while breakpoints and gdb.selected_inferior().pid:
        chain = calls()
        if chain and chain[-1] in breakpoints:
            breakpoints.pop(chain[-1]).delete()
            print("stop " + " > ".join(chain))
        gdb.execute("continue", to_string=True)
    for function in breakpoints:
        print(f"never {function}")


gdb.execute("set pagination off")
gdb.execute("set breakpoint pending off")
walk(open(os.environ["LINES_FILE"]).read().splitlines())
gdb.execute("kill" if gdb.selected_inferior().pid else "quit")
