// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/vendor_library.h"

#include <cstdio>
#include <dlfcn.h>

namespace pto::vendor {
namespace {

/// How a library is found: the first of its names that can be loaded.
struct LibraryNames {
    const char *names[2]; ///< The second one may be null.
    int flags;
};

/// The driver's own library is for the others to find.
constexpr LibraryNames kLibraries[] = {
    {{"libascendcl.so", "libacl_rt.so"}, RTLD_NOW | RTLD_LOCAL},
    {{"libruntime.so", nullptr}, RTLD_NOW | RTLD_LOCAL},
    {{"libascend_hal.so", nullptr}, RTLD_NOW | RTLD_GLOBAL},
    {{"libunified_dlog.so", "libascendalog.so"}, RTLD_NOW | RTLD_LOCAL},
    {{"libopapi.so", nullptr}, RTLD_NOW | RTLD_LOCAL},
    {{"libnnopbase.so", nullptr}, RTLD_NOW | RTLD_LOCAL},
};
static_assert(sizeof kLibraries / sizeof kLibraries[0] == static_cast<std::size_t>(Library::kCount));

struct Function {
    Library library;
    Need need;
    const char *name;
    std::size_t offset; ///< In Functions.
};

constexpr Function kFunctions[] = {
#define PTO_VENDOR_ROW(library, need, name, type, parameters)                                                          \
    {Library::library, Need::need, #name, offsetof(Functions, name)},
    PTO_VENDOR_FUNCTIONS(PTO_VENDOR_ROW)
#undef PTO_VENDOR_ROW
};

bool is_needed(const Needs &needs, Need need)
{
    switch (need) {
    case Need::kAlways: return true;
    case Need::kOneMap: return needs.one_map;
    case Need::kWindows: return needs.windows;
    case Need::kSdma: return needs.sdma;
    case Need::kNever: break;
    }
    return false;
}

/// The libraries of one call, each opened when the first function of it is looked for.
class Libraries {
public:
    Libraries(const char *folder, host::DeviceFailure *failure) : folder_(folder), failure_(failure) {}

    /// nullptr: there is none, and the failure says which, and why.
    void *open(Library library)
    {
        void *&handle = handles_[static_cast<std::size_t>(library)];
        if (handle != nullptr)
            return handle;
        const LibraryNames &candidates = kLibraries[static_cast<std::size_t>(library)];
        for (const char *name : candidates.names) {
            if (handle != nullptr || name == nullptr)
                continue;
            char path[512];
            std::snprintf(path, sizeof path, "%s%s", folder_, name);
            handle = dlopen(path, candidates.flags);
            if (handle == nullptr && name == candidates.names[0])
                blame_loader("");
        }
        return handle;
    }

    /// The reason is the dynamic linker's, which names the file.
    void blame_loader(const char *symbol)
    {
        const char *reason = dlerror();
        std::snprintf(failure_->message, sizeof failure_->message, "target onboard: %s%s%.140s", symbol,
                      symbol[0] == '\0' ? "" : " is missing: ", reason == nullptr ? "not found" : reason);
    }

private:
    const char *folder_;
    host::DeviceFailure *failure_;
    void *handles_[static_cast<std::size_t>(Library::kCount)] = {};
};

} // namespace

pto_status load_functions(const Needs &needs, const char *folder, Functions *out, host::DeviceFailure *failure)
{
    Functions functions{};
    Libraries libraries(folder, failure);
    for (const Function &function : kFunctions) {
        void *library = libraries.open(function.library);
        void *address = library == nullptr ? nullptr : dlsym(library, function.name);
        if (address == nullptr && is_needed(needs, function.need)) {
            if (library != nullptr)
                libraries.blame_loader(function.name);
            return PTO_ERROR_UNSUPPORTED;
        }
        __builtin_memcpy(reinterpret_cast<std::byte *>(&functions) + function.offset, &address, sizeof address);
    }
    host::clear(failure); // of what optional libraries have left there
    *out = functions;
    return PTO_OK;
}

} // namespace pto::vendor
