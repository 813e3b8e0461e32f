// SPDX-License-Identifier: Apache-2.0
// What tests of whole runs share: the arch under test, shared objects built next to the test, callables made of them,
// and chips that close themselves.
#ifndef PTO_TEST_SUPPORT_TEST_CHIP_HPP
#define PTO_TEST_SUPPORT_TEST_CHIP_HPP

#include "pto/pto.h"

#include <csetjmp>
#include <cstdarg>
// cmocka defines macros with names of the standard library: its header comes last.
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include <cmocka.h>
}

#if defined(__SANITIZE_ADDRESS__)
#define PTO_TEST_ADDRESS_SANITIZER 1
#elif defined(__SANITIZE_THREAD__)
#define PTO_TEST_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PTO_TEST_ADDRESS_SANITIZER 1
#elif __has_feature(thread_sanitizer)
#define PTO_TEST_THREAD_SANITIZER 1
#endif
#endif

namespace pto::test {

/// Whether a sanitizer is in this program: memory is then not what it was, and everything takes longer.
#if defined(PTO_TEST_ADDRESS_SANITIZER) || defined(PTO_TEST_THREAD_SANITIZER)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// Takes the test program's arguments: ARCH MODULE_DIRECTORY [BUILDER [MODE [IMAGE_DIRECTORY]]], where BUILDER is
/// `device`, the default, or `host`, and MODE is `fast`, the default, or `threads`, of the simulated chip, or
/// `onboard`, which needs the folder of the device's images. Call first in main.
void set_up(int argc, char **argv);

/// The arch under test.
const char *arch();

/// Who builds the graphs of the callables under test: one of `enum pto_graph_builder_code`.
uint32_t builder();

/// Whether the chips are simulated with a thread for each core.
bool has_threads_per_core();

/// Whether the chips are behind the vendor's driver, or what stands for it: in an address space of their own.
bool is_onboard();
/// How often to repeat what takes microseconds on a simulated chip, and tens of milliseconds on an emulated one.
int rounds(int on_sim);

/// Content of a shared object that was built next to the test, such as "kernel_add", for the machine that it runs on.
/// Fails the test when it is not there. An orchestration runs where that builder is.
const std::vector<char> &module_bytes(const std::string &name, uint32_t builder = pto::test::builder());

/// A callable that is put together piece by piece from modules.
class CallableBuilder {
public:
    /// Orchestration `entry` of module `module`.
    CallableBuilder(const std::string &module, const std::string &entry);
    /// Another builder than the one under test.
    CallableBuilder &built_by(uint32_t builder);

    CallableBuilder &aic(uint32_t func_id, const std::string &module) { return kernel(func_id, PTO_CORE_AIC, module); }
    CallableBuilder &aiv(uint32_t func_id, const std::string &module) { return kernel(func_id, PTO_CORE_AIV, module); }
    CallableBuilder &any(uint32_t func_id, const std::string &module) { return kernel(func_id, PTO_CORE_ANY, module); }
    CallableBuilder &in(const char *name = "in") { return param(PTO_DIR_IN, name); }
    CallableBuilder &out(const char *name = "out") { return param(PTO_DIR_OUT, name); }
    CallableBuilder &inout(const char *name = "inout") { return param(PTO_DIR_INOUT, name); }
    CallableBuilder &scalar(const char *name = "scalar") { return param(PTO_SCALAR_ARG, name); }

    /// Valid until the builder changes or goes away.
    pto_callable *get();

private:
    CallableBuilder &kernel(uint32_t func_id, uint32_t core_type, const std::string &module);
    CallableBuilder &param(uint8_t direction, const char *name);

    pto_callable callable_ = PTO_CALLABLE_INIT;
    std::string module_;
    std::string entry_;
    std::vector<pto_kernel> kernels_;
    std::vector<std::string> names_;
    std::vector<pto_param> params_;
};

/// An open chip of the arch under test.
class TestChip {
public:
    TestChip() : TestChip(default_options()) {}
    explicit TestChip(pto_open_options options);
    ~TestChip();
    TestChip(const TestChip &) = delete;
    TestChip &operator=(const TestChip &) = delete;

    static pto_open_options default_options();
    /// Of a chip that soon gives up a run without progress: late enough for a machine that is busy.
    static pto_open_options impatient_options();

    pto_context *get() const { return context_; }

    /// Prepares; the test fails unless that succeeds.
    void prepare(int32_t callable_id, CallableBuilder &callable);
    /// Runs with these arguments and returns the status.
    pto_status run(int32_t callable_id, const std::vector<pto_tensor> &tensors = {},
                   const std::vector<uint64_t> &scalars = {}, pto_run_result *result = nullptr);

private:
    pto_context *context_ = nullptr;
    uint32_t device_index_ = 0;
};

/// The counters of an open context.
pto_stats stats_of(pto_context *context);

/// A host tensor of floats over a vector.
pto_tensor floats(std::vector<float> &values);
pto_tensor floats(std::vector<float> &values, const std::vector<uint32_t> &shape);
pto_tensor integers(std::vector<int32_t> &values);

/// Fails the test, with the last error's message, unless `status` is as expected.
void expect_status(pto_status expected, pto_status status, const char *file, int line);
#define EXPECT_STATUS(expected, status) pto::test::expect_status((expected), (status), __FILE__, __LINE__)

/// Fails the test unless the last error's message contains `text`.
void expect_message(const char *text, const char *file, int line);
#define EXPECT_MESSAGE(text) pto::test::expect_message((text), __FILE__, __LINE__)

} // namespace pto::test

#endif
