// SPDX-License-Identifier: Apache-2.0
// oneTBB: its flow graph, which is told every edge, and its task groups.
#include "bench/peers/peer.hpp"
#include "bench/support/clock.hpp"
#include "bench/support/processors.hpp"

#include <deque>
#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>

namespace pto::bench {

const char *const kPeerName = "oneTBB";

const char *const kPeerCompiler = kCompiler;

namespace {

using Message = tbb::flow::continue_msg;

/// Pins each worker as it comes.
class WorkerPinner : public tbb::task_scheduler_observer {
public:
    explicit WorkerPinner(int processor) : processor_(processor) { observe(true); }
    ~WorkerPinner() override { observe(false); }
    void on_scheduler_entry(bool is_worker) override
    {
        if (is_worker)
            pin_thread({processor_});
    }

private:
    int processor_;
};

/// The nodes and edges of a graph.
class FlowGraph {
public:
    FlowGraph(WorkingGraph &graph, bool works)
    {
        for (uint32_t task = 0; task < graph.graph().size(); task++) {
            if (works)
                nodes_.emplace_back(flow_, [&graph, task](const Message &) { graph.run_task(task); });
            else
                nodes_.emplace_back(flow_, [](const Message &) {});
            const auto inputs = graph.graph().inputs(task);
            for (const uint32_t input : inputs)
                tbb::flow::make_edge(nodes_[input], nodes_[task]);
            if (inputs.empty())
                roots_.push_back(&nodes_.back());
        }
    }

    void run()
    {
        for (Node *root : roots_)
            root->try_put(Message());
        flow_.wait_for_all();
    }

private:
    using Node = tbb::flow::continue_node<Message>;
    tbb::flow::graph flow_;
    std::deque<Node> nodes_;
    std::vector<Node *> roots_;
};

class Tbb : public Peer {
public:
    explicit Tbb(const Options &options)
        : limit_(tbb::global_control::max_allowed_parallelism, 2), pinner_(options.partner())
    {
        expect_equal("workers of oneTBB", static_cast<uint64_t>(tbb::this_task_arena::max_concurrency()), 2);
        pin_thread({options.caller()});
    }

    std::vector<std::string> ways() const override { return {"build + run", "second run"}; }

    void load(WorkingGraph &graph, bool works) override
    {
        built_.reset();
        graph_ = &graph;
        works_ = works;
    }

    double run_ns(size_t way) override
    {
        if (way == 0) {
            built_.reset();
            return timed_ns([&] {
                built_ = std::make_unique<FlowGraph>(*graph_, works_);
                built_->run();
            });
        }
        if (!built_)
            built_ = std::make_unique<FlowGraph>(*graph_, works_);
        return timed_ns([&] { built_->run(); });
    }

    std::vector<std::string> single_ways() const override { return {"lightweight flow graph", "task_group"}; }

    std::vector<double> single_ns(size_t way, unsigned count, uint64_t idle_ns, uint64_t &counter) override
    {
        const auto sample = [&](auto &&run) {
            return sample_times(count, [&] {
                if (idle_ns > 0)
                    spin_ns(idle_ns);
                return timed_ns(run);
            });
        };
        if (way == 0) {
            tbb::flow::graph flow;
            tbb::flow::continue_node<Message, tbb::flow::lightweight> node(
                flow, [&counter](const Message &) noexcept { counter++; });
            return sample([&] {
                node.try_put(Message());
                flow.wait_for_all();
            });
        }
        tbb::task_group group;
        return sample([&] {
            group.run([&counter] { counter++; });
            group.wait();
        });
    }

private:
    tbb::global_control limit_;
    WorkerPinner pinner_;
    WorkingGraph *graph_ = nullptr;
    bool works_ = false;
    std::unique_ptr<FlowGraph> built_;
};

} // namespace

std::unique_ptr<Peer> make_peer(const Options &options)
{
    return std::make_unique<Tbb>(options);
}

} // namespace pto::bench
