# SPDX-License-Identifier: BSD-3-Clause
"""What every part of the report shares when it says what to run: the machine's workers, the forms that were built, and
how a kernel or a micro benchmark of a form is called. The parts themselves hold sizes and choose series."""
import json
import os
import subprocess

from run_jobs import Job

REPEATS = 5        # rounds of a full run
REPEATS_AGAIN = 15  # rounds of a full run where the first ones show a small difference
REPEATS_QUICK = 3  # the least that has a median and a middle

POLICIES = ['round-robin', 'random', 'hash', 'weighted', 'load-aware', 'work-stealing', 'hierarchical', 'affinity']
DEFAULT_POLICY = 'work-stealing'

OPENMP = {'OMP_PROC_BIND': 'close', 'OMP_PLACES': 'cores', 'OMP_DYNAMIC': 'false'}


def worker_counts(workers):
    """1, 2, 4 ... and all."""
    counts = []
    while not counts or counts[-1] * 2 < workers:
        counts.append(counts[-1] * 2 if counts else 1)
    return sorted({*counts, workers})


class Plan:
    """A build folder, the machine's facts and what the command line asked for."""

    def __init__(self, build, facts, built_forms, options, quick=None):
        self.bench = os.path.join(build, 'bench')
        self.cpus, self.workers = facts['cpus_used'], facts['workers']
        self.counts = worker_counts(self.workers)
        self.forms, self.options = built_forms, options
        self.quick = options.quick if quick is None else quick
        self.repeats = REPEATS_QUICK if self.quick else REPEATS
        self._kernels = None

    def kernels(self):
        """What the serial form lists: name, summary, sizes ... of every kernel."""
        if self._kernels is None:
            listed = subprocess.run([os.path.join(self.bench, 'bench-serial'), '--list'], stdout=subprocess.PIPE,
                                    text=True, check=True)
            self._kernels = json.loads(listed.stdout)
        return self._kernels

    def micro_benches(self, form):
        """The measurements a form's micro benchmarks have."""
        listed = subprocess.run([os.path.join(self.bench, f'micro-{form}'), '--list'], stdout=subprocess.PIPE, text=True,
                                check=True)
        return listed.stdout.split()

    def pick(self, pair):
        return pair[0] if self.quick else pair[1]

    def settings(self, impl, workers, wait=None):
        if not impl.startswith(('libgomp', 'libomp')):
            return {}
        settings = dict(OPENMP, OMP_NUM_THREADS=str(workers))
        if wait:
            settings['OMP_WAIT_POLICY'] = wait
        return settings

    def kernel_job(self, form, name, size, seed=0, policy='', workers=None, extra=()):
        """One kernel in one form on so many workers; a serial form takes one, whatever is asked."""
        workers = 1 if form.startswith('serial') else workers or self.workers
        argv = [os.path.join(self.bench, f'bench-{form}'), name, '--workers', str(workers), '--size', str(size),
                '--seed', str(seed), *extra]
        if policy:
            argv += ['--policy', policy]
        return Job(form, policy, argv, self.cpus[:workers], self.settings(form, workers), workers)

    def micro_job(self, form, bench, count, policy='', wait=None, extra=(), workers=None):
        workers = workers or self.workers
        argv = [os.path.join(self.bench, f'micro-{form}'), bench, '--workers', str(workers), '--count', str(count), *extra]
        if policy:
            argv += ['--policy', policy]
        return Job(form, policy, argv, self.cpus[:workers], self.settings(form, workers, wait), workers)
