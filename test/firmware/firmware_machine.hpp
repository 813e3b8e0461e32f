// SPDX-License-Identifier: Apache-2.0
// A machine for the executor, made of threads: control CPUs, cores, and registers between them.
#ifndef PTO_TEST_FIRMWARE_MACHINE_HPP
#define PTO_TEST_FIRMWARE_MACHINE_HPP

#include "engine/arch/arch.h"
#include "pto/firmware.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pto::test {

/// Memory of whole pages, zero.
class Pages {
public:
    explicit Pages(std::size_t size_bytes);
    ~Pages();
    Pages(const Pages &) = delete;
    Pages &operator=(const Pages &) = delete;

    std::byte *data() const { return data_; }
    std::size_t size_bytes() const { return size_bytes_; }
    uint64_t address() const { return reinterpret_cast<uint64_t>(data_); }

private:
    std::byte *data_;
    std::size_t size_bytes_;
};

/// The loader of the operating system, as an executor's.
pto_loader system_loader();

struct MachineOptions {
    uint32_t control_cpus = 2;
    uint32_t cluster_count = 2;
    bool own_loader = true;         ///< The executor's loader; else that of the operating system.
    uint32_t missing_core = ~0u;    ///< A core that never starts.
    uint64_t answer_timeout_ns = 0; ///< 0: long enough for a machine that is emulated and busy.
};

/// One executor that is open, with its cores running and its other control CPUs serving. The thread that makes it is
/// control CPU 0. What the executor answers is kept in `status` and `message`.
class Machine {
public:
    explicit Machine(const MachineOptions &options = {});
    ~Machine();
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;

    pto_status connect();
    pto_status disconnect();
    pto_status load(int32_t callable_id, const std::string &path, const char *entry, uint32_t tensors,
                    uint32_t scalars);
    void unload(int32_t callable_id) { pto_firmware_unload(firmware, callable_id); }
    pto_status run(int32_t callable_id, const std::vector<pto_tensor> &tensors, const std::vector<uint64_t> &scalars);

    /// Device memory for so many floats, which stays.
    float *floats(uint32_t count);

    pto_firmware *firmware = nullptr;
    pto_status status = PTO_OK;
    char message[256] = {};
    pto_firmware_result result{};
    uint32_t cores_that_ran = 0; ///< A bit per core.

    std::vector<std::string> lines() const; ///< What was logged.
    std::string panic() const;
    bool misused() const { return misused_.load(); } ///< A register was named that there is not.

private:
    struct Registers {
        std::atomic<uint32_t> command{0};
        std::atomic<uint32_t> condition{0};
        std::atomic<uint32_t> fast_path{0};
    };
    struct Core {
        Machine *machine;
        Registers *registers;
        pto_core_port port;
        std::atomic<bool> ran{false};
    };

    pto_firmware_port make_port();
    void start_cores(uint32_t missing_core);
    std::atomic<uint32_t> *find_register(uint32_t core, uint32_t offset);
    void note_cores();

    static uint64_t now(void *self);
    static void relax(void *self, uint32_t cpu, uint32_t round);
    static void notify(void *self);
    static void log(void *self, int32_t level, const char *text);
    static void note_panic(void *self, const char *text);
    static uint32_t read_register(void *self, uint32_t core, uint32_t offset);
    static void write_register(void *self, uint32_t core, uint32_t offset, uint32_t value);
    static void coherent(void *self, const void *address, uint64_t size_bytes);

    MachineOptions options_;
    Pages device_;
    Pages code_;
    std::unique_ptr<Pages> state_;
    std::unique_ptr<Pages> lines_;
    std::size_t used_bytes_;
    pto_elf_loader elf_loader_{};
    std::vector<Registers> registers_;
    std::vector<Core> cores_;
    std::vector<std::thread> threads_;
    std::vector<std::thread> cpus_;
    std::atomic<bool> misused_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> logged_;
    std::string panic_;
};

} // namespace pto::test

#endif
