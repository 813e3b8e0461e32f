// SPDX-License-Identifier: Apache-2.0
#include "command_run.hpp"

#include "dtype_names.hpp"
#include "image_file.hpp"
#include "log_text.hpp"
#include "open_chip.hpp"
#include "progress.hpp"
#include "run_report.hpp"
#include "text_format.hpp"

#include <algorithm>

namespace pto::tool {
namespace {

/// Runs that begin alike: every one starts from the files' content and from cleared outputs.
class RepeatableRun {
public:
    RepeatableRun(Chip &chip, RunBinding &binding) : chip_(chip), binding_(binding)
    {
        for (TensorBinding &tensor : binding.tensors) {
            Array &array = tensor.array;
            tensors_.push_back(pto_host_tensor(array.bytes.data(), array.dtype,
                                               static_cast<uint32_t>(array.shape.size()), array.shape.data()));
            const bool is_changed = tensor.is_read && !tensor.result_path.empty();
            initial_.push_back(is_changed ? array.bytes : std::vector<std::byte>());
        }
    }

    pto_run_result run()
    {
        for (size_t i = 0; i < initial_.size(); i++) {
            TensorBinding &tensor = binding_.tensors[i];
            if (!tensor.is_read)
                std::fill(tensor.array.bytes.begin(), tensor.array.bytes.end(), std::byte{0});
            else if (!initial_[i].empty())
                std::copy(initial_[i].begin(), initial_[i].end(), tensor.array.bytes.begin());
        }
        return chip_.run(tensors_, binding_.scalars);
    }

private:
    Chip &chip_;
    RunBinding &binding_;
    std::vector<pto_tensor> tensors_;
    std::vector<std::vector<std::byte>> initial_;
};

/// What the runs left behind. The first run that a golden refutes is the last one.
struct RunRecord {
    std::vector<pto_run_result> results;
    std::vector<Comparison> comparisons; ///< Of the last run; one per golden.
    bool is_equal = true;
};

std::vector<Comparison> compare_with_goldens(const RunBinding &binding, const Tolerance &tolerance)
{
    std::vector<Comparison> comparisons;
    for (const TensorBinding &tensor : binding.tensors)
        if (tensor.golden)
            comparisons.push_back(
                compare(tensor.array.dtype, tensor.array.bytes, tensor.golden->array.bytes, tolerance));
    return comparisons;
}

RunRecord run_all(const RunRequest &request, Chip &chip, RunBinding &binding)
{
    RunRecord record;
    RepeatableRun runner(chip, binding);
    // Lines of the log would tear the line of the progress apart.
    Progress progress(request.repeat, request.log_level.empty());
    while (record.results.size() < request.repeat && record.is_equal) {
        record.results.push_back(runner.run());
        record.comparisons = compare_with_goldens(binding, request.tolerance);
        record.is_equal = std::all_of(record.comparisons.begin(), record.comparisons.end(),
                                      [](const Comparison &comparison) { return comparison.is_equal(); });
        progress.update(record.results.size());
    }
    return record;
}

std::string summary_text(const RunRequest &request, const RunBinding &binding, const RunRecord &record)
{
    const pto_run_result &last = record.results.back();
    std::string text = "  " + count_text(last.tasks, "task") + ", " + count_text(last.kernels, "kernel instance") +
                       "\n" + times_text(record.results);
    if (!record.is_equal && request.repeat > 1)
        text += format("  run %zu of %llu is the first that differs:\n", record.results.size(),
                       static_cast<unsigned long long>(request.repeat));
    size_t next = 0;
    for (const TensorBinding &tensor : binding.tensors)
        if (tensor.golden)
            text += comparison_text(tensor, record.comparisons[next++]);
    return text;
}

std::string write_results(const RunBinding &binding)
{
    std::string text;
    for (const TensorBinding &tensor : binding.tensors) {
        if (tensor.result_path.empty())
            continue;
        const pto_dtype stored = carrier_of(tensor.array.dtype);
        write_npy(tensor.result_path, stored, tensor.array.shape, tensor.array.bytes);
        text += "  " + tensor.label + ": written to " + printable(tensor.result_path) + " (" +
                dtype_name(tensor.array.dtype) + (stored == tensor.array.dtype ? "" : " as " + dtype_name(stored)) +
                " " + shape_text(tensor.array.shape) + ")\n";
    }
    return text;
}

/// The callable of the image with what the command line says about its graphs.
pto_callable callable_to_prepare(const RunRequest &request, const pto_callable &packed)
{
    pto_callable callable = packed;
    if (!request.builder.empty())
        callable.builder = request.builder == "host" ? PTO_HOST_BUILT : PTO_DEVICE_BUILT;
    callable.graph_limit = request.graph_limit;
    return callable;
}

uint64_t nanoseconds(double seconds)
{
    return static_cast<uint64_t>(seconds * 1e9);
}

} // namespace

RunOutcome run(const RunRequest &request)
{
    const ImageFile image(request.image);
    const pto_callable callable = callable_to_prepare(request, image.callable());
    RunBinding binding = bind_arguments(callable, request.arguments);
    const std::string image_arch = callable.arch != nullptr ? callable.arch : "";
    const std::string arch = request.arch.empty() ? image_arch : request.arch;
    ChipOptions options;
    options.arch = arch;
    options.target = request.target;
    options.image_directory = request.image_directory;
    options.timeout_ns = nanoseconds(request.timeout_s);
    options.stall_timeout_ns = nanoseconds(request.stall_timeout_s);
    options.sim_mode = request.sim_mode == "threads" ? PTO_SIM_THREADS : PTO_SIM_FAST;
    options.log_level = parse_log_level(request.log_level).value_or(ChipOptions::kNoLog);
    Chip chip(options);
    chip.prepare(callable);
    const RunRecord record = run_all(request, chip, binding);

    RunOutcome outcome;
    outcome.exit_code = record.is_equal ? kExitOk : kExitMismatch;
    const char *default_arch = pto_arch_name(0);
    outcome.text = name_or(callable.name, "callable") + " of " + printable(request.image) + " on " +
                   (arch.empty() ? name_or(default_arch, "the default arch") : printable(arch)) +
                   (request.target.empty() ? "" : ", " + printable(request.target)) +
                   (callable.builder == PTO_HOST_BUILT ? ", host-built" : "") +
                   (options.sim_mode == PTO_SIM_THREADS ? ", a thread per core\n" : "\n");
    outcome.text += summary_text(request, binding, record) + write_results(binding);
    if (request.with_stats)
        outcome.text += stats_text(record.results, chip.stats());
    return outcome;
}

} // namespace pto::tool
