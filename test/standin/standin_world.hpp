// SPDX-License-Identifier: Apache-2.0
// Everything the stand-in's library knows, behind one lock: calls are few and short, or wait on `changed`.
#ifndef PTO_TEST_STANDIN_STANDIN_WORLD_HPP
#define PTO_TEST_STANDIN_STANDIN_WORLD_HPP

#include "standin_wire.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace standin {

// ---- the vendor's numbers

enum Result : int {
    kOk = 0,
    kAlreadyInitialised = 100002,
    kBadParameter = 107000,
    kBadDevice = 107001,
    kUnsupported = 207000,
    kNoMemory = 207001,
    kInternal = 507000,
    kNotComplete = 507004,
    kResetAfterForce = 507007,
    kCoreTimeout = 507014,
    kCoreException = 507015,
    kControlTimeout = 507017,
    kControlException = 507018,
    kSyncTimeout = 507046,
    kPoisoned = 507899,
};

enum HalResult : int { kHalInvalidValue = 3, kHalBadParameter = 8, kHalBusy = 13, kHalNoProcess = 62 };

struct Rule {
    std::string call;
    uint32_t skip; ///< Calls that pass before the rule applies.
    int result;
    int32_t count; ///< Calls that it still applies to; -1: all.
};

struct CpuFunction {
    std::string op_type;
    std::string function;
    std::string so;
};

/// What rtsBinaryLoadFromFile has read. Handles of functions point into `functions`.
struct Binary {
    uint32_t device;
    std::deque<CpuFunction> functions;
};

/// What rtRegisterAllKernel was given.
struct Registration {
    std::vector<uint8_t> bytes;
    std::map<std::pair<uint32_t, uint64_t>, uint64_t> numbers; ///< In the core process of a device and its life.
};

class Device;
class Stream;

struct World {
    std::mutex mutex;
    std::condition_variable changed;

    Arch arch = Arch::kA2a3;
    uint64_t memory_bytes = uint64_t{16} << 30;
    bool cache_model = true;
    bool cpus_are_told = true;
    bool latch_survives = false;
    bool device_was_opened = false;

    bool is_initialised = false;
    bool was_finalised = false;
    bool has_visible_list = false;
    std::string visible_list;
    std::vector<uint32_t> visible; ///< Driver id of each logical one.

    std::map<uint32_t, std::shared_ptr<Device>> devices; ///< By driver id. Also those that were reset and are poisoned.
    std::map<void *, std::shared_ptr<Stream>> streams;
    std::map<void *, std::unique_ptr<Binary>> binaries;
    std::map<void *, std::unique_ptr<Registration>> registrations;
    std::set<uint64_t> registered_digests; ///< Not forgotten at a reset: a registration cannot be given back.

    std::map<std::string, uint64_t> calls;
    std::map<std::string, int64_t> totals;
    std::deque<std::string> violations;
    std::vector<Rule> rules;
    std::string last_fault;
    std::string last_error; ///< For aclGetRecentErrMsg.

    uint64_t op_timeout_us = uint64_t{1800} * 1000 * 1000;
    bool is_held = false;
    std::chrono::nanoseconds clock_offset{0};
    int filesystem = -1;              ///< Mount namespace that the control CPUs of all devices share.
    bool root_folder_is_ours = false; ///< It is on this machine's own root instead.
    uint32_t reset_count = 0;

    std::chrono::nanoseconds now() const { return std::chrono::steady_clock::now().time_since_epoch() + clock_offset; }

    /// Waits until the condition holds or the stand-in's clock says `deadline`; false in the second case.
    bool wait_until(std::unique_lock<std::mutex> &lock, std::chrono::nanoseconds deadline,
                    const std::function<bool()> &condition)
    {
        while (!condition()) {
            const auto left = deadline - now();
            if (left <= std::chrono::nanoseconds::zero())
                return false;
            changed.wait_for(lock, std::min<std::chrono::nanoseconds>(left, std::chrono::seconds(1)));
        }
        return true;
    }

    void violate(const char *format, ...) __attribute__((format(printf, 2, 3)));
};

/// Never destroyed: threads of the devices outlive main().
World &world();

/// The device of a driver id, or of nothing.
std::shared_ptr<Device> find_device(uint32_t driver_id);

/// Driver id of a logical one, kNone if it is not visible.
uint32_t driver_id_of(int32_t logical);

} // namespace standin

#endif
