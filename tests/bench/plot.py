"""A plot of ratios as PNG, by gnuplot: a panel for each title, in it a group of bars for each scenario.

    plot("ratios.png", {"Mosquitto 2.0.11, throughput": {"1to1-qos0": {"plugin": Ratio(0.98, 0.97, 0.99)}}})
"""

import shutil
import subprocess
import sys

_COLOURS = {"yes to all": "#c9d1d9", "plugin": "#1b6ca8", "acl_file": "#9aa5b1", "dynamic-security": "#d98c5f"}

_HEAD = """
set terminal pngcairo noenhanced size 1500, {height} font "DejaVu Sans,10"
set output "{path}"
set multiplot layout {panels}, 1
set style data histograms
set style histogram errorbars gap 1.5 lw 1
set style fill solid 0.9
set boxwidth 0.9
set grid y
set yrange [0:1.25]
set ytics 0.25
set key outside right top
set ylabel "÷ no access control"
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lw 1.5 front
"""


def check_gnuplot():
    if not shutil.which("gnuplot"):
        sys.exit("--plot: gnuplot is not installed: apt install gnuplot-nox")


def plot(path, ratios):
    """ratios: by title, scenario and who guards it: (median, low, high)."""
    script = [_HEAD.format(path=path, panels=len(ratios), height=480 * len(ratios))]
    for number, (title, scenarios) in enumerate(ratios.items()):
        names = list(next(iter(scenarios.values())))
        script.append(f"$data{number} << END")
        script += [" ".join([f'"{scenario}"', *(f"{value:.4f}" for name in names for value in of[name])]) for scenario, of in scenarios.items()]
        script.append("END")
        script.append(f'set title "{title}"')
        bars = [f'$data{number} using {3 * i + 2}:{3 * i + 3}:{3 * i + 4}{":xtic(1)" if i == 0 else ""} title "{name}" '
                f'linecolor rgb "{_colour(name)}"{" fillstyle pattern 5" if "," in name else ""}' for i, name in enumerate(names)]
        script.append("plot " + ", \\\n    ".join(bars))
    script.append("unset multiplot")
    done = subprocess.run(["gnuplot"], input="\n".join(script) + "\n", capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"gnuplot failed: {done.stderr.strip()}")


def _colour(name):
    return _COLOURS[name.partition(",")[0]]
