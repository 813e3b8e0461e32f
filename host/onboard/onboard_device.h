// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_ONBOARD_DEVICE_H
#define PTO_HOST_ONBOARD_ONBOARD_DEVICE_H

#include "engine/arch/arch.h"
#include "host/device.h"
#include "host/onboard/onboard_memory.h"
#include "host/onboard/vendor/command_link.h"
#include "host/onboard/vendor/control_cpus.h"
#include "host/onboard/vendor/sdma_channels.h"

#include <mutex>

namespace pto::inline PTO_ARCH::onboard {

/// A chip that is driven through the vendor's libraries.
class OnboardDevice {
public:
    static pto_status open(const host::DeviceConfig &config, host::Device **out, host::DeviceFailure *failure);
    static void close(host::Device *device);
    static OnboardDevice &of(host::Device *device) { return *reinterpret_cast<OnboardDevice *>(device); }
    static const OnboardDevice &of(const host::Device *device)
    {
        return *reinterpret_cast<const OnboardDevice *>(device);
    }

    OnboardDevice(const OnboardDevice &) = delete;
    OnboardDevice &operator=(const OnboardDevice &) = delete;

    OnboardMemory &memory() { return memory_; }
    const OnboardMemory &memory() const { return memory_; }
    host::DeviceLayout layout() const;
    bool is_healthy() const { return session_.is_usable(); }
    uint64_t orch_loads() const { return orch_loads_.load(std::memory_order_acquire); }

    pto_status zero(uint64_t address, uint64_t size_bytes, host::DeviceFailure *failure);
    pto_status copy_to(uint64_t destination, const void *source, std::size_t size, host::DeviceFailure *failure);
    pto_status copy_from(void *destination, uint64_t source, std::size_t size, host::DeviceFailure *failure);
    pto_status load_kernel(const void *image, std::size_t size, host::DeviceKernel *out, host::DeviceFailure *failure);
    pto_status load_orch(const host::DeviceOrch &orch, host::DeviceFailure *failure);
    void unload_orch(int32_t callable_id);
    void run(const wire::LaunchBlock &launch, wire::ReportBlock *report);

private:
    using Session = pto::vendor::Session;

    explicit OnboardDevice(const host::DeviceConfig &config);
    ~OnboardDevice() = default;

    // Steps of opening, in this order.
    pto_status check_options(host::DeviceFailure *failure) const;
    pto_status load_vendor(host::DeviceFailure *failure);
    pto_status take_device(host::DeviceFailure *failure);
    pto_status set_up_device(host::DeviceFailure *failure);
    pto_status check_chip(host::DeviceFailure *failure);
    pto_status set_time_limit(host::DeviceFailure *failure);
    pto_status choose_width(host::DeviceFailure *failure);
    pto_status load_images(host::DeviceFailure *failure);
    pto_status map_registers(host::DeviceFailure *failure);
    pto_status set_up_memory(host::DeviceFailure *failure);
    pto_status open_executor(host::DeviceFailure *failure);
    pto_status probe(wire::SetupBlock *setup, uint64_t *out_cpus, host::DeviceFailure *failure);
    pto_status check_identity(host::DeviceFailure *failure) const;
    pto_status allocate_state(uint64_t size_bytes, host::DeviceFailure *failure);

    void shut_down();
    void shut_down_healthy();

    /// One command on one thread: its status, with the reason in the failure.
    pto_status command(wire::Command command, const wire::OrchBlock *orch, host::DeviceFailure *failure);
    pto_status refuse_faulted(host::DeviceFailure *failure) const;
    pto_status explain_silence(host::DeviceFailure *failure);
    void report_failure(wire::ReportBlock *report);
    pto_status renew_code(host::DeviceFailure *failure);

    const host::DeviceConfig config_;
    const pto_onboard_options options_;
    const std::string folder_;
    const pto::vendor::Timeouts timeouts_;
    Session session_;
    bool is_taken_ = false; ///< What has to be undone, beside what parts undo themselves.
    bool is_initialised_ = false;
    bool is_set_ = false;
    bool is_executor_open_ = false;

    OnboardMemory memory_;
    pto::vendor::DeviceStreams streams_;
    pto::vendor::ExecutorImage executor_;
    pto::vendor::CoreImage cores_;
    pto::vendor::SdmaChannels sdma_;
    std::vector<uint64_t> registers_;
    uint64_t register_table_ = 0;
    uint64_t heap_ = 0;
    uint64_t state_ = 0;
    uint64_t state_bytes_ = 0;
    uint32_t cluster_count_;
    pto::vendor::ControlCpus cpus_{};
    std::atomic<uint64_t> orch_loads_{0};
    std::atomic<bool> has_new_code_{false};

    std::mutex link_mutex_; ///< One command at a time.
    pto::vendor::CommandLink link_;
};

} // namespace pto::inline PTO_ARCH::onboard

#endif
