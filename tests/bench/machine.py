"""What a measurement ran on, for those who compare it with theirs.

    print(describe(machine()))
"""

import os
import pathlib
import platform
import re


def machine():
    """Figures and texts, for JSON too."""
    return {
        "processor": _of("/proc/cpuinfo", r"^model name\s*:\s*(.+)$") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "system": _of("/etc/os-release", r'^PRETTY_NAME="?([^"\n]+)"?$') or platform.system(),
        "release": _of("/etc/debian_version", r"^(.+)$"),
        "load_average": os.getloadavg()[0],
    }


def describe(of):
    release = f" ({of['release']})" if of["release"] else ""
    return (f"{of['processor']}, {of['cores']} cores, {of['memory_bytes'] / 2**30:.0f} GiB, {of['system']}{release}, Linux {of['kernel']}; "
            f"load average at the start {of['load_average']:.1f}")


def _of(path, pattern):
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(encoding="utf8", errors="replace"), re.M)
    except OSError:
        return None
    return found and found[1].strip()
