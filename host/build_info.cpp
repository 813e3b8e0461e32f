// SPDX-License-Identifier: Apache-2.0
#include "host/build_identity.h"
#include "host/image_format.h"
#include "host/last_error.h"

#include <new>
#include <string>

namespace {

#ifdef __clang__
constexpr const char *kCompiler = "clang " __clang_version__;
#else
constexpr const char *kCompiler = "gcc " __VERSION__;
#endif

std::string joined(const char *(*name)(uint32_t))
{
    std::string text;
    for (uint32_t i = 0; name(i) != nullptr; i++)
        text.append(i == 0 ? "" : " ").append(name(i));
    return text;
}

/// What does not change as long as the library is there, made when it is first asked for.
const pto_build_info &build_info()
{
    static const std::string archs = joined(pto_arch_name);
    static const std::string targets = joined(pto_target_name);
    static const pto_build_info info = {sizeof(pto_build_info),
                                        PTO_ABI_VERSION,
                                        pto::host::kImageFormat,
                                        pto::host::sdma_channel_count(),
                                        pto_version(),
                                        archs.c_str(),
                                        targets.c_str(),
                                        kCompiler,
                                        pto::host::build_identity()};
    return info;
}

} // namespace

pto_status pto_get_build_info(pto_build_info *out_info)
{
    if (out_info == nullptr || out_info->struct_size != sizeof *out_info)
        return pto::host::fail(PTO_ERROR_INVALID_ARGUMENT, "out_info is NULL, or its struct_size is not %zu",
                               sizeof *out_info);
    try {
        *out_info = build_info();
        return PTO_OK;
    } catch (const std::bad_alloc &) {
        return pto::host::fail(PTO_ERROR_OUT_OF_HOST_MEMORY, "host memory ran out");
    }
}
