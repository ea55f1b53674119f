#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the Spack recipe against a stand-in for Spack and compares what it passes with the options CMake knows.

    recipe.py ROOT

The stand-in has the few names that the recipe uses; an import or a call of anything else fails here as it would there."""
import os
import re
import sys
import types

RECIPE = 'spack/spack_repo/ramify/packages/ramify/package.py'
REPO = 'spack/spack_repo/ramify/repo.yaml'
# Of the project, not of a Spack user: sanitizers are for its developers.
NOT_A_VARIANT = {'RAMIFY_SANITIZE'}


class Recorder:
    """Spack's directives, remembering their calls."""

    def __init__(self):
        self.calls = []

    def directive(self, name):
        return lambda *args, **named: self.calls.append((name, args, named))

    def named(self, name):
        return [(args, named) for called, args, named in self.calls if called == name]


class CMakePackage:
    """What Spack's class of this name offers the recipe: options as words for the command line."""
    run_tests = False

    def define(self, name, value):
        return f'-D{name}:BOOL={"ON" if value else "OFF"}'

    def define_from_variant(self, name, variant):
        return self.define(name, self.chosen[variant])


def load(path):
    """The recipe's class and the directives it called."""
    recorder = Recorder()
    spack = types.ModuleType('spack.package')
    for name in ('license', 'version', 'variant', 'depends_on', 'conflicts'):
        setattr(spack, name, recorder.directive(name))
    builtin = types.ModuleType('spack_repo.builtin.build_systems.cmake')
    builtin.CMakePackage = CMakePackage
    parents = ['spack', 'spack_repo', 'spack_repo.builtin', 'spack_repo.builtin.build_systems']
    sys.modules.update({name: types.ModuleType(name) for name in parents})
    sys.modules.update({spack.__name__: spack, builtin.__name__: builtin})
    with open(path, encoding='utf-8') as file:
        space = {'__name__': 'recipe', '__file__': path}
        exec(compile(file.read(), path, 'exec'), space)
    return space['Ramify'], recorder


def arguments(recipe, chosen, run_tests=False):
    """{option: value} that the recipe passes for a choice of variants."""
    package = recipe()
    package.chosen, package.run_tests = chosen, run_tests
    return dict(re.fullmatch(r'-D(\w+)(?::BOOL)?=(ON|OFF)', word).groups() for word in package.cmake_args())


def cmake_options(root):
    with open(os.path.join(root, 'CMakeLists.txt'), encoding='utf-8') as file:
        text = file.read()
    named = re.findall(r'^\s*option\((\w+)', text, re.MULTILINE)
    return set(named) | set(re.findall(r'^\s*set\((RAMIFY_\w+)[^)]*\bCACHE\b', text, re.MULTILINE))


def complaints(root):
    recipe, recorder = load(os.path.join(root, RECIPE))
    variants = {args[0]: named['default'] for args, named in recorder.named('variant')}
    passed, options = arguments(recipe, variants), cmake_options(root) - NOT_A_VARIANT
    for option in sorted(options ^ set(passed)):
        yield f'{option}: ' + ('CMake has it, the recipe does not pass it' if option in options else 'CMake has no such option')
    for variant, default in variants.items():
        other = arguments(recipe, {**variants, variant: not default})
        if len([o for o in passed if passed[o] != other[o]]) != 1:
            yield f'variant {variant}: does not switch exactly one option'
    if arguments(recipe, variants, run_tests=True)['RAMIFY_TESTS'] != 'ON' or passed['RAMIFY_TESTS'] != 'OFF':
        yield 'RAMIFY_TESTS: does not follow --test'
    for args, named in recorder.named('depends_on'):
        for variant in re.findall(r'[+~](\w+)', named.get('when', '')):
            if variant not in variants:
                yield f'depends_on {args[0]}: no variant {variant}'
    if not os.path.samefile(recipe.git[len('file://'):], root):
        yield f'the recipe would build {recipe.git}'
    with open(os.path.join(root, REPO), encoding='utf-8') as file:
        if not re.search(r'^repo:\n  namespace: ramify\n  api: v2\.\d+$', file.read(), re.MULTILINE):
            yield f'{REPO}: not a repository of layout 2'


def main():
    found = list(complaints(sys.argv[1]))
    print('\n'.join(found) or 'the recipe and CMakeLists.txt agree')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
