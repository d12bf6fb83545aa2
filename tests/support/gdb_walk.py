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
    """excite::Block<excite::Net>::f<int>(long)::{lambda(long)#1}::operator()() -> Block<Net>::f"""
    symbol = symbol.replace("(anonymous namespace)::", "").replace("excite::", "")
    symbol = re.sub(r"<(\w+)>::", r"[[\1]]::", symbol)  # a template class keeps its argument
    while symbol != (shorter := re.sub(r"<[^<>]*>", "", symbol)):
        symbol = shorter
    symbol = symbol.split("::{lambda")[0].replace("operator()", "operator{}").split("(")[0]
    return symbol.split(" ")[-1].replace("{}", "()").replace("[[", "<").replace("]]", ">")


def calls():
    """From main to the newest frame."""
    chain, frame = [], gdb.newest_frame()
    while frame:
        source = frame.find_sal().symtab
        file = os.path.normpath(source.filename) if source else "/"
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
        name = re.sub("<.*>", "", name)  # gdb finds templates by their names alone
        breakpoints[function] = gdb.Breakpoint(source=file, function=name)
    gdb.execute("run", to_string=True)
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
