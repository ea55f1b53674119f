# SPDX-License-Identifier: BSD-3-Clause
"""What is measured: the series for the kernels and for the micro benchmarks, with their sizes for quick and full runs.

Times: a quick run takes less than a minute on two cores, a full one about three; the counts below were chosen for it."""
import json
import os
import subprocess

from run_jobs import Job, Series

REPEATS = 5

POLICIES = ['round-robin', 'random', 'hash', 'weighted', 'load-aware', 'work-stealing', 'hierarchical', 'affinity']
DEFAULT_POLICY = 'work-stealing'

# The mission's own table: policy -> (operations per second, P99 in nanoseconds).
MISSION = {
    'round-robin': (200_000, 500_000),
    'load-aware': (150_000, 1_000_000),
    'work-stealing': (250_000, 500_000),
    'hierarchical': (300_000, 1_000_000),
    'affinity': (180_000, 800_000),
}
MISSION_FACTOR = 100  # what the project aims at, in batches

OPENMP = {'OMP_PROC_BIND': 'close', 'OMP_PLACES': 'cores', 'OMP_DYNAMIC': 'false'}

# Micro benchmarks: name -> (tasks or hand-offs quick, full, every policy or the default alone).
THROUGHPUT = {
    'external-single': (100_000, 1_000_000, True),
    'external-batch': (200_000, 1_000_000, True),
    'external-many': (100_000, 500_000, False),
    'external-100ns': (100_000, 500_000, False),
    'inside-single': (100_000, 500_000, True),
    'inside-batch': (200_000, 1_000_000, False),
    'inside-many': (100_000, 500_000, False),
    'flat-100ns': (100_000, 500_000, True),
}
HANDOFF = {
    'handoff-spin': (10_000, 50_000, True),
    'handoff-parked': (50, 100, False),
}
PACED = ('paced-inside', 'paced-outside')
PACED_SECONDS = (0.1, 0.4)
MEMORY_TASKS = (1_000_000, 100_000_000)
START_STOP_ROUNDS = (50, 300)
NO_OUTSIDE = ('external-single', 'external-batch', 'external-many', 'external-100ns')  # not in OpenMP


class Plan:
    """Makes series for a build folder, the machine's facts and a mode (quick or full)."""

    def __init__(self, build, facts, built_forms, quick):
        self.bench = os.path.join(build, 'bench')
        self.cpus, self.workers = facts['cpus_used'], facts['workers']
        self.forms, self.quick = built_forms, quick

    def kernels(self):
        listed = subprocess.run([os.path.join(self.bench, 'bench-serial'), '--list'], stdout=subprocess.PIPE,
                                text=True, check=True)
        return json.loads(listed.stdout)

    def pick(self, pair):
        return pair[0] if self.quick else pair[1]

    def settings(self, impl, wait=None):
        if not impl.startswith(('libgomp', 'libomp')):
            return {}
        settings = dict(OPENMP, OMP_NUM_THREADS=str(self.workers))
        if wait:
            settings['OMP_WAIT_POLICY'] = wait
        return settings

    def kernel_job(self, form, kernel, policy=''):
        size, seed = (kernel['quick'], kernel['quick_seed']) if self.quick else (kernel['full'], 0)
        serial = form.startswith('serial')
        argv = [os.path.join(self.bench, f'bench-{form}'), kernel['name'], '--workers',
                '1' if serial else str(self.workers), '--size', str(size), '--seed', str(seed)]
        if policy:
            argv += ['--policy', policy]
        return Job(form, policy, argv, self.cpus[:1] if serial else self.cpus, self.settings(form))

    def kernel_series(self, kernel):
        jobs = []
        for form in self.forms:
            if form == 'ramify':
                jobs += [self.kernel_job(form, kernel, policy) for policy in POLICIES]
            elif kernel['loops'] or not form.endswith('-loops'):
                jobs.append(self.kernel_job(form, kernel))
        return Series(kernel['name'], jobs, REPEATS)

    def micro_job(self, form, bench, count, policy='', wait=None, extra=()):
        argv = [os.path.join(self.bench, f'micro-{form}'), bench, '--workers', str(self.workers), '--count',
                str(count), *extra]
        if policy:
            argv += ['--policy', policy]
        return Job(form, policy, argv, self.cpus, self.settings(form, wait))

    def micro_series(self, bench, spec):
        quick, full, every_policy = spec
        count = self.pick((quick, full))
        wait = {'handoff-spin': 'active', 'handoff-parked': 'passive'}.get(bench)
        jobs = []
        for form in ('libgomp', 'libomp', 'onetbb'):
            outside = bench in NO_OUTSIDE and form != 'onetbb'
            if form in self.forms and not outside and not (bench == 'external-batch'):
                jobs.append(self.micro_job(form, bench, count, wait=wait))
        if 'ramify' in self.forms:
            for policy in POLICIES if every_policy else [DEFAULT_POLICY]:
                jobs.append(self.micro_job('ramify', bench, count, policy))
        return Series(bench, jobs, REPEATS)

    def mission_series(self):
        """P99 at the mission's own rates, from inside and from outside the pool."""
        found = []
        for bench in PACED:
            jobs = []
            for policy, (rate_hz, _) in MISSION.items():
                count = int(rate_hz * self.pick(PACED_SECONDS))
                jobs.append(self.micro_job('ramify', bench, count, policy, extra=('--rate', str(rate_hz))))
            found.append(Series(bench, jobs, REPEATS))
        return found

    def own_series(self):
        """What only Ramify is asked for."""
        start = [self.micro_job('ramify', 'start-stop', self.pick(START_STOP_ROUNDS), DEFAULT_POLICY)]
        memory = [self.micro_job('ramify', 'memory', self.pick(MEMORY_TASKS), DEFAULT_POLICY)]
        idle = [self.micro_job('ramify', 'idle', 1, DEFAULT_POLICY)]
        return [Series('start-stop', start, REPEATS), Series('memory', memory, 1), Series('idle', idle, 1)]

    def all_series(self):
        """Every series by its name, in the order of the report."""
        found = [self.kernel_series(kernel) for kernel in self.kernels()]
        found += [self.micro_series(name, spec) for name, spec in {**HANDOFF, **THROUGHPUT}.items()]
        if 'ramify' in self.forms:
            found += self.mission_series() + self.own_series()
        return {series.name: series for series in found}
