"""Runs a command in a terminal of its own: python3 terminal.py STEPS COMMAND...

STEPS is JSON, a list of: {"expect": TEXT} waits until the terminal shows it, {"send": TEXT} types it, {"file": PATH}
waits until the file has a text, {"signal": NUMBER} sends one, {"echo": BOOL} says whether the terminal echoes now.
Prints what the terminal showed and ends as the command does; with 99 and what was missing if a step is not met in time.
Ends nothing but the command it has started.
"""

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time

DEADLINE = 30

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
master, slave = pty.openpty()


def control():
    os.setsid()
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, preexec_fn=control)
shown = ""
seen = 0
end = time.monotonic() + DEADLINE


def read(wait):
    global shown
    if select.select([master], [], [], wait)[0]:
        shown += os.read(master, 65536).decode(errors="replace")
        return True
    return False


def echoes():
    return bool(termios.tcgetattr(slave)[3] & termios.ECHO)


def until(what, probe):
    while not probe():
        if time.monotonic() > end:
            child.kill()
            print(f"{shown}\n--- not within {DEADLINE} s: {what}")
            sys.exit(99)
        read(0.02)


def find(text):
    global seen
    at = shown.find(text, seen)
    if at < 0:
        return False
    seen = at + len(text)
    return True


for step in steps:
    ((kind, value),) = step.items()
    if kind == "expect":
        until(step, lambda: find(value))
    elif kind == "send":
        os.write(master, value.encode())
    elif kind == "file":
        until(step, lambda: os.path.exists(value) and os.path.getsize(value) > 0)
    elif kind == "signal":
        child.send_signal(value)
    elif kind == "echo":
        until(step, lambda: echoes() == value)

until("the command ends", lambda: child.poll() is not None)
while read(0):
    pass
print(shown)
print(f"--- echo {echoes()}")
sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
