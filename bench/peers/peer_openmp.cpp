// SPDX-License-Identifier: Apache-2.0
// OpenMP tasks with `depend`, which infer the edges from addresses: of libgomp or of libomp, as it is compiled. Each
// task writes a cell of its own, so that only reads after writes are waited for, as when the engine allocates outputs.
#include "bench/peers/peer.hpp"
#include "bench/support/clock.hpp"
#include "bench/support/patterns.h"
#include "bench/support/processors.hpp"

#include <omp.h>

namespace pto::bench {

#ifdef __clang__
const char *const kPeerName = "libomp";
#else
const char *const kPeerName = "libgomp";
#endif

const char *const kPeerCompiler = kCompiler;

namespace {

static_assert(BENCH_MAX_INPUTS == 5, "submit has a case for each number of inputs");

/// The number of dependences stands in the directive, hence the cases.
template <class Body> void submit(WorkingGraph &graph, uint32_t task, Body body)
{
    const auto inputs = graph.graph().inputs(task);
    Cell *out = &graph.cell(task);
    Cell *in[BENCH_MAX_INPUTS] = {};
    for (size_t i = 0; i < inputs.size(); i++)
        in[i] = &graph.cell(inputs[i]);
    switch (inputs.size()) {
    case 0:
#pragma omp task depend(out : out[0]) firstprivate(body)
        body();
        break;
    case 1:
#pragma omp task depend(in : in[0][0]) depend(out : out[0]) firstprivate(body)
        body();
        break;
    case 2:
#pragma omp task depend(in : in[0][0], in[1][0]) depend(out : out[0]) firstprivate(body)
        body();
        break;
    case 3:
#pragma omp task depend(in : in[0][0], in[1][0], in[2][0]) depend(out : out[0]) firstprivate(body)
        body();
        break;
    case 4:
#pragma omp task depend(in : in[0][0], in[1][0], in[2][0], in[3][0]) depend(out : out[0]) firstprivate(body)
        body();
        break;
    default:
#pragma omp task depend(in : in[0][0], in[1][0], in[2][0], in[3][0], in[4][0]) depend(out : out[0]) firstprivate(body)
        body();
        break;
    }
}

template <class MakeBody> double submit_all_ns(WorkingGraph &graph, MakeBody make_body)
{
    double elapsed_ns = 0;
#pragma omp parallel num_threads(2)
#pragma omp master
    elapsed_ns = timed_ns([&] {
        for (uint32_t task = 0; task < graph.graph().size(); task++)
            submit(graph, task, make_body(task));
#pragma omp taskwait
    });
    return elapsed_ns;
}

class OpenMp : public Peer {
public:
    explicit OpenMp(const Options &options)
    {
        int workers = 0;
#pragma omp parallel num_threads(2)
        {
            pin_thread({omp_get_thread_num() == 0 ? options.caller() : options.partner()});
#pragma omp master
            workers = omp_get_num_threads();
        }
        expect_equal("workers of OpenMP", static_cast<uint64_t>(workers), 2);
    }

    std::vector<std::string> ways() const override
    {
        return {"build + run"};
    }

    void load(WorkingGraph &graph, bool works) override
    {
        graph_ = &graph;
        works_ = works;
    }

    double run_ns(size_t) override
    {
        WorkingGraph *graph = graph_;
        if (works_)
            return submit_all_ns(*graph, [graph](uint32_t task) { return [graph, task] { graph->run_task(task); }; });
        return submit_all_ns(*graph, [](uint32_t) { return [] {}; });
    }

    std::vector<std::string> single_ways() const override
    {
        return {"task and taskwait"};
    }

    std::vector<double> single_ns(size_t, unsigned count, uint64_t idle_ns, uint64_t &counter) override
    {
        std::vector<double> samples;
        uint64_t *cell = &counter;
        const auto run = [cell] {
#pragma omp task firstprivate(cell)
            (*cell)++;
#pragma omp taskwait
        };
#pragma omp parallel num_threads(2)
#pragma omp master
        samples = sample_times(count, [&] {
            if (idle_ns > 0)
                spin_ns(idle_ns);
            return timed_ns(run);
        });
        return samples;
    }

private:
    WorkingGraph *graph_ = nullptr;
    bool works_ = false;
};

} // namespace

std::unique_ptr<Peer> make_peer(const Options &options)
{
    return std::make_unique<OpenMp>(options);
}

} // namespace pto::bench
