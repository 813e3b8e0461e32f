// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_POSIX_PROCESS_BARRIER_H
#define PTO_POSIX_PROCESS_BARRIER_H

namespace pto::posix {

/// Whether the system has process_barrier(). Looks once, then remembers. Any thread.
bool has_process_barrier();

/// A full memory barrier on every thread of the process that is running. Costs microseconds, so that the threads it is
/// for need none of their own.
void process_barrier();

} // namespace pto::posix

#endif
