// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_POSIX_STATIC_THREAD_LOCAL_H
#define PTO_POSIX_STATIC_THREAD_LOCAL_H

/// For a few bytes of each thread: in the static block, which is there from the start and takes no call to find. A
/// library that is loaded later has little room in it.
#define PTO_STATIC_THREAD_LOCAL __attribute__((tls_model("initial-exec"))) thread_local

#endif
