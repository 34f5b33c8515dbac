"""What a measurement prints: progress on a terminal, a plain table, a file of JSON."""

import json
import pathlib
import sys


def progress(text):
    """One line on a terminal, which the next one overwrites. "" wipes it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def table(rows):
    """Rows of texts below each other: the first column to the left, the others to the right."""
    progress("")
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths)]
        print("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip(), flush=True)


def percentile(values, percent):
    """The smallest value that is at least as large as `percent` of all values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def write_json(path, figures):
    if path:
        pathlib.Path(path).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
