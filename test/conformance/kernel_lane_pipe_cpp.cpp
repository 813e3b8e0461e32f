// SPDX-License-Identifier: Apache-2.0
// The same in C++, whose inline variables compilers may make unique in the process.
#include "kernel_lane_pipe.c"
