// SPDX-License-Identifier: Apache-2.0
// How a device is opened and closed, step by step.
#include "host/build_identity.h"
#include "host/onboard/onboard_device.h"
#include "host/onboard/vendor/core_registers.h"
#include "host/onboard/vendor/device_recovery.h"
#include "host/onboard/vendor/process_devices.h"
#include "host/onboard/vendor/vendor_library.h"

#include <cstdio>
#include <cstring>
#include <memory>

namespace pto::inline PTO_ARCH::onboard {
namespace {

using pto::vendor::Binding;
using pto::vendor::ProcessDevices;

constexpr uint32_t kKnownFeatures = PTO_ONBOARD_SDMA | PTO_ONBOARD_PMU;
constexpr uint64_t kNsPerUs = 1000;

uint32_t driver_device_of(const host::DeviceConfig &config)
{
    return config.onboard->driver_device == 0 ? config.device_index : config.onboard->driver_device - 1;
}

void explain(host::DeviceFailure *failure, const char *what)
{
    const host::DeviceFailure cause = *failure;
    std::snprintf(failure->message, sizeof failure->message, "target onboard: %.40s%s%.130s", what,
                  what[0] == '\0' ? "" : ": ", cause.message);
}

} // namespace

OnboardDevice::OnboardDevice(const host::DeviceConfig &config)
    : config_(config), options_(*config.onboard), folder_(pto::vendor::image_folder(config.onboard->image_directory)),
      timeouts_(pto::vendor::complete_timeouts({config.stall_timeout_ns, config.onboard->op_execute_timeout_ns,
                                                config.onboard->sync_timeout_ns, config.onboard->answer_timeout_ns})),
      session_(config.device_index, driver_device_of(config), config.log, config.log_user), memory_(session_),
      streams_(session_), executor_(session_, kArch.name), cores_(session_, kArch.name), sdma_(session_),
      cluster_count_(config.cluster_count), link_({session_, streams_, executor_, cores_})
{
}

pto_status OnboardDevice::open(const host::DeviceConfig &config, host::Device **out, host::DeviceFailure *failure)
{
    struct Closer {
        void operator()(OnboardDevice *device) const { close(reinterpret_cast<host::Device *>(device)); }
    };
    std::unique_ptr<OnboardDevice, Closer> device(new OnboardDevice(config));
    pto_status status = device->check_options(failure);
    if (status == PTO_OK)
        status = device->load_vendor(failure);
    if (status == PTO_OK)
        status = device->take_device(failure);
    if (status == PTO_OK)
        status = device->set_up_device(failure);
    if (status != PTO_OK)
        return status;
    *out = reinterpret_cast<host::Device *>(device.release());
    return PTO_OK;
}

pto_status OnboardDevice::check_options(host::DeviceFailure *failure) const
{
    if ((options_.features & ~kKnownFeatures) != 0) {
        std::snprintf(failure->message, sizeof failure->message, "pto_onboard_options.features 0x%x: 0x%x is unknown",
                      options_.features, options_.features & ~kKnownFeatures);
        return PTO_ERROR_INVALID_ARGUMENT;
    }
    return pto::vendor::check_timeouts(timeouts_, failure);
}

pto_status OnboardDevice::load_vendor(host::DeviceFailure *failure)
{
    const pto::vendor::Needs needs{.one_map = !kArch.driver.has_register_windows,
                                   .windows = kArch.driver.has_register_windows,
                                   .sdma = (options_.features & PTO_ONBOARD_SDMA) != 0};
    return pto::vendor::load_functions(needs, "", &session_.f, failure);
}

pto_status OnboardDevice::take_device(host::DeviceFailure *failure)
{
    pto_status status = ProcessDevices::instance().take(config_.device_index, failure);
    if (status != PTO_OK)
        return status;
    is_taken_ = true;
    const int number = ProcessDevices::instance().initialise(session_.f, options_.vendor_log_level);
    status = session_.check("aclInit", number, failure);
    is_initialised_ = status == PTO_OK;
    return status;
}

pto_status OnboardDevice::set_up_device(host::DeviceFailure *failure)
{
    using Step = pto_status (OnboardDevice::*)(host::DeviceFailure *);
    struct NamedStep {
        Step step;
        const char *what;
    };
    static constexpr NamedStep kSteps[] = {
        {&OnboardDevice::check_chip, "chip"},
        {&OnboardDevice::set_time_limit, "time limit"},
        {&OnboardDevice::choose_width, "streams"},
        {&OnboardDevice::map_registers, "registers of the cores"},
        {&OnboardDevice::set_up_memory, "device memory"},
        {&OnboardDevice::load_images, "images"},
        {&OnboardDevice::open_executor, "executor"},
    };
    const Binding binding(session_);
    is_set_ = binding.is_bound();
    if (!is_set_)
        return session_.check("aclrtSetDevice", binding.number(), failure);
    for (const NamedStep &step : kSteps) {
        const pto_status status = (this->*step.step)(failure);
        if (status == PTO_OK)
            continue;
        explain(failure, step.what);
        return status;
    }
    return PTO_OK;
}

pto_status OnboardDevice::check_chip(host::DeviceFailure *failure)
{
    const char *name = session_.f.aclrtGetSocName();
    for (const char *known : kArch.driver.soc_names)
        if (name != nullptr && known != nullptr && std::strncmp(name, known, std::strlen(known)) == 0)
            return PTO_OK;
    std::snprintf(failure->message, sizeof failure->message, "device %u is %.40s, which is no %s", config_.device_index,
                  name == nullptr ? "nameless" : name, kArch.name);
    return PTO_ERROR_UNSUPPORTED;
}

/// The driver rounds; what it makes of the limit has to keep the order.
pto_status OnboardDevice::set_time_limit(host::DeviceFailure *failure)
{
    uint64_t actual_us = 0;
    const int number = session_.f.aclrtSetOpExecuteTimeOutV2(timeouts_.op_execute_ns / kNsPerUs, &actual_us);
    const pto_status status = session_.check("aclrtSetOpExecuteTimeOutV2", number, failure);
    if (status != PTO_OK || actual_us == 0)
        return status;
    pto::vendor::Timeouts actual = timeouts_;
    actual.op_execute_ns = actual_us * kNsPerUs;
    return pto::vendor::check_timeouts(actual, failure);
}

pto_status OnboardDevice::choose_width(host::DeviceFailure *failure)
{
    pto_status status = streams_.create(failure);
    uint32_t limit = 0;
    if (status == PTO_OK)
        status = streams_.cluster_limit(&limit, failure);
    if (status != PTO_OK)
        return status;
    if (limit == 0 || (config_.cluster_count < kMaxClusters && config_.cluster_count > limit)) {
        std::snprintf(failure->message, sizeof failure->message, "cluster_count %u: the device has %u",
                      config_.cluster_count, limit);
        return PTO_ERROR_UNSUPPORTED;
    }
    if (limit < cluster_count_) {
        session_.log(PTO_LOG_INFO, "device %u has %u clusters of %u", config_.device_index, limit, kMaxClusters);
        cluster_count_ = limit;
    }
    if ((options_.features & PTO_ONBOARD_SDMA) == 0)
        return PTO_OK;
    return sdma_.open(pto::host::sdma_channel_count(), failure);
}

pto_status OnboardDevice::map_registers(host::DeviceFailure *failure)
{
    const pto_status status = pto::vendor::map_core_registers(session_, kArch, &registers_, failure);
    if (status != PTO_OK || (options_.features & PTO_ONBOARD_PMU) == 0)
        return status;
    host::DeviceFailure refusal{};
    if (!pto::vendor::map_monitor_registers(session_, kArch, &refusal)) {
        session_.log(PTO_LOG_WARN, "PTO_ONBOARD_PMU is left out: %s", refusal.message);
    }
    return PTO_OK;
}

pto_status OnboardDevice::set_up_memory(host::DeviceFailure *failure)
{
    pto_status status = memory_.reserve(config_.memory_bytes, failure);
    if (status != PTO_OK)
        return status;
    const uint64_t table_bytes = registers_.size() * sizeof(uint64_t);
    const uint64_t blocks = memory_.allocate(pto::vendor::CommandLink::memory_bytes(cluster_count_));
    register_table_ = memory_.allocate(table_bytes);
    heap_ = memory_.allocate(config_.heap_bytes);
    if (blocks == 0 || register_table_ == 0 || heap_ == 0) {
        std::snprintf(
            failure->message, sizeof failure->message, "device_memory_bytes (%llu) is too small for heap_bytes (%llu)",
            static_cast<unsigned long long>(config_.memory_bytes), static_cast<unsigned long long>(config_.heap_bytes));
        return PTO_ERROR_INVALID_ARGUMENT;
    }
    link_.bind(blocks, cluster_count_, timeouts_);
    return copy_to(register_table_, registers_.data(), table_bytes, failure);
}

pto_status OnboardDevice::load_images(host::DeviceFailure *failure)
{
    const pto_status status = cores_.read(folder_, failure);
    return status == PTO_OK ? executor_.load(folder_, streams_.control(), timeouts_.sync_ns, failure) : status;
}

pto_status OnboardDevice::allocate_state(uint64_t size_bytes, host::DeviceFailure *failure)
{
    state_ = size_bytes == 0 ? 0 : memory_.allocate(size_bytes);
    if (state_ == 0) {
        std::snprintf(failure->message, sizeof failure->message,
                      "device_memory_bytes (%llu) is too small for heap_bytes (%llu) and %u tasks (%llu bytes)",
                      static_cast<unsigned long long>(config_.memory_bytes),
                      static_cast<unsigned long long>(config_.heap_bytes), config_.max_tasks,
                      static_cast<unsigned long long>(size_bytes));
        return PTO_ERROR_INVALID_ARGUMENT;
    }
    state_bytes_ = size_bytes;
    return zero(state_, size_bytes, failure);
}

/// Asks the image who it is, how much memory it needs, and on which CPUs its threads can be.
pto_status OnboardDevice::probe(wire::SetupBlock *setup, uint64_t *out_cpus, host::DeviceFailure *failure)
{
    pto_status status = link_.set_up(*setup, failure);
    if (status == PTO_OK)
        status = command(wire::Command::kProbe, nullptr, failure);
    if (status != PTO_OK)
        return status;
    const wire::AnswerBlock &answer = link_.answer();
    if (std::strncmp(answer.arch, kArch.name, sizeof answer.arch) != 0) {
        std::snprintf(failure->message, sizeof failure->message, "the executor's image is for %.8s, not for %s",
                      answer.arch, kArch.name);
        return PTO_ERROR_INCOMPATIBLE_IMAGE;
    }
    if (const pto_status refusal = check_identity(failure); refusal != PTO_OK)
        return refusal;
    *out_cpus = answer.cpu_mask;
    return allocate_state(answer.state_bytes, failure);
}

pto_status OnboardDevice::check_identity(host::DeviceFailure *failure) const
{
    char image[wire::kMaxIdentityBytes] = "";
    std::memcpy(image, link_.answer().identity, sizeof image - 1);
    const char *library = pto::host::build_identity();
    if (std::strcmp(image, library) != 0)
        session_.log(PTO_LOG_INFO, "library built with '%s', image of the executor with '%s'", library, image);
    return pto::vendor::compare_identities(library, image, failure);
}

pto_status OnboardDevice::open_executor(host::DeviceFailure *failure)
{
    uint64_t cpus = 0;
    if (kArch.driver.host_knows_control_cpus) {
        if (const pto_status status = pto::vendor::control_cpu_mask(session_, &cpus, failure); status != PTO_OK)
            return status;
    }
    wire::SetupBlock setup{};
    cpus_ = pto::vendor::choose_control_cpus(kArch, cpus);
    setup.device_index = session_.driver_device();
    setup.cluster_count = cluster_count_;
    setup.physical_core_count = kArch.physical_core_count;
    setup.control_cpu_count = cpus_.thread_count;
    setup.max_tasks = config_.max_tasks;
    setup.stall_timeout_ns = config_.stall_timeout_ns;
    setup.answer_timeout_ns = timeouts_.answer_ns;
    setup.core_lines = link_.core_lines();
    setup.registers = register_table_;
    setup.heap_address = heap_;
    setup.heap_bytes = config_.heap_bytes;
    setup.memory_address = memory_.base();
    setup.memory_bytes = memory_.size_bytes();
    std::memcpy(setup.allowed_cpus, cpus_.allowed, sizeof setup.allowed_cpus);
    uint64_t probed_cpus = 0;
    pto_status status = probe(&setup, &probed_cpus, failure);
    if (status != PTO_OK)
        return status;
    if (!kArch.driver.host_knows_control_cpus) {
        cpus_ = pto::vendor::choose_control_cpus(kArch, probed_cpus);
        setup.control_cpu_count = cpus_.thread_count;
        std::memcpy(setup.allowed_cpus, cpus_.allowed, sizeof setup.allowed_cpus);
    }
    session_.log(PTO_LOG_INFO, "control CPUs 0x%llx%s: %u of %u threads of a launch take part",
                 static_cast<unsigned long long>(cpus | probed_cpus),
                 (cpus | probed_cpus) == 0 ? ", which is to say that they are not known" : "", cpus_.thread_count,
                 cpus_.block_count);
    setup.state = state_;
    setup.state_bytes = state_bytes_;
    status = link_.set_up(setup, failure);
    if (status == PTO_OK)
        status = command(wire::Command::kOpen, nullptr, failure);
    is_executor_open_ = status == PTO_OK;
    return status;
}

// ---- closing -------------------------------------------------------------------------------------------------------

void OnboardDevice::close(host::Device *handle)
{
    OnboardDevice *device = &of(handle);
    device->shut_down();
    delete device;
}

void OnboardDevice::shut_down()
{
    ProcessDevices &process = ProcessDevices::instance();
    if (is_set_) {
        const Binding binding(session_);
        if (is_healthy())
            shut_down_healthy();
        host::DeviceFailure failure{};
        if (!is_healthy() && !pto::vendor::recover_device(session_, &failure))
            process.lose(config_.device_index, failure.message);
    }
    // What parts still hold went with the device; they may not call the vendor any more.
    session_.set_unusable();
    if (is_initialised_)
        process.finalise(session_.f);
    if (is_taken_)
        process.give_back(config_.device_index);
}

void OnboardDevice::shut_down_healthy()
{
    host::DeviceFailure failure{};
    if (is_executor_open_)
        command(wire::Command::kClose, nullptr, &failure);
    if (!is_healthy())
        return;
    streams_.destroy();
    sdma_.close();
    executor_.unload();
    memory_.release_all();
    pto::vendor::reset_healthy_device(session_);
}

} // namespace pto::inline PTO_ARCH::onboard
