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

using Image = std::vector<std::byte>;

/// What the lists of the callable point to.
struct Parts {
    Image orchestration;
    std::vector<Image> images;
    std::vector<pto_kernel> kernels;
    std::vector<pto_param> params;
};

/// `load` gives the shared object at a path.
Parts load_parts(const PackInputs &inputs, Image (*load)(const std::string &path))
{
    Parts parts;
    for (const KernelSpec &spec : inputs.kernels)
        parts.images.push_back(load(spec.path));
    parts.orchestration = load(inputs.orchestration);
    for (size_t i = 0; i < inputs.kernels.size(); i++) {
        const KernelSpec &spec = inputs.kernels[i];
        parts.kernels.push_back(
            {spec.func_id, spec.core_type, name_of(spec.name), parts.images[i].data(), parts.images[i].size()});
    }
    for (const ParamSpec &spec : inputs.params)
        parts.params.push_back({spec.direction, spec.dtype, spec.ndims, 0, name_of(spec.name)});
    return parts;
}

const std::string &callable_name(const PackRequest &request)
{
    return request.name.empty() ? request.entry : request.name;
}

pto_callable callable_of(const PackRequest &request, const Parts &parts)
{
    pto_callable callable = PTO_CALLABLE_INIT;
    callable.param_count = static_cast<uint32_t>(parts.params.size());
    callable.kernel_count = static_cast<uint32_t>(parts.kernels.size());
    callable.name = name_of(callable_name(request));
    callable.arch = name_of(request.arch);
    callable.orch_entry = request.entry.c_str();
    callable.orch_config = name_of(request.config);
    callable.orch_image = parts.orchestration.data();
    callable.orch_image_bytes = parts.orchestration.size();
    callable.params = parts.params.data();
    callable.kernels = parts.kernels.data();
    return callable;
}

} // namespace

PackInputs read_pack_request(const PackRequest &request)
{
    PackInputs inputs;
    inputs.orchestration = request.orchestration;
    for (const std::string &text : request.kernels)
        inputs.kernels.push_back(parse_kernel_spec(text));
    for (const std::string &text : request.params)
        inputs.params.push_back(parse_param_spec(text));
    return inputs;
}

void check_packable(const PackRequest &request, const PackInputs &inputs)
{
    const Parts parts = load_parts(inputs, [](const std::string &) { return Image(1); });
    pack_bytes("pack", callable_of(request, parts));
}

std::string pack(const PackRequest &request, const PackInputs &inputs)
{
    const Parts parts = load_parts(inputs, read_shared_object);
    return write_image_file("pack", callable_of(request, parts), request.output);
}

std::string pack(const PackRequest &request)
{
    return pack(request, read_pack_request(request));
}

} // namespace pto::tool
