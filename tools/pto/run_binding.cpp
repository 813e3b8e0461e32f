// SPDX-License-Identifier: Apache-2.0
#include "run_binding.hpp"

#include "argument_text.hpp"
#include "dtype_names.hpp"
#include "file_bytes.hpp"
#include "image_file.hpp"
#include "text_format.hpp"
#include "tool_error.hpp"

#include <algorithm>
#include <span>

namespace pto::tool {
namespace {

/// The values of one option, taken one after the other.
class Supply {
public:
    Supply(const char *option, const char *value_form, const std::vector<std::string> &values)
        : option_(option), value_form_(value_form), values_(values)
    {
    }

    const std::string &take(const pto_callable &callable, uint32_t param)
    {
        if (next_ == values_.size())
            throw Error(describe_param(callable, param),
                        "is missing: give " + std::string(next_ == 0 ? "" : "another ") + option_ + " " + value_form_);
        return values_[next_++];
    }

    /// "-" and the end of the list are nothing.
    std::optional<std::string> take_optional()
    {
        if (next_ == values_.size() || values_[next_++] == "-")
            return std::nullopt;
        return values_[next_ - 1];
    }

    void check_used_up() const
    {
        if (next_ < values_.size())
            throw Error(std::string(option_) + " " + values_[next_],
                        format("is one too many: the callable takes %zu", next_));
    }

private:
    const char *option_;
    const char *value_form_;
    const std::vector<std::string> &values_;
    size_t next_ = 0;
};

std::string describe_array(const Array &array)
{
    return dtype_name(array.dtype) + " " + shape_text(array.shape);
}

/// Reads a file for a parameter. A dtype that NumPy does not have comes as the bits in its carrier.
Array read_tensor(const std::string &path, const pto_callable &callable, uint32_t index)
{
    const pto_param &param = callable.params[index];
    Array array = read_npy(path);
    if (param.dtype != PTO_ANY_DTYPE && array.dtype == carrier_of(param.dtype))
        array.dtype = param.dtype;
    const bool dtype_fits = param.dtype == PTO_ANY_DTYPE || param.dtype == array.dtype;
    if (!dtype_fits || (param.ndims != 0 && param.ndims != array.shape.size()))
        throw Error(path, "holds " + describe_array(array) + ", which does not fit " + describe_param(callable, index));
    return array;
}

/// What an output holds, as far as the command line, else the golden, else the parameter, else the first input says.
std::optional<pto_dtype> dtype_of_output(const pto_param &param, const TensorBinding &output, const OutputSpec &spec,
                                         const std::vector<TensorBinding> &tensors)
{
    if (spec.dtype)
        return spec.dtype;
    if (output.golden)
        return output.golden->array.dtype;
    if (param.dtype != PTO_ANY_DTYPE)
        return param.dtype;
    const auto input = std::find_if(tensors.begin(), tensors.end(), [](const auto &tensor) { return tensor.is_read; });
    return input == tensors.end() ? std::nullopt : std::optional(input->array.dtype);
}

/// Likewise, but an input must have that dtype and the parameter's rank; empty when nothing says it.
std::vector<uint32_t> shape_of_output(const pto_param &param, const TensorBinding &output, const OutputSpec &spec,
                                      pto_dtype dtype, const std::vector<TensorBinding> &tensors)
{
    if (!spec.shape.empty())
        return spec.shape;
    if (output.golden)
        return output.golden->array.shape;
    for (const TensorBinding &tensor : tensors)
        if (tensor.is_read && tensor.array.dtype == dtype &&
            (param.ndims == 0 || param.ndims == tensor.array.shape.size()))
            return tensor.array.shape;
    return {};
}

Array make_output(const pto_callable &callable, const TensorBinding &output, const OutputSpec &spec,
                  const std::vector<TensorBinding> &tensors)
{
    const pto_param &param = callable.params[output.param];
    const std::string described = describe_param(callable, output.param);
    const auto dtype = dtype_of_output(param, output, spec, tensors);
    if (!dtype)
        throw Error(described, "has no dtype, and there is no input to take it from: write --out " + spec.path +
                                   ":float32:128x128");
    Array array;
    array.dtype = *dtype;
    if (param.dtype != PTO_ANY_DTYPE && array.dtype != param.dtype)
        throw Error(spec.path, "is to hold " + dtype_name(array.dtype) + ", which does not fit " + described);
    array.shape = shape_of_output(param, output, spec, array.dtype, tensors);
    if (array.shape.empty())
        throw Error(described,
                    "has no shape, and there is no such input to take it from: write --out " + spec.path + ":128x128");
    if (param.ndims != 0 && param.ndims != array.shape.size())
        throw Error(spec.path, "is to hold " + describe_array(array) + ", which does not fit " + described);
    array.bytes = zeroed_bytes(spec.path, checked_size_bytes(spec.path, array.dtype, array.shape));
    return array;
}

/// The golden must be what the result will be; the bits of a dtype that NumPy does not have are in its carrier.
void match_golden(TensorBinding &tensor)
{
    if (!tensor.golden)
        return;
    Array &golden = tensor.golden->array;
    if (golden.dtype == carrier_of(tensor.array.dtype))
        golden.dtype = tensor.array.dtype;
    if (golden.dtype != tensor.array.dtype || golden.shape != tensor.array.shape)
        throw Error(tensor.golden->path, "holds " + describe_array(golden) + ", but " + tensor.label + " is " +
                                             describe_array(tensor.array));
}

/// Two results in one file would leave only the second.
void check_results(const std::vector<TensorBinding> &tensors)
{
    for (size_t i = 0; i < tensors.size(); i++) {
        const std::string &path = tensors[i].result_path;
        if (path.empty() || path == "/dev/null")
            continue;
        check_writable(path);
        for (size_t j = 0; j < i; j++)
            if (tensors[j].result_path == path)
                throw Error(path, "is to hold both " + tensors[j].label + " and " + tensors[i].label);
    }
}

/// One argument of the command line and its parameter.
struct Assignment {
    uint32_t param;
    uint8_t direction;
    std::string text;
};

std::vector<Assignment> assign(const pto_callable &callable, const RunArguments &arguments)
{
    Supply inputs("--in", "FILE.npy", arguments.inputs);
    Supply outputs("--out", "FILE.npy", arguments.outputs);
    Supply inouts("--inout", "FILE.npy", arguments.inouts);
    Supply scalars("--scalar", "VALUE", arguments.scalars);
    std::vector<Assignment> assignments;
    for (uint32_t i = 0; i < callable.param_count; i++) {
        const uint8_t direction = callable.params[i].direction;
        Supply &supply = direction == PTO_DIR_IN      ? inputs
                         : direction == PTO_DIR_OUT   ? outputs
                         : direction == PTO_DIR_INOUT ? inouts
                                                      : scalars;
        assignments.push_back({i, direction, supply.take(callable, i)});
    }
    for (const Supply *supply : {&inputs, &outputs, &inouts, &scalars})
        supply->check_used_up();
    return assignments;
}

/// A binding with all that is in files; `*output` receives what the command line says of an output.
TensorBinding load_tensor(const pto_callable &callable, const Assignment &assignment, Supply &goldens,
                          OutputSpec *output)
{
    TensorBinding tensor;
    tensor.param = assignment.param;
    tensor.label = name_or(callable.params[tensor.param].name, ("parameter " + std::to_string(tensor.param)).c_str());
    tensor.is_read = assignment.direction != PTO_DIR_OUT;
    if (assignment.direction == PTO_DIR_IN) {
        tensor.array = read_tensor(assignment.text, callable, tensor.param);
        return tensor;
    }
    if (assignment.direction == PTO_DIR_OUT) {
        *output = parse_output_spec(assignment.text);
        tensor.result_path = output->path;
    } else {
        const InoutSpec inout = parse_inout_spec(assignment.text);
        tensor.array = read_tensor(inout.path, callable, tensor.param);
        tensor.result_path = inout.result_path;
    }
    if (const auto golden = goldens.take_optional())
        tensor.golden = Golden{*golden, read_tensor(*golden, callable, tensor.param)};
    return tensor;
}

} // namespace

RunBinding bind_arguments(const pto_callable &callable, const RunArguments &arguments)
{
    Supply goldens("--golden", "FILE.npy", arguments.goldens);
    RunBinding binding;
    std::vector<OutputSpec> outputs;
    for (const Assignment &assignment : assign(callable, arguments)) {
        if (assignment.direction == PTO_SCALAR_ARG) {
            binding.scalars.push_back(parse_scalar(assignment.text));
            continue;
        }
        OutputSpec output;
        binding.tensors.push_back(load_tensor(callable, assignment, goldens, &output));
        outputs.push_back(std::move(output));
    }
    goldens.check_used_up();
    for (size_t i = 0; i < outputs.size(); i++) {
        TensorBinding &tensor = binding.tensors[i];
        if (!tensor.is_read)
            tensor.array = make_output(callable, tensor, outputs[i], binding.tensors);
        match_golden(tensor);
    }
    check_results(binding.tensors);
    return binding;
}

} // namespace pto::tool
