// SPDX-License-Identifier: Apache-2.0
// A device for an executor image, made of threads: the host's blocks, the threads of a launch, and cores, which run the
// entries of the core image.
#ifndef PTO_TEST_ONBOARD_MACHINE_HPP
#define PTO_TEST_ONBOARD_MACHINE_HPP

#include "engine/arch/arch.h"
#include "engine/wire/onboard_blocks.h"
#include "pto/firmware.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace pto::test {

/// The functions of an executor image.
struct OnboardImage {
    uint32_t (*command)(void *args);
    uint32_t (*run)(void *args);
};

struct OnboardOptions {
    uint32_t control_cpus = 3;
    uint32_t cluster_count = 2;
    uint32_t missing_core = ~0u;                 ///< A core that is not launched.
    uint64_t answer_timeout_ns = 60'000'000'000; ///< Long enough for a machine that is emulated and busy.
    uint64_t stall_timeout_ns = 60'000'000'000;
};

/// Memory of a device, its cores, and what a host does with them. Everything that the image is told is an address of
/// this memory.
class OnboardMachine {
public:
    explicit OnboardMachine(const OnboardImage &image, const OnboardOptions &options = {});
    ~OnboardMachine();
    OnboardMachine(const OnboardMachine &) = delete;
    OnboardMachine &operator=(const OnboardMachine &) = delete;

    wire::SetupBlock &setup() { return *setup_; }
    wire::CommandBlock &block() { return *command_; }
    wire::Outbox &outbox() { return *outbox_; }
    wire::AnswerBlock &answer() { return outbox_->answer; }

    /// Gives one command to one thread. What the function returned.
    uint32_t command(wire::Command command, const void *payload = nullptr);
    /// Probes, makes room for the state, and opens.
    pto_status open();
    pto_status load(int32_t callable_id, const std::string &path, const char *entry, uint32_t tensors,
                    uint32_t scalars);
    pto_status unload(int32_t callable_id);
    /// One launch of cores and threads, to the end of both. `threads` are there, of `blocks` that were to come.
    pto_status run(int32_t callable_id, const std::vector<pto_tensor> &tensors, const std::vector<uint64_t> &scalars,
                   uint32_t blocks = 0, uint32_t threads = 0);

    /// Device memory, 64-byte aligned.
    template <class T> T *take(std::size_t count = 1) { return static_cast<T *>(take_bytes(sizeof(T) * count)); }
    std::vector<std::string> lines() const;    ///< What was logged during the last command.
    std::function<void()> on_launched = [] {}; ///< Called while a launch is under way.
    uint64_t timeout_ns = 0;                   ///< Of runs.
    uint32_t last_value = 0;                   ///< What the last function returned, the worst of several.
    std::atomic<uint32_t> threads_returned{0}; ///< Of the last launch.
    uint32_t kernels_cleaned() const { return cleanings_.load(); }

    /// The thread of a core. For the intrinsics.
    struct Core {
        OnboardMachine *machine;
        uint32_t block;
        uint32_t lane;
        uint32_t physical_id;
    };
    Core core(uint32_t index)
    {
        // Not in the order of indices, as on a chip some of whose cores are masked out.
        return {this, index / kCoresPerCluster, index % kCoresPerCluster, kArch.physical_core_count - 1 - index};
    }
    uint32_t read_command(const Core &core) const;
    void write_condition(const Core &core, uint32_t value);
    void note_cleaning() { cleanings_++; }

private:
    void *take_bytes(std::size_t size);
    void clear_outbox();
    void start_cores();
    uint32_t *register_of(uint32_t physical_id, uint32_t offset) const;
    wire::LaunchBlock *make_launch(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                                   const std::vector<uint64_t> &scalars);

    OnboardImage image_;
    OnboardOptions options_;
    std::byte *memory_;
    std::size_t used_bytes_ = 0;
    uint64_t session_ = 0;
    wire::SetupBlock *setup_;
    wire::CommandBlock *command_;
    wire::Outbox *outbox_;
    wire::CoreLaunchBlock *core_launch_;
    uint64_t *registers_;
    std::vector<std::thread> cores_;
    std::atomic<uint32_t> cleanings_{0};
};

/// A tensor of floats.
pto_tensor floats_tensor(float *data, uint32_t count);

} // namespace pto::test

#endif
