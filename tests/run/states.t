#!/bin/bash
# The diagram of a task's states in the README is what the program's own table prints.
. "$(dirname "$0")/lib.sh"
"$DWH" states >"$T/states"
is "$(grep -c -- '->' "$T/states")" 11 'the table has eleven moves'
is "$(grep -E '^[a-z]+ +-> [a-z]+ +: ' "$TOP/README.md")" "$(cat "$T/states")" \
	'the README shows the same'
done_testing
