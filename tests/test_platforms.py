"""What can be said about Windows on another system: every module can be imported without what Windows lacks."""

import subprocess
import sys

_IMPORT_ALL = """
import importlib, os, pkgutil, signal, sys
import tdmvc

names = [m.name for m in pkgutil.walk_packages(tdmvc.__path__, "tdmvc.") if not m.name.endswith("__main__")]
# Libraries are imported first, as they are on this system.
for name in names:
    importlib.import_module(name)
for name in [name for name in sys.modules if name.partition(".")[0] == "tdmvc"]:
    del sys.modules[name]
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
sys.platform = "win32"
for name in (
    "O_DIRECTORY O_NOFOLLOW O_NONBLOCK WNOHANG chown fork getegid geteuid getgid getpgid getpgrp getuid killpg lchown "
    "mkfifo register_at_fork sched_getaffinity setpgid setsid statvfs uname"
).split():
    if hasattr(os, name):
        delattr(os, name)
kept = "SIGABRT SIGFPE SIGILL SIGINT SIGSEGV SIGTERM SIG_DFL SIG_IGN".split()
for name in [name for name in dir(signal) if name.startswith("SIG") and name not in kept]:
    delattr(signal, name)
for name in names:
    importlib.import_module(name)
from tdmvc.cli.main import run

code = run(["-C", sys.argv[1], *sys.argv[2:]])
print(len(names), code)
"""


def test_every_module_can_be_imported_without_what_windows_lacks_and_servers_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, ".", "env", "list"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    count, _ = done.stdout.split()[-2:]
    assert int(count) > 500
