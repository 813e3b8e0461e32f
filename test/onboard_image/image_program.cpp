// SPDX-License-Identifier: Apache-2.0
// An executor image as the vendor's process has it: image_program IMAGE.so CHAIN.so, for the machine of the images.
// Prints its cases in TAP, because there is no test library for that machine.
#include "onboard_machine.hpp"

#include "firmware_funcs.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>

namespace {

using namespace pto;
using test::OnboardMachine;

test::OnboardImage image;
const char *chain_path;
bool failed;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                      \
            failed = true;                                                                                             \
        }                                                                                                              \
    } while (false)

void a_probe_is_answered()
{
    OnboardMachine machine(image);
    CHECK(machine.command(wire::Command::kProbe) == 0);
    const wire::AnswerBlock &answer = machine.answer();
    CHECK(answer.magic == wire::kAnswerMagic && answer.version == wire::kOnboardVersion);
    CHECK(answer.status == PTO_OK);
    CHECK(answer.session == machine.block().session);
    CHECK(answer.state_bytes > 4096);
    CHECK(answer.cpu >= 0);
    CHECK(std::strcmp(answer.arch, kArch.name) == 0);
    CHECK(answer.identity[0] != '\0');
}

void a_callable_is_loaded_and_runs_twice()
{
    constexpr uint32_t kWidth = 256, kSteps = 300;
    OnboardMachine machine(image);
    CHECK(machine.open() == PTO_OK);
    if (machine.load(7, chain_path, "chain", 2, 3) != PTO_OK) {
        std::printf("# %s\n", machine.answer().message);
        failed = true;
        return;
    }
    for (uint32_t time = 0; time < 2; time++) {
        auto *in = machine.take<float>(kWidth), *out = machine.take<float>(kWidth);
        for (uint32_t i = 0; i < kWidth; i++)
            in[i] = static_cast<float>(i % 17);
        const float factor = 0.5f, summand = static_cast<float>(time + 1);
        const pto_status status = machine.run(7, {test::floats_tensor(in, kWidth), test::floats_tensor(out, kWidth)},
                                              {kSteps, pto_bits_f32(factor), pto_bits_f32(summand)});
        if (status != PTO_OK)
            std::printf("# %s\n", machine.answer().message);
        CHECK(status == PTO_OK && machine.last_value == 0);
        CHECK(machine.outbox().report.tasks == kSteps);
        uint32_t wrong = 0;
        for (uint32_t i = 0; i < kWidth; i++) {
            float expected = in[i];
            for (uint32_t step = 0; step < kSteps; step++)
                expected = expected * factor + summand;
            wrong += out[i] != expected ? 1 : 0;
        }
        CHECK(wrong == 0);
    }
    machine.command(wire::Command::kClose);
    CHECK(machine.answer().status == PTO_OK);
}

void an_orchestration_s_words_are_in_the_outbox()
{
    OnboardMachine machine(image);
    CHECK(machine.open() == PTO_OK);
    CHECK(machine.load(0, chain_path, "talk", 0, 2) == PTO_OK);
    CHECK(machine.run(0, {}, {pto_bits_f64(0.5), 3}) == PTO_ERROR_ORCHESTRATION_FATAL);
    CHECK(machine.outbox().report.error.detail == FATAL_CODE);
    CHECK(std::strstr(machine.answer().message, "gives up after 3") != nullptr);
    CHECK(machine.lines().size() == 1 && machine.lines()[0].starts_with("5.000000e-01 0.500"));
    machine.command(wire::Command::kClose);
}

struct Case {
    const char *name;
    void (*run)();
};

const Case kCases[] = {
    {"a probe is answered", a_probe_is_answered},
    {"a callable is loaded and runs twice", a_callable_is_loaded_and_runs_twice},
    {"an orchestration's words are in the outbox", an_orchestration_s_words_are_in_the_outbox},
};

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: image_program IMAGE.so CHAIN.so\n");
        return 2;
    }
    void *object = dlopen(argv[1], RTLD_LAZY | RTLD_GLOBAL);
    if (object == nullptr) {
        std::printf("Bail out! %s\n", dlerror());
        return 1;
    }
    const std::string prefix = std::string("pto_onboard_") + kArch.name;
    image.command = reinterpret_cast<uint32_t (*)(void *)>(dlsym(object, (prefix + "_command").c_str()));
    image.run = reinterpret_cast<uint32_t (*)(void *)>(dlsym(object, (prefix + "_run").c_str()));
    chain_path = argv[2];
    if (image.command == nullptr || image.run == nullptr) {
        std::printf("Bail out! the image lacks its functions\n");
        return 1;
    }
    bool all_good = true;
    std::printf("1..%zu\n", std::size(kCases));
    for (std::size_t i = 0; i < std::size(kCases); i++) {
        failed = false;
        kCases[i].run();
        all_good &= !failed;
        std::printf("%s %zu - %s\n", failed ? "not ok" : "ok", i + 1, kCases[i].name);
        std::fflush(stdout);
    }
    return all_good ? 0 : 1;
}
