// SPDX-License-Identifier: Apache-2.0
// What the tests of the loader share: objects that were built for them, memory that can be executed, a loader in it.
#ifndef PTO_TEST_ELF_ELF_TEST_HPP
#define PTO_TEST_ELF_ELF_TEST_HPP

// cmocka's macro `fail` must not meet the standard library, so that comes first.
#include <string>
#include <vector>

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>

extern "C" {
#include <cmocka.h>
}

#include "pto/firmware.h"

namespace pto::test {

/// Takes the arguments of the program: the folder of the objects, and what they are called.
void set_up(int argc, char **argv);
/// The objects of the arguments whose names begin like that, at least one.
std::vector<std::string> objects(const std::string &beginning);
/// Whether there is one of this name.
bool has_object(const std::string &name);
/// Content of an object of the arguments.
const std::vector<char> &object_bytes(const std::string &name);

/// Memory of whole pages, writable at first, and the hook that protects it.
class PageMemory {
public:
    struct Call {
        uint64_t offset;
        uint64_t size_bytes;
        uint32_t protection;
        bool operator==(const Call &) const = default;
    };

    explicit PageMemory(uint64_t size_bytes);
    ~PageMemory();
    PageMemory(const PageMemory &) = delete;
    PageMemory &operator=(const PageMemory &) = delete;

    char *get() const { return memory_; }
    uint64_t size_bytes() const { return size_bytes_; }
    bool holds(const void *address) const { return address >= memory_ && address < memory_ + size_bytes_; }
    /// A configuration of a loader in it.
    pto_elf_config config();

    std::vector<Call> calls;                ///< Of the hook, since the test last looked.
    std::vector<std::size_t> refused_calls; ///< Calls of the hook that are refused, by number.
    std::vector<uint8_t> current;           ///< Protection of each page.

    static constexpr uint64_t kPageBytes = 4096;

private:
    static int32_t protect(void *self, void *address, uint64_t size_bytes, uint32_t protection);

    char *memory_;
    uint64_t size_bytes_;
};

/// A loader for this machine, by its functions of C.
class LoaderUser {
public:
    explicit LoaderUser(const pto_elf_config &config);

    /// The handle, or nullptr with `status` and `message`.
    void *load(const std::vector<char> &bytes);
    /// The test fails unless it loads.
    void *must_load(const std::string &name);
    void unload(void *handle) { hooks.unload(hooks.self, handle); }
    const void *find(void *handle, const char *symbol, bool *is_function = nullptr);

    /// A function of the image; the test fails unless there is one.
    template <class Function> Function *function(void *handle, const char *symbol)
    {
        bool is_function = false;
        const void *address = find(handle, symbol, &is_function);
        if (address == nullptr || !is_function)
            fail_msg("there is no function '%s'", symbol);
        return reinterpret_cast<Function *>(reinterpret_cast<uintptr_t>(address));
    }
    template <class T> T *object(void *handle, const char *symbol)
    {
        bool is_function = true;
        const void *address = find(handle, symbol, &is_function);
        if (address == nullptr || is_function)
            fail_msg("there is no object '%s'", symbol);
        return reinterpret_cast<T *>(reinterpret_cast<uintptr_t>(address));
    }

    pto_elf_loader loader;
    pto_loader hooks;
    pto_status status = PTO_OK;
    char message[192] = "";
};

} // namespace pto::test

#endif
