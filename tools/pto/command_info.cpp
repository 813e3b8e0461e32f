// SPDX-License-Identifier: Apache-2.0
#include "command_info.hpp"

#include "argument_text.hpp"
#include "dtype_names.hpp"
#include "image_file.hpp"
#include "open_chip.hpp"
#include "text_format.hpp"

#include <string_view>

namespace pto::tool {
namespace {

constexpr const char *kUnnamed = "-";

std::string param_dtype(const pto_param &param)
{
    return param.dtype == PTO_ANY_DTYPE ? "any" : dtype_name(param.dtype);
}

std::string param_rank(const pto_param &param)
{
    return param.ndims == 0 ? "any" : std::to_string(param.ndims);
}

/// Calls `visit(name, value)` for each "name: value" line of the identity.
template <class Visit> void for_each_identity_line(std::string_view identity, Visit visit)
{
    while (!identity.empty()) {
        const std::string_view line = identity.substr(0, identity.find('\n'));
        identity.remove_prefix(std::min(line.size() + 1, identity.size()));
        const size_t colon = line.find(':');
        const std::string_view name = line.substr(0, colon);
        std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        if (!name.empty())
            visit(name, value);
    }
}

std::string plain_text(const ImageFile &image)
{
    const pto_callable &callable = image.callable();
    std::string text = format("%-14s %s\n", "name", name_or(callable.name, kUnnamed).c_str());
    text += format("%-14s %s\n", "arch", name_or(callable.arch, "any").c_str());
    text += format("%-14s %s, %zu bytes\n", "orchestration", name_or(callable.orch_entry, kUnnamed).c_str(),
                   callable.orch_image_bytes);
    text += format("%-14s %s\n", "configuration", name_or(callable.orch_config, kUnnamed).c_str());
    text += format("%-14s %u\n", "parameters", callable.param_count);
    for (uint32_t i = 0; i < callable.param_count; i++) {
        const pto_param &param = callable.params[i];
        const bool is_scalar = param.direction == PTO_SCALAR_ARG;
        text += format("  %4u  %-6s  %-13s  rank %-3s  %s\n", i, direction_name(param.direction).c_str(),
                       is_scalar ? "64 bits" : param_dtype(param).c_str(), is_scalar ? "-" : param_rank(param).c_str(),
                       name_or(param.name, kUnnamed).c_str());
    }
    text += format("%-14s %u\n", "kernels", callable.kernel_count);
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const pto_kernel &kernel = callable.kernels[i];
        text += format("  %4u  %-6s  %s, %zu bytes\n", kernel.func_id, core_type_name(kernel.core_type).c_str(),
                       name_or(kernel.name, kUnnamed).c_str(), kernel.image_bytes);
    }
    text += "identity\n";
    for_each_identity_line(image.identity(), [&](std::string_view name, std::string_view value) {
        text += format("  %-12s %s\n", printable(name).c_str(), printable(value).c_str());
    });
    text += format("%-14s %s\n", "library", library_build().identity);
    return text;
}

/// A JSON string, or null: NULL and "" both say that there is no name.
std::string json_string(const char *text)
{
    return text == nullptr || *text == '\0' ? "null" : "\"" + json_escaped(text) + "\"";
}

std::string json_param(const pto_param &param)
{
    std::string text = "{\"direction\": \"" + direction_name(param.direction) + "\"";
    if (param.direction != PTO_SCALAR_ARG) {
        text += ", \"dtype\": " + (param.dtype == PTO_ANY_DTYPE ? "null" : "\"" + dtype_name(param.dtype) + "\"");
        text += ", \"rank\": " + (param.ndims == 0 ? "null" : std::to_string(param.ndims));
    }
    return text + ", \"name\": " + json_string(param.name) + "}";
}

std::string json_kernel(const pto_kernel &kernel)
{
    return format("{\"func_id\": %u, \"core_type\": \"%s\", \"name\": %s, \"bytes\": %zu}", kernel.func_id,
                  core_type_name(kernel.core_type).c_str(), json_string(kernel.name).c_str(), kernel.image_bytes);
}

/// A JSON array of what `element(i)` gives, one per line.
template <class Element> std::string json_array(uint32_t count, Element element)
{
    std::string text = "[";
    for (uint32_t i = 0; i < count; i++)
        text += (i == 0 ? "\n    " : ",\n    ") + element(i);
    return text + (count == 0 ? "]" : "\n  ]");
}

std::string json_text(const ImageFile &image)
{
    const pto_callable &callable = image.callable();
    std::string identity;
    for_each_identity_line(image.identity(), [&](std::string_view name, std::string_view value) {
        identity += identity.empty() ? "\n    " : ",\n    ";
        identity += "\"" + json_escaped(name) + "\": \"" + json_escaped(value) + "\"";
    });
    std::string text = "{\n  \"name\": " + json_string(callable.name) + ",\n  \"arch\": " + json_string(callable.arch);
    text += ",\n  \"identity\": {" + identity + (identity.empty() ? "}" : "\n  }");
    text += ",\n  \"build_identity\": " + json_string(callable.build_identity);
    text += ",\n  \"library_identity\": " + json_string(library_build().identity);
    text += format(",\n  \"orchestration\": {\"entry\": %s, \"config\": %s, \"bytes\": %zu}",
                   json_string(callable.orch_entry).c_str(), json_string(callable.orch_config).c_str(),
                   callable.orch_image_bytes);
    text += ",\n  \"parameters\": ";
    text += json_array(callable.param_count, [&](uint32_t i) { return json_param(callable.params[i]); });
    text += ",\n  \"kernels\": ";
    text += json_array(callable.kernel_count, [&](uint32_t i) { return json_kernel(callable.kernels[i]); });
    return text + "\n}\n";
}

} // namespace

std::string info(const InfoRequest &request)
{
    const ImageFile image(request.path);
    return request.as_json ? json_text(image) : plain_text(image);
}

} // namespace pto::tool
