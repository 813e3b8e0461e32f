// SPDX-License-Identifier: Apache-2.0
#include "command_pack.hpp"

#include "argument_text.hpp"
#include "file_bytes.hpp"
#include "image_file.hpp"
#include "tool_error.hpp"

#include <cstring>

namespace pto::tool {
namespace {

/// The name in an image: NULL says that there is none.
const char *name_of(const std::string &name)
{
    return name.empty() ? nullptr : name.c_str();
}

/// Refuses the wrong file here, where its name is known.
std::vector<std::byte> read_shared_object(const std::string &path)
{
    static constexpr char kElfMagic[] = {0x7f, 'E', 'L', 'F'};
    std::vector<std::byte> bytes = read_file(path);
    if (bytes.size() < sizeof(kElfMagic) || std::memcmp(bytes.data(), kElfMagic, sizeof(kElfMagic)) != 0)
        throw Error(path, "is not a shared object (ELF): build it with -shared");
    return bytes;
}

/// What the lists of the callable point to.
struct Parts {
    std::vector<KernelSpec> kernel_specs;
    std::vector<ParamSpec> param_specs;
    std::vector<std::vector<std::byte>> images;
    std::vector<pto_kernel> kernels;
    std::vector<pto_param> params;
};

Parts load_parts(const PackRequest &request)
{
    Parts parts;
    for (const std::string &text : request.kernels)
        parts.kernel_specs.push_back(parse_kernel_spec(text));
    for (const std::string &text : request.params)
        parts.param_specs.push_back(parse_param_spec(text));
    for (const KernelSpec &spec : parts.kernel_specs)
        parts.images.push_back(read_shared_object(spec.path));
    for (size_t i = 0; i < parts.kernel_specs.size(); i++) {
        const KernelSpec &spec = parts.kernel_specs[i];
        parts.kernels.push_back(
            {spec.func_id, spec.core_type, name_of(spec.name), parts.images[i].data(), parts.images[i].size()});
    }
    for (const ParamSpec &spec : parts.param_specs)
        parts.params.push_back({spec.direction, spec.dtype, spec.ndims, 0, name_of(spec.name)});
    return parts;
}

} // namespace

std::string pack(const PackRequest &request)
{
    const Parts parts = load_parts(request);
    const std::vector<std::byte> orchestration = read_shared_object(request.orchestration);
    const std::string &name = request.name.empty() ? request.entry : request.name;
    pto_callable callable = PTO_CALLABLE_INIT;
    callable.param_count = static_cast<uint32_t>(parts.params.size());
    callable.kernel_count = static_cast<uint32_t>(parts.kernels.size());
    callable.name = name_of(name);
    callable.arch = name_of(request.arch);
    callable.orch_entry = request.entry.c_str();
    callable.orch_config = name_of(request.config);
    callable.orch_image = orchestration.data();
    callable.orch_image_bytes = orchestration.size();
    callable.params = parts.params.data();
    callable.kernels = parts.kernels.data();
    return write_image_file("pack", callable, request.output);
}

} // namespace pto::tool
