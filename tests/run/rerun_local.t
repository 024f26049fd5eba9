#!/bin/bash
# rerun.t on local.
ENGINE=local
. "$(dirname "$0")/rerun.t"
