// SPDX-License-Identifier: Apache-2.0
// Pinning threads, and how far apart the processors are just now: a virtual machine's host may move them.
#ifndef BENCH_SUPPORT_PROCESSORS_HPP
#define BENCH_SUPPORT_PROCESSORS_HPP

#include <string>
#include <vector>

namespace pto::bench {

/// Processors that this thread may use, in ascending order.
std::vector<int> allowed_processors();

/// This thread, and those that it starts from now on, use only these. Ends the program if the system refuses.
void pin_thread(const std::vector<int> &processors);

/// Threads of this process that bear this name use only these processors from now on. Those that there are just now.
void pin_threads_named(const std::string &name, const std::vector<int> &processors);

/// Whether this process has a thread of this name.
bool has_thread_named(const std::string &name);

/// Median time in ns that a flag takes from one processor to the other and back; 0 if they are the same.
double ping_pong_ns(int first, int second);

/// "smt", "near" or "far", by the time of a flag there and back; "one" if there is one processor only.
const char *placement_name(double round_trip_ns);

/// Pins this thread as long as it lives, then gives it back what it had.
class Pinned {
public:
    explicit Pinned(const std::vector<int> &processors) : before_(allowed_processors()) { pin_thread(processors); }
    ~Pinned() { pin_thread(before_); }
    Pinned(const Pinned &) = delete;
    Pinned &operator=(const Pinned &) = delete;

private:
    std::vector<int> before_;
};

} // namespace pto::bench

#endif
