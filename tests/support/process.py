"""What a process costs, as /proc tells it."""

import glob
import pathlib
import re


def cpu_seconds(pid):
    """CPU time of all its threads. To the nanosecond; /proc/PID/stat counts in hundredths of a second."""
    total = 0
    for file in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        total += int(pathlib.Path(file).read_text(encoding="ascii").split()[0])
    return total / 1e9


def resident_bytes(pid):
    return _status(pid, "VmRSS")


def peak_resident_bytes(pid):
    return _status(pid, "VmHWM")


def _status(pid, key):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf8")
    return int(re.search(rf"^{key}:\s+(\d+) kB", status, re.M)[1]) * 1024
