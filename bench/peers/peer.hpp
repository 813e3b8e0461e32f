// SPDX-License-Identifier: Apache-2.0
// What a task system has to offer to be measured beside the engine, and the program around it.
#ifndef BENCH_PEERS_PEER_HPP
#define BENCH_PEERS_PEER_HPP

#include "bench/support/program.hpp"
#include "bench/support/work.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pto::bench {

/// Two workers: the thread that calls, and one that is pinned to the other processor.
class Peer {
public:
    virtual ~Peer() = default;

    /// Ways of running a graph, by what they are called in figures; `run_ns` takes their number.
    virtual std::vector<std::string> ways() const = 0;
    /// The graph that is run from now on. Its tasks work if `works`, else they do nothing.
    virtual void load(WorkingGraph &graph, bool works) = 0;
    /// Wall time of one run of the graph.
    virtual double run_ns(size_t way) = 0;

    /// Ways of running one task and waiting for it.
    virtual std::vector<std::string> single_ways() const = 0;
    /// `count` samples of the time of one task, which adds one to `counter`, each after so much idleness.
    virtual std::vector<double> single_ns(size_t way, unsigned count, uint64_t idle_ns, uint64_t &counter) = 0;
};

/// Starts the workers and pins them, and this thread.
std::unique_ptr<Peer> make_peer(const Options &options);
extern const char *const kPeerName;
extern const char *const kPeerCompiler;

} // namespace pto::bench

#endif
