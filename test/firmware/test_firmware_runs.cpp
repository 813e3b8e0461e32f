// SPDX-License-Identifier: Apache-2.0
// The executor as somebody uses it who puts it on control CPUs, through firmware.h alone:
// test_firmware_runs ARCH CHAIN.so TREE.so. Prints its cases in TAP, because a cross build has no test library.
#include "firmware_funcs.h"
#include "firmware_machine.hpp"

#include <cstdio>
#include <cstring>

namespace {

using pto::test::Machine;
using pto::test::MachineOptions;

const char *arch_name;
std::string chain_path;
std::string tree_path;
bool failed;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                      \
            failed = true;                                                                                             \
        }                                                                                                              \
    } while (false)

/// A step of a machine that must succeed.
#define MUST(machine, step)                                                                                            \
    do {                                                                                                               \
        if ((machine).step != PTO_OK) {                                                                                \
            std::printf("# %s:%d: %s: status %d: %s\n", __FILE__, __LINE__, #step, (machine).status,                   \
                        (machine).message);                                                                            \
            failed = true;                                                                                             \
        }                                                                                                              \
    } while (false)

constexpr uint32_t kWidth = 1024;
constexpr uint32_t kSteps = 300; // more than there are slots

pto_tensor tensor_of(float *data, uint32_t count)
{
    return pto_device_tensor(reinterpret_cast<uint64_t>(data), PTO_FLOAT32, 1, &count);
}

void run_chain(Machine &machine, int32_t id, float factor, float summand, uint32_t steps = kSteps)
{
    float *in = machine.floats(kWidth);
    float *out = machine.floats(kWidth);
    for (uint32_t i = 0; i < kWidth; i++)
        in[i] = static_cast<float>(i % 17);
    MUST(machine, run(id, {tensor_of(in, kWidth), tensor_of(out, kWidth)},
                      {steps, pto_bits_f32(factor), pto_bits_f32(summand)}));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < kWidth; i++) {
        float expected = in[i];
        for (uint32_t step = 0; step < steps; step++)
            expected = expected * factor + summand;
        wrong += out[i] != expected ? 1 : 0;
    }
    CHECK(wrong == 0);
    CHECK(machine.result.tasks == steps);
    CHECK(machine.result.kernels == steps);
}

void run_tree(Machine &machine, int32_t id)
{
    constexpr uint32_t kElements = TREE_LEAVES * 16;
    float *in = machine.floats(kElements);
    float *out[] = {machine.floats(1), machine.floats(1), machine.floats(1)};
    float expected = 0;
    for (uint32_t i = 0; i < kElements; i++)
        expected += in[i] = static_cast<float>(i % 5);
    MUST(machine,
         run(id, {tensor_of(in, kElements), tensor_of(out[0], 1), tensor_of(out[1], 1), tensor_of(out[2], 1)}, {}));
    CHECK(*out[0] == expected);
    CHECK(*out[1] == 2 * expected);
    CHECK(*out[2] == expected * expected);
    CHECK(machine.result.tasks == 2 * TREE_LEAVES);
    CHECK(machine.result.kernels == 2 * TREE_LEAVES + 1);
}

void load_both(Machine &machine)
{
    MUST(machine, connect());
    MUST(machine, load(0, chain_path, "chain", 2, 3));
    MUST(machine, load(63, tree_path, "tree", 4, 0));
}

void finish(Machine &machine)
{
    MUST(machine, disconnect());
    CHECK(machine.panic().empty());
    CHECK(!machine.misused());
}

void the_executor_is_that_of_the_arch()
{
    CHECK(std::strcmp(pto_firmware_arch(), arch_name) == 0);
}

void two_orchestrations_run_in_turn()
{
    Machine machine;
    load_both(machine);
    for (int i = 0; i < 5; i++) {
        run_chain(machine, 0, 1.0F, static_cast<float>(i));
        run_tree(machine, 63);
    }
    finish(machine);
}

void the_loader_of_the_system_does_as_well()
{
    MachineOptions options;
    options.own_loader = false;
    Machine machine(options);
    load_both(machine);
    run_chain(machine, 0, -1.0F, 3.0F);
    run_tree(machine, 63);
    finish(machine);
}

void one_control_cpu_is_enough()
{
    MachineOptions options;
    options.control_cpus = 1;
    options.cluster_count = 1;
    Machine machine(options);
    load_both(machine);
    run_chain(machine, 0, 1.0F, 1.0F);
    run_tree(machine, 63);
    CHECK(machine.cores_that_ran == 7);
    finish(machine);
}

void as_many_control_cpus_as_the_chip_has_serve()
{
    MachineOptions options;
    options.control_cpus = pto::kArch.control_thread_count;
    options.cluster_count = 4;
    Machine machine(options);
    load_both(machine);
    for (int i = 0; i < 3; i++)
        run_tree(machine, 63);
    run_chain(machine, 0, 1.0F, 1.0F);
    constexpr uint32_t kMatrixCores = 1 | 1 << 3 | 1 << 6 | 1 << 9;
    CHECK((machine.cores_that_ran & kMatrixCores) != 0);
    CHECK((machine.cores_that_ran & ~kMatrixCores) != 0);
    finish(machine);
}

void an_id_that_was_freed_can_be_loaded_again()
{
    Machine machine;
    load_both(machine);
    // Often enough to notice that memory of the loader does not come back.
    for (int i = 0; i < 200; i++) {
        machine.unload(0);
        MUST(machine, load(0, tree_path, "tree", 4, 0));
        machine.unload(0);
        MUST(machine, load(0, chain_path, "chain", 2, 3));
    }
    CHECK(machine.load(0, tree_path, "tree", 4, 0) == PTO_ERROR_ALREADY_PREPARED);
    run_chain(machine, 0, 1.0F, 2.0F);
    run_tree(machine, 63);
    machine.unload(63);
    CHECK(machine.run(63, {}, {}) == PTO_ERROR_NOT_PREPARED);
    finish(machine);
}

void what_an_orchestration_says_reaches_the_log_as_printf_would_print_it()
{
    Machine machine;
    MUST(machine, connect());
    MUST(machine, load(1, chain_path, "talk", 0, 2));
    for (const double real : {1.0, 3.25, -1234.5, 1e5}) {
        const int number = static_cast<int>(real) - 7;
        CHECK(machine.run(1, {}, {pto_bits_f64(real), static_cast<uint32_t>(number)}) == PTO_ERROR_ORCHESTRATION_FATAL);
        CHECK(machine.result.error_detail == FATAL_CODE);
        char expected[256];
        std::snprintf(expected, sizeof expected, "gives up after %llu",
                      static_cast<unsigned long long>(static_cast<uint32_t>(number)));
        CHECK(std::strstr(machine.message, expected) != nullptr);
        std::snprintf(expected, sizeof expected, "%e %.3f %g %Le %Lf %d %s", real, real, real, WIDE_REAL, -WIDE_REAL,
                      number, "and text");
        const auto lines = machine.lines();
        CHECK(!lines.empty() && lines.back() == expected);
        if (!lines.empty() && lines.back() != expected)
            std::printf("# '%s', and printf says '%s'\n", lines.back().c_str(), expected);
    }
    finish(machine);
}

void a_run_after_one_that_failed_is_sound()
{
    Machine machine;
    load_both(machine);
    MUST(machine, load(1, chain_path, "talk", 0, 2));
    for (int i = 0; i < 3; i++) {
        CHECK(machine.run(1, {}, {0, 0}) == PTO_ERROR_ORCHESTRATION_FATAL);
        run_chain(machine, 0, 1.0F, 1.0F);
        CHECK(machine.run(0, {}, {}) != PTO_OK); // arguments are missing
        run_tree(machine, 63);
    }
    finish(machine);
}

void a_core_that_does_not_answer_is_named()
{
    MachineOptions options;
    options.missing_core = 4;
    options.answer_timeout_ns = 300'000'000;
    Machine machine(options);
    CHECK(machine.connect() == PTO_ERROR_CORE);
    CHECK(std::strstr(machine.message, "4") != nullptr);
}

void what_is_no_orchestration_is_refused_and_the_id_stays_free()
{
    Machine machine;
    MUST(machine, connect());
    CHECK(machine.load(2, "/dev/null", "chain", 2, 3) != PTO_OK);
    CHECK(machine.message[0] != '\0');
    CHECK(machine.load(2, chain_path, "gone", 2, 3) == PTO_ERROR_MISSING_ENTRY);
    CHECK(machine.load(2, chain_path, "chain", 1, 3) == PTO_ERROR_SIGNATURE_MISMATCH);
    CHECK(machine.load(64, chain_path, "chain", 2, 3) == PTO_ERROR_INVALID_CALLABLE_ID);
    MUST(machine, load(2, chain_path, "chain", 2, 3));
    run_chain(machine, 2, 1.0F, 1.0F, 1);
    finish(machine);
}

struct Case {
    const char *name;
    void (*run)();
};
#define CASE(name)                                                                                                     \
    {                                                                                                                  \
#name, name                                                                                                    \
    }

constexpr Case kCases[] = {
    CASE(the_executor_is_that_of_the_arch),
    CASE(two_orchestrations_run_in_turn),
    CASE(the_loader_of_the_system_does_as_well),
    CASE(one_control_cpu_is_enough),
    CASE(as_many_control_cpus_as_the_chip_has_serve),
    CASE(an_id_that_was_freed_can_be_loaded_again),
    CASE(what_an_orchestration_says_reaches_the_log_as_printf_would_print_it),
    CASE(a_run_after_one_that_failed_is_sound),
    CASE(a_core_that_does_not_answer_is_named),
    CASE(what_is_no_orchestration_is_refused_and_the_id_stays_free),
};

} // namespace

int main(int argc, char **argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s ARCH CHAIN.so TREE.so\n", argv[0]);
        return 2;
    }
    arch_name = argv[1];
    chain_path = argv[2];
    tree_path = argv[3];
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::printf("1..%zu\n", std::size(kCases));
    int status = 0;
    for (std::size_t i = 0; i < std::size(kCases); i++) {
        failed = false;
        kCases[i].run();
        std::printf("%s %zu - %s\n", failed ? "not ok" : "ok", i + 1, kCases[i].name);
        status |= failed ? 1 : 0;
    }
    return status;
}
