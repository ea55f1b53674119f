#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shows that the build itself keeps the rooms in order: of two rooms made with the project's own ramify_room(), the upper
# one compiles with an include of the lower one, and the lower one does not with an include of the upper one.
#   upward.sh SOURCE_DIR WORK_DIR CMAKE CC
set -euo pipefail
source=$1 work=$2 cmake=$3 cc=$4

rm -rf "$work" && mkdir -p "$work/low" "$work/high"
cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.22)
project(Upward C)
include($source/src/build.cmake)
add_subdirectory(low)
add_subdirectory(high)
END
echo 'ramify_room(low SOURCES low.c upward.c)' >"$work/low/CMakeLists.txt"
echo 'ramify_room(high SOURCES high.c downward.c ROOMS low)' >"$work/high/CMakeLists.txt"
echo 'enum { LOW = 1 };' | tee "$work/low/low.h" >"$work/low/low.c"
echo 'enum { HIGH = 2 };' | tee "$work/high/high.h" >"$work/high/high.c"
printf '#include "low.h"\nint rmf_downward = LOW;\n' >"$work/high/downward.c"
printf '#include "high.h"\nint rmf_upward = HIGH;\n' >"$work/low/upward.c"

"$cmake" -S "$work" -B "$work/build" -DCMAKE_C_COMPILER="$cc" -G "Unix Makefiles" >"$work/log"
"$cmake" --build "$work/build" --target ramify_high >>"$work/log" || { cat "$work/log"; echo "downward: refused"; exit 1; }
if "$cmake" --build "$work/build" --target ramify_low >"$work/log" 2>&1; then
    echo "upward: an include of a higher room compiles"
    exit 1
fi
grep "high.h.*\(No such file\|not found\)" "$work/log" || { cat "$work/log"; echo "upward: failed for another reason"; exit 1; }
