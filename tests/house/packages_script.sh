#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks tests/packages.sh with a table and an apt-get of its own: what is found missing, that it is installed once, and
# what is said where nothing can be installed.
#   packages_script.sh SOURCE_DIR WORK_DIR
set -euo pipefail
source=$1 work=$2
rm -rf "$work" && mkdir -p "$work/bin"
export CALLS=$work/calls BIN=$work/bin TMPDIR=$work
: >"$CALLS"

# An apt-get that installs "tool-package", the home of the program ramify-test-tool.
cat >"$BIN/apt-get" <<'END'
#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in *install*tool-package*) printf '#!/bin/sh\n' >"$BIN/ramify-test-tool"; chmod +x "$BIN/ramify-test-tool" ;; esac
END
printf '#!/bin/sh\n[ "$1" = -n ] || exec "$@"\n' >"$BIN/sudo" # `sudo -n true` asks, `sudo COMMAND` runs
chmod +x "$BIN"/*
PATH=$BIN:$PATH

. "$source/tests/packages.sh"
packages_table() {
    cat <<'TABLE'
one|program:sh|here|here|here|here|here
one|program:ramify-test-tool|tool-package|tool-dnf|tool-zypper|tool-pacman|tool-spack
one|header:stddef.h,stdint.h|here|here|here|here|here
two|header:ramify_no_such_header.h|two-package other-package|two-dnf|two-zypper|two-pacman|two-spack
TABLE
}
same() { # same WANTED GOT
    [ "$1" = "$2" ] || { printf 'wanted: %s\ngot:    %s\n' "$1" "$2"; exit 1; }
}

same tool-package "$(packages_missing 3 one)"
same 'tool-package two-package other-package' "$(packages_missing 3 one two)"
same '' "$(packages_missing 3 none)"

packages_need one >/dev/null
same 2 "$(wc -l <"$CALLS")" # one update, one install
same '' "$(packages_missing 3 one)"
same '-- install: nothing is missing' "$(packages_need one)"
same 2 "$(wc -l <"$CALLS")"

# What apt claims to have installed and the compiler does not find is a failure; so is an apt-get that fails.
! packages_need two >/dev/null || { echo "not found after the install, yet no failure"; exit 1; }
printf '#!/bin/sh\nexit 100\n' >"$BIN/apt-get"
! said=$(packages_need two) || { echo "apt-get failed unnoticed"; exit 1; }
for words in 'apt-get install two-package other-package' 'dnf install two-dnf' 'zypper install two-zypper' \
    'pacman -S two-pacman' 'spack install two-spack'; do
    [[ $said == *"$words"* ]] || { echo "not said: $words"; exit 1; }
done
