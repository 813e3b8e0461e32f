// SPDX-License-Identifier: Apache-2.0
#include "support/test_chip.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <map>
#include <unistd.h>

namespace pto::test {
namespace {

std::string test_arch;
std::string module_directory;
uint32_t test_builder = PTO_DEVICE_BUILT;
uint32_t test_sim_mode = PTO_SIM_FAST;
bool test_is_onboard = false;
std::string image_directory;
pto_onboard_options onboard_options = PTO_ONBOARD_OPTIONS_INIT;

/// False: the text is no builder.
bool choose_builder(const std::string &text)
{
    test_builder = text == "host" ? PTO_HOST_BUILT : PTO_DEVICE_BUILT;
    return text == "host" || text == "device";
}

/// False: the text is no mode.
bool choose_mode(const std::string &text)
{
    test_sim_mode = text == "threads" ? PTO_SIM_THREADS : PTO_SIM_FAST;
    test_is_onboard = text == "onboard";
    return test_is_onboard || text == "threads" || text == "fast";
}

/// Modules that run behind a driver are in a folder of their own; graphs are built on the host by those of the host.
std::string module_path(const std::string &name, uint32_t builder)
{
    const bool runs_here = !test_is_onboard || (builder == PTO_HOST_BUILT && name.rfind("orch_", 0) == 0);
    return module_directory + (runs_here ? "/" : "/onboard/") + name + ".so";
}

/// Emulated control CPUs take long for everything. An executor that gives a run up says so before the driver ends it.
pto_onboard_options patient_options(pto_onboard_options onboard, uint64_t stall_timeout_ns)
{
    constexpr uint64_t kSecondNs = 1'000'000'000;
    const uint64_t stall_ns = stall_timeout_ns == 0 ? 10 * kSecondNs : stall_timeout_ns;
    onboard.answer_timeout_ns = 20 * kSecondNs;
    onboard.op_execute_timeout_ns = stall_ns + 200 * kSecondNs;
    onboard.sync_timeout_ns = stall_ns + 210 * kSecondNs;
    return onboard;
}

/// A function of the stand-in for the vendor's libraries, which is where these would be found.
template <class Function> Function *standin_function(const char *name)
{
    static void *const library = dlopen("libpto_standin.so", RTLD_NOW);
    void *const found = library == nullptr ? nullptr : dlsym(library, name);
    if (found == nullptr) {
        std::fprintf(stderr, "%s: %s\n", name, dlerror());
        std::exit(2);
    }
    return reinterpret_cast<Function *>(found);
}

/// When all chips are closed: what a test program has left behind, or done that the vendor does not allow, fails it.
void check_standin()
{
    const auto count = standin_function<int64_t(const char *)>("standin_count");
    const auto violation = standin_function<const char *(uint32_t)>("standin_violation");
    bool is_clean = true;
    for (const char *what : {"allocations", "streams", "binaries", "leaked", "processes", "devices"})
        if (count(what) != 0) {
            std::fprintf(stderr, "%lld %s are left\n", static_cast<long long>(count(what)), what);
            is_clean = false;
        }
    for (uint32_t i = 0; violation(i) != nullptr; i++) {
        std::fprintf(stderr, "violation: %s\n", violation(i));
        is_clean = false;
    }
    if (!is_clean)
        _exit(1);
}

void set_up_standin()
{
    if (standin_function<int(const char *)>("standin_reset")(test_arch.c_str()) != 0) {
        std::fprintf(stderr, "the stand-in knows no %s\n", test_arch.c_str());
        std::exit(2);
    }
    std::atexit(check_standin);
}

/// A card is open once in a process, while simulated chips are as many as one likes.
std::atomic<uint32_t> taken_devices{0};

uint32_t take_device()
{
    for (uint32_t index = 0; index < 8; index++)
        if ((taken_devices.fetch_or(1u << index) >> index & 1) == 0)
            return index;
    fail_msg("no device is free: tests that failed before have left them open");
    return 0;
}

} // namespace

void set_up(int argc, char **argv)
{
    if (argc < 3 || argc > 6 || (argc > 3 && !choose_builder(argv[3])) || (argc > 4 && !choose_mode(argv[4])) ||
        test_is_onboard != (argc > 5)) {
        std::fprintf(stderr, "usage: %s ARCH MODULE_DIRECTORY [device|host [fast|threads|onboard IMAGE_DIRECTORY]]\n",
                     argv[0]);
        std::exit(2);
    }
    test_arch = argv[1];
    module_directory = argv[2];
    image_directory = argc > 5 ? argv[5] : "";
    onboard_options.image_directory = image_directory.c_str();
    if (test_is_onboard)
        set_up_standin();
}

const char *arch()
{
    return test_arch.c_str();
}

uint32_t builder()
{
    return test_builder;
}

bool has_threads_per_core()
{
    return test_sim_mode == PTO_SIM_THREADS;
}

bool is_onboard()
{
    return test_is_onboard;
}

int rounds(int on_sim)
{
    return test_is_onboard ? on_sim / 8 : on_sim;
}

const std::vector<char> &module_bytes(const std::string &name, uint32_t builder)
{
    static std::map<std::string, std::vector<char>> modules;
    const std::string path = module_path(name, builder);
    std::vector<char> &bytes = modules[path];
    if (bytes.empty()) {
        std::ifstream file(path, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(file), {});
        if (bytes.empty())
            fail_msg("there is no %s", path.c_str());
    }
    return bytes;
}

CallableBuilder::CallableBuilder(const std::string &module, const std::string &entry) : module_(module), entry_(entry)
{
    built_by(test_builder);
}

CallableBuilder &CallableBuilder::built_by(uint32_t builder)
{
    const std::vector<char> &bytes = module_bytes(module_, builder);
    callable_.builder = builder;
    callable_.orch_image = bytes.data();
    callable_.orch_image_bytes = bytes.size();
    return *this;
}

CallableBuilder &CallableBuilder::kernel(uint32_t func_id, uint32_t core_type, const std::string &module)
{
    const std::vector<char> &bytes = module_bytes(module);
    kernels_.push_back({func_id, core_type, nullptr, bytes.data(), bytes.size()});
    names_.push_back(module);
    return *this;
}

CallableBuilder &CallableBuilder::param(uint8_t direction, const char *name)
{
    params_.push_back({direction, PTO_ANY_DTYPE, 0, 0, name});
    return *this;
}

pto_callable *CallableBuilder::get()
{
    for (std::size_t i = 0; i < kernels_.size(); i++)
        kernels_[i].name = names_[i].c_str();
    callable_.name = entry_.c_str();
    callable_.orch_entry = entry_.c_str();
    callable_.kernels = kernels_.data();
    callable_.kernel_count = static_cast<uint32_t>(kernels_.size());
    callable_.params = params_.data();
    callable_.param_count = static_cast<uint32_t>(params_.size());
    return &callable_;
}

pto_open_options TestChip::default_options()
{
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    options.arch = arch();
    options.sim_mode = test_sim_mode;
    options.target = test_is_onboard ? "onboard" : "sim";
    options.onboard = &onboard_options;
    return options;
}

pto_open_options TestChip::impatient_options()
{
    pto_open_options options = default_options();
    options.stall_timeout_ns = test_is_onboard ? 1'000'000'000 : 500'000'000;
    return options;
}

TestChip::TestChip(pto_open_options options)
{
    const pto_onboard_options onboard = patient_options(onboard_options, options.stall_timeout_ns);
    if (test_is_onboard)
        options.onboard = &onboard;
    if (test_is_onboard && options.device_index == 0)
        options.device_index = take_device();
    else
        taken_devices.fetch_or(1u << options.device_index % 32);
    device_index_ = options.device_index;
    EXPECT_STATUS(PTO_OK, pto_open(&options, &context_));
}

TestChip::~TestChip()
{
    pto_close(context_);
    taken_devices.fetch_and(~(1u << device_index_ % 32));
}

void TestChip::prepare(int32_t callable_id, CallableBuilder &callable)
{
    EXPECT_STATUS(PTO_OK, pto_prepare(context_, callable_id, callable.get()));
}

pto_status TestChip::run(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                         const std::vector<uint64_t> &scalars, pto_run_result *result)
{
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors.data();
    args.tensor_count = static_cast<uint32_t>(tensors.size());
    args.scalars = scalars.data();
    args.scalar_count = static_cast<uint32_t>(scalars.size());
    return pto_run(context_, callable_id, &args, nullptr, result);
}

pto_stats stats_of(pto_context *context)
{
    pto_stats stats = PTO_STATS_INIT;
    EXPECT_STATUS(PTO_OK, pto_get_stats(context, &stats));
    return stats;
}

pto_tensor floats(std::vector<float> &values)
{
    return floats(values, {static_cast<uint32_t>(values.size())});
}

pto_tensor floats(std::vector<float> &values, const std::vector<uint32_t> &shape)
{
    return pto_host_tensor(values.data(), PTO_FLOAT32, static_cast<uint32_t>(shape.size()), shape.data());
}

pto_tensor integers(std::vector<int32_t> &values)
{
    const auto count = static_cast<uint32_t>(values.size());
    return pto_host_tensor(values.data(), PTO_INT32, 1, &count);
}

void expect_status(pto_status expected, pto_status status, const char *file, int line)
{
    if (status == expected)
        return;
    print_error("status %s, expected %s: %s\n", pto_status_name(status), pto_status_name(expected),
                status == PTO_OK ? "" : pto_last_error()->message);
    _fail(file, line);
}

void expect_message(const char *text, const char *file, int line)
{
    if (std::strstr(pto_last_error()->message, text) != nullptr)
        return;
    print_error("message '%s' does not contain '%s'\n", pto_last_error()->message, text);
    _fail(file, line);
}

} // namespace pto::test
