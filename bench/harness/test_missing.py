#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A peer that is not installed leaves its column out, and the report says so; without any peer there is still a report.

    test_missing.py BUILD_FOLDER"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.abspath(sys.argv.pop(1))
HERE = os.path.dirname(os.path.abspath(__file__))
OURS = ('bench/bench-serial', 'bench/bench-probe', 'bench/bench-ramify', 'bench/micro-ramify', 'bin/ramify')


class Missing(unittest.TestCase):
    def report(self, *peers):
        """The terminal's text, the page and the JSON of a build that has these forms beside our own."""
        with tempfile.TemporaryDirectory() as folder:
            for path in (*OURS, *(f'bench/{kind}-{peer}' for peer in peers for kind in ('bench', 'micro'))):
                link = os.path.join(folder, 'build', path)
                os.makedirs(os.path.dirname(link), exist_ok=True)
                os.symlink(os.path.join(BUILD, path), link)
            done = subprocess.run([sys.executable, '-B', os.path.join(HERE, 'bench_report.py'), 'build', 'report', '--quick',
                                   '--only', 'floorplan'], cwd=folder, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            with open(os.path.join(folder, 'report', 'index.html'), encoding='utf-8') as page:
                with open(os.path.join(folder, 'report', 'report.json'), encoding='utf-8') as figures:
                    return done.stdout, page.read(), json.load(figures)

    def test_no_peer_at_all(self):
        said, page, figures = self.report()
        self.assertEqual(sorted(figures['missing']), ['libgomp', 'libomp', 'onetbb'])
        self.assertEqual(said.count('Left out, because it is not installed'), 3)
        for words in ('libgomp</th>', 'libomp</th>', 'oneTBB</th>', 'better OpenMP</th>', 'ahead of every parallel peer'):
            self.assertFalse(words in page, words)
        self.assertTrue('>serial</th>' in page)

    @unittest.skipUnless(os.path.exists(os.path.join(BUILD, 'bench', 'bench-libgomp')), 'libgomp is not built')
    def test_one_peer(self):
        said, page, figures = self.report('libgomp')
        self.assertEqual(sorted(figures['missing']), ['libomp', 'onetbb'])
        self.assertEqual(said.count('Left out, because it is not installed'), 2)
        self.assertTrue('gcc / libgomp</th>' in page)
        for words in ('libomp</th>', 'oneTBB</th>'):
            self.assertFalse(words in page, words)


if __name__ == '__main__':
    unittest.main()
