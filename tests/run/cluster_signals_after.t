#!/bin/bash
# cluster_signals.t, where AWS has carried out what it was asked for, and its answer is not heard.
HOW=hold-after
. "$(dirname "$0")/cluster_signals.t"
