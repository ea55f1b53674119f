#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the report says must follow from the runs: medians, verdicts, the better form of a peer, and failed checks."""
import unittest

import ratios
from run_jobs import Job, Series, environment


def job(impl, policy, seconds, check='aa', right=True):
    made = Job(impl, policy, ['bench-' + impl, 'k'], [0])
    made.results = [{'seconds': s, 'check': check, 'right': right, 'size': 7, 'seed': 3} for s in seconds]
    return made


class Figures(unittest.TestCase):
    def test_middle_half_of_five(self):
        fig = ratios.figure([5.0, 1.0, 4.0, 2.0, 3.0])
        self.assertEqual((fig['median'], fig['min'], fig['max'], fig['q1'], fig['q3']), (3.0, 1.0, 5.0, 2.0, 4.0))
        self.assertEqual(fig['runs'], [5.0, 1.0, 4.0, 2.0, 3.0])
        self.assertIsNone(ratios.figure([]))

    def test_a_difference_needs_halves_apart(self):
        fast, slow = ratios.figure([1, 1, 1, 1, 9]), ratios.figure([2, 2, 2, 2, 2])
        touching = ratios.figure([1, 1, 1, 2, 2])
        self.assertEqual(ratios.verdict(fast, slow), 'ahead')
        self.assertEqual(ratios.verdict(slow, fast), 'behind')
        self.assertEqual(ratios.verdict(touching, slow), 'level')

    def test_geometric_mean(self):
        self.assertAlmostEqual(ratios.geometric_mean([1.0, 4.0]), 2.0)
        self.assertIsNone(ratios.geometric_mean([]))


class Rows(unittest.TestCase):
    def setUp(self):
        self.series = Series('k', [job('serial', '', [4.0] * 5), job('libgomp', '', [3.0] * 5),
                                   job('libgomp-loops', '', [2.0] * 5), job('onetbb', '', [1.0] * 5),
                                   job('ramify', 'work-stealing', [2.0] * 5), job('ramify', 'affinity', [1.0] * 5)], 5)

    def test_better_form_of_a_peer_counts(self):
        row = ratios.kernel_row(self.series)
        self.assertEqual(row['peers']['libgomp']['form'], 'libgomp-loops')
        self.assertEqual(row['best_policy'], 'affinity')
        self.assertEqual(row['against']['best']['libgomp'], {'ratio': 2.0, 'verdict': 'ahead'})
        self.assertEqual(row['against']['default']['libgomp'], {'ratio': 1.0, 'verdict': 'level'})
        self.assertNotIn('libomp', row['against']['best'])

    def test_where_not_ahead_is_said(self):
        self.assertEqual(ratios.not_ahead([ratios.kernel_row(self.series)]), [('k', 'onetbb', 1.0, 'level')])

    def test_wrong_check_names_size_and_seed(self):
        self.assertEqual(list(ratios.check_failures(self.series)), [])
        self.series.jobs.append(job('libomp', '', [1.0], check='bb'))
        found = list(ratios.check_failures(self.series))
        self.assertEqual(len(found), 1)
        for words in ('k in libomp', 'size 7', 'seed 3', 'bb', 'taskset -c 0 bench-libomp k'):
            self.assertIn(words, found[0])

    def test_run_without_result_fails_for_ramify_alone(self):
        for impl in ('onetbb', 'ramify'):
            broken = job(impl, '', [])
            broken.error = 'exit status 2: no'
            self.series.jobs.append(broken)
        self.assertEqual([f.split(':')[0] for f in ratios.check_failures(self.series)], ['k in ramify'])


class Environment(unittest.TestCase):
    def test_steering_variables_are_not_passed_on(self):
        import os
        os.environ['OMP_NUM_THREADS'] = os.environ['RAMIFY_POLICY'] = '1'
        self.assertEqual([k for k in environment({'OMP_PLACES': 'cores'}) if k.startswith(('OMP_', 'RAMIFY_'))],
                         ['OMP_PLACES'])


if __name__ == '__main__':
    unittest.main()
