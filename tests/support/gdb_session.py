"""Runs in gdb: gives commands to it, and prints them with what they print.

usage: LINES_FILE=FILE gdb -batch -x tests/support/gdb_session.py --args PROGRAM ...

FILE has one command per line."""
import os
import gdb

gdb.execute("set pagination off")
for command in open(os.environ["LINES_FILE"]).read().splitlines():
    print("(gdb) " + command)
    print(gdb.execute(command, to_string=True), end="", flush=True)
gdb.execute("kill")
