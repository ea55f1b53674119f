#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Compiles every public header alone, and twice over, as C11 and as C++17, without a warning from any compiler here.
#   headers.sh INCLUDE_DIR
set -euo pipefail
include=$1
warnings=(-Wall -Wextra -Wshadow -pedantic -Werror -fsyntax-only)
compiled=0 failed=0

try() { # try LANGUAGE-AND-COMPILER...: reads the program from standard input
    compiled=$((compiled + 1))
    if [ ${#openmp[@]} -gt 0 ] && ! "$@" -fopenmp -fsyntax-only - 2>/dev/null <<<'#include <omp.h>'; then
        echo "not compiled for want of OpenMP: $* <$header>" && return
    fi
    "$@" "${openmp[@]}" "${warnings[@]}" -I"$include" - || { echo "failed: $* <$header>"; failed=$((failed + 1)); }
}

for header in "$include"/ramify/*.h; do
    header=ramify/${header##*/}
    openmp=()
    [ "$header" != ramify/openmp.h ] || openmp=(-fopenmp)
    program=$(printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$header" "$header")
    for cc in gcc clang; do
        ! command -v $cc >/dev/null || try $cc -x c -std=c11 <<<"$program"
    done
    for cxx in g++ clang++; do
        ! command -v $cxx >/dev/null || try $cxx -x c++ -std=c++17 <<<"$program"
    done
done
echo "$compiled compilations, $failed failed"
[ $compiled -gt 0 ] && [ $failed = 0 ]
