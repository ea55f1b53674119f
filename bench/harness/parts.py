# SPDX-License-Identifier: BSD-3-Clause
"""The parts of the report: every file part_NAME.py beside this one. Adding a part is adding a file.

A part is a module with
    ORDER                      where it stands on the page and in the run; those of today are tens apart
    TITLE                      its heading, also in --list
    series(plan)               what to run: a list of run_jobs.Series, their names unique over all parts
    evaluate(plan, series)     from the runs to a dict of JSON; 'failures' in it are sentences that fail the run
    section(found, report, canvas)   its HTML, '' when it has nothing to show (helpers in page.py, plots in plots.py)
    summary(found, report)     lines of text for the terminal
and, if it needs options of its own,
    arguments(parser)          adds them; the values come with plan.options
and, if the first runs decide what else is run,
    again(plan, series)        more series, run after all others; it keeps what evaluate() needs of them in Series.again
series() may be empty when a program it needs is not built; evaluate() then gets an empty list."""
import glob
import importlib
import os

PREFIX = 'part_'


def all_parts():
    """Name -> module, in the order of the page."""
    here = os.path.dirname(os.path.abspath(__file__))
    names = [os.path.basename(path)[:-len('.py')] for path in glob.glob(os.path.join(here, f'{PREFIX}*.py'))]
    modules = [importlib.import_module(name) for name in names]
    return {module.__name__[len(PREFIX):]: module for module in sorted(modules, key=lambda m: (m.ORDER, m.__name__))}
