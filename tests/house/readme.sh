#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the first C program of the README against an install tree, runs it, and compares what it prints with the block
# that follows it. Also holds the README's opening to 30 lines with what a first reader needs (STYLE rule 30).
#   readme.sh README PREFIX WORK_DIR CC
set -euo pipefail
readme=$1 prefix=$2 work=$3 cc=$4

block() { # block NTH: the inside of the n-th fenced block
    awk -v nth="$1" '/^```/ { inside = !inside; if (inside) n++; next } inside && n == nth' "$readme"
}

rm -rf "$work" && mkdir -p "$work"
[ "$(grep -m 1 '^```' "$readme")" = '```c' ] || { echo "the first block is not C"; exit 1; }
block 1 >"$work/program.c"
block 2 >"$work/promised"
lines=$(wc -l <"$work/program.c")
[ "$lines" -le 12 ] || { echo "the program has $lines lines, 12 is the promise"; exit 1; }
for words in bench/run tests/run 'does not'; do
    head -n 30 "$readme" | grep -q "$words" || { echo "the first 30 lines do not say: $words"; exit 1; }
done

libdir=$(dirname "$(find "$prefix" -name 'libramify.*' | head -n 1)")
export PKG_CONFIG_PATH=$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
# shellcheck disable=SC2046 # flags are words
"$cc" -Wall -Wextra -Werror $(pkg-config --cflags ramify) "$work/program.c" -o "$work/program" $(pkg-config --libs ramify)
LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$work/program" >"$work/printed"
diff "$work/promised" "$work/printed"
