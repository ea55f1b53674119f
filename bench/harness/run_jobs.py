# SPDX-License-Identifier: BSD-3-Clause
"""Runs the measured programs: each run a process of its own, interleaved A B C A B C, bound alike, with a progress line.
Where the machine tells, a result carries the energy the packages took during its process.

A job is a program's arguments and what names it; a series is the jobs that are compared with each other."""
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace

from energy import Meter

RUN_TIMEOUT_S = 60  # the slowest run known takes 3 s on a quiet machine; a peer that hangs must not hold the rest
SKIP_STATUS = 77
METER = Meter()
MIB = 1 << 20


@dataclass
class Job:
    """One variant of one measurement, and what its runs gave."""
    impl: str
    policy: str
    argv: list
    cpus: list
    settings: dict = field(default_factory=dict)  # environment beyond the common one
    workers: int = 1
    stack_mib: int = 0  # of every thread the process makes; 0: the caller's limit
    results: list = field(default_factory=list)
    error: str = ''
    skipped: str = ''

    @property
    def name(self):
        return f'{self.impl} {self.policy}'.strip() + f', {self.workers} worker' + 's' * (self.workers > 1)

    def anew(self):
        """The same job, not run yet."""
        return replace(self, results=[], error='', skipped='')

    def command(self):
        """As a reader would type it."""
        settings = [f'{key}={value}' for key, value in sorted(self.settings.items())]
        if self.stack_mib:
            settings += ['prlimit', f'--stack={self.stack_mib * MIB}:']
        return ' '.join(settings + ['taskset', '-c', ','.join(map(str, self.cpus))] + self.argv)


@dataclass
class Series:
    name: str
    jobs: list
    repeats: int
    again: list = field(default_factory=list)  # jobs of this series run once more, in a series of their own (parts.py)


def environment(settings):
    """The caller's environment without what would steer a runtime behind the report's back, plus the settings."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(('RAMIFY_', 'OMP_', 'GOMP_', 'KMP_', 'TBB_'))}
    kept.update(settings)
    return kept


def confine(job):
    """In the new process, before the program."""
    os.sched_setaffinity(0, job.cpus)
    if job.stack_mib:
        resource.setrlimit(resource.RLIMIT_STACK, (job.stack_mib * MIB, resource.getrlimit(resource.RLIMIT_STACK)[1]))


def run_once(job):
    """Runs a job once and keeps its result, or the reason why there is none."""
    before = METER.read()
    try:
        done = subprocess.run(job.argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=RUN_TIMEOUT_S, env=environment(job.settings), check=False,
                              preexec_fn=lambda: confine(job))
    except subprocess.TimeoutExpired:
        job.error = f'did not end within {RUN_TIMEOUT_S} s'
        return
    except OSError as trouble:
        job.error = str(trouble)
        return
    if done.returncode == SKIP_STATUS:
        job.skipped = done.stderr.strip()
        return
    try:
        result = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        job.error = f'exit status {done.returncode}: {(done.stderr.strip() or "no output").splitlines()[-1]}'
        return
    joules = METER.joules(before)
    job.results.append(result if joules is None else {**result, 'process_joules': joules})
    if done.returncode:
        job.error = f'exit status {done.returncode}: {done.stderr.strip() or "the check failed"}'


class Progress:
    """A bar on a terminal; elsewhere a line when a series begins."""
    WIDTH = 32

    def __init__(self, total):
        self.total, self.done, self.begin = max(total, 1), 0, time.monotonic()
        self.terminal = sys.stderr.isatty()

    def series(self, name):
        if not self.terminal:
            print(f'-- {name} ({time.monotonic() - self.begin:.0f} s)', file=sys.stderr, flush=True)

    def step(self, name):
        self.done += 1
        if self.terminal:
            full = self.WIDTH * self.done // self.total
            bar = '\u2588' * full + '\u2591' * (self.WIDTH - full)
            print(f'\r{bar} {100 * self.done // self.total:3d} %  {name[:40]:40s}', end='', file=sys.stderr, flush=True)

    def close(self):
        if self.terminal:
            print('\r' + ' ' * (self.WIDTH + 50) + '\r', end='', file=sys.stderr, flush=True)


def run_all(series_list):
    """Runs every series: round after round over its jobs, so that a slow minute hits all of them alike."""
    progress = Progress(sum(len(s.jobs) * s.repeats for s in series_list))
    for series in series_list:
        progress.series(series.name)
        for _ in range(series.repeats):
            for job in series.jobs:
                if not job.error and not job.skipped:
                    run_once(job)
                progress.step(f'{series.name}: {job.name}')
    progress.close()
