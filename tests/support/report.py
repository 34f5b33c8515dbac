"""What a measurement is told and prints: numbers, progress on a terminal, plain tables, a file of JSON."""

import argparse
import json
import pathlib
import sys


BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # of a histogram, in milliseconds
BAR = 60  # characters


def positive(text):
    """The type of an argument that is a number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1")
    return int(text)


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


def histogram(times):
    """A bar for each class of seconds that has any."""
    counts = [0] * (len(BOUNDS) + 1)
    for value in times:
        counts[sum(value * 1000 > bound for bound in BOUNDS)] += 1
    names = [f"up to {bound} ms" for bound in BOUNDS] + ["longer"]
    rows = [(name, count) for name, count in zip(names, counts) if count]
    for name, count in rows:
        print(f"{name:>13}  {'#' * -(-count * BAR // max(counts))} {count}")


def percentile(values, percent):
    """The smallest value that is at least as large as `percent` of all values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def write_json(path, figures):
    if path:
        pathlib.Path(path).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
