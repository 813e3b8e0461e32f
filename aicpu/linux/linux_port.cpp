// SPDX-License-Identifier: Apache-2.0
#include "aicpu/linux/linux_port.h"

#include "engine/base/memory.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

/// Addresses for orchestrations; pages are there once they are used.
constexpr std::size_t kCodeBytes = std::size_t{64} << 20;

int32_t protect(void *, void *address, uint64_t size_bytes, uint32_t protection)
{
    int access = linux_calls::kMapRead;
    if (protection == PTO_ELF_READ_WRITE)
        access |= linux_calls::kMapWrite;
    if (protection == PTO_ELF_EXECUTE) {
        access |= linux_calls::kMapExecute;
        processor::publish_code(address, size_bytes);
    }
    return linux_calls::protect_memory(address, size_bytes, access) == 0 ? 0 : -1;
}

/// Pages of this kernel, of which 64 KiB are the largest: where they are larger, no range begins at a smaller one.
uint32_t page_bytes_of(void *memory)
{
    uint32_t size = 4096;
    constexpr int kAccess = linux_calls::kMapRead | linux_calls::kMapWrite;
    while (size < 65536 && linux_calls::protect_memory(static_cast<std::byte *>(memory) + size, size, kAccess) != 0)
        size *= 2;
    return size;
}

LinuxPort &of(void *self)
{
    return *static_cast<LinuxPort *>(self);
}

} // namespace

void clean(const void *address, uint64_t size_bytes)
{
    if (kArch.is_coherent)
        processor::complete_accesses();
    else
        processor::flush_lines(address, size_bytes);
}

void invalidate(const void *address, uint64_t size_bytes)
{
    clean(address, size_bytes); // the same instructions
}

LinuxPort::LinuxPort(const wire::SetupBlock &setup, const Listener &listener)
    : registers_(reinterpret_cast<const uint64_t *>(setup.registers)), core_count_(setup.physical_core_count),
      listener_(listener), code_(linux_calls::map_memory(kCodeBytes))
{
    invalidate(registers_, core_count_ * sizeof *registers_);
    if (code_ == nullptr)
        return;
    const pto_elf_config config{sizeof config, page_bytes_of(code_), code_, kCodeBytes, this, protect};
    if (pto_elf_loader_init(&loader_, &config) == PTO_OK)
        return;
    linux_calls::unmap_memory(code_, kCodeBytes);
    code_ = nullptr;
}

LinuxPort::~LinuxPort()
{
    if (code_ != nullptr)
        linux_calls::unmap_memory(code_, kCodeBytes);
}

pto_firmware_port LinuxPort::hooks()
{
    pto_firmware_port port{};
    port.struct_size = sizeof port;
    port.self = this;
    port.now = [](void *) { return processor::now_ns(); };
    port.relax = [](void *self, uint32_t cpu, uint32_t round) { of(self).idle_[cpu].relax(round); };
    port.notify = [](void *) {}; // Nobody sleeps for longer than 50 us.
    port.log = [](void *self, int32_t level, const char *message) { of(self).log(level, message); };
    port.panic = [](void *self, const char *message) { of(self).listener_.lost(of(self).listener_.self, message); };
    port.read_register = [](void *self, uint32_t core, uint32_t offset) -> uint32_t {
        volatile uint32_t *cell = of(self).cell(core, offset);
        return cell != nullptr ? processor::read_register(cell) : 0;
    };
    port.write_register = [](void *self, uint32_t core, uint32_t offset, uint32_t value) {
        if (volatile uint32_t *cell = of(self).cell(core, offset); cell != nullptr)
            processor::write_register(cell, value);
    };
    port.clean = [](void *, const void *address, uint64_t size_bytes) { aicpu::clean(address, size_bytes); };
    port.invalidate = [](void *, const void *address, uint64_t size_bytes) { aicpu::invalidate(address, size_bytes); };
    port.loader = pto_elf_loader_hooks(&loader_);
    return port;
}

/// The host says where registers are, the core which are its. What has no place is read as 0, and so the core does not
/// answer: the line says why.
volatile uint32_t *LinuxPort::cell(uint32_t core, uint32_t offset)
{
    if (core < core_count_ && registers_[core] != 0)
        return reinterpret_cast<volatile uint32_t *>(registers_[core] + offset);
    if (!has_warned_.exchange(true, std::memory_order_relaxed)) {
        wire::ErrorRecord record = engine::error_record(PTO_ERROR_CORE);
        engine::print_message(&record, "a core says that its physical id is %u, for which the host has no registers",
                              core);
        log(PTO_LOG_ERROR, record.message);
    }
    return nullptr;
}

void LinuxPort::log(int32_t level, const char *message)
{
    if (log_ == nullptr)
        return;
    const uint32_t index = std::atomic_ref(log_->count).fetch_add(1, std::memory_order_relaxed);
    if (index >= wire::kMaxLogLines)
        return;
    wire::LogLine &line = log_->lines[index];
    line.level = level;
    uint32_t size = 0;
    for (; size + 1 < sizeof line.text && message[size] != '\0'; size++)
        line.text[size] = message[size];
    line.text[size] = '\0';
}

} // namespace pto::inline PTO_ARCH::aicpu
