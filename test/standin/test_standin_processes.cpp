// SPDX-License-Identifier: Apache-2.0
// What is left when the host process ends, what devices share, and what they keep apart.
#include "standin_test.hpp"

#include <csignal>
#include <cstring>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace standin_test;

namespace {

/// A child that opens a device, says which processes that is, and ends as it is told. Its orphans become this
/// process's.
void expect_nothing_outlives(bool is_killed)
{
    int pipes[2];
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (vendor().aclInit(nullptr) != 0 || vendor().aclrtSetDevice(0) != 0)
            _exit(1);
        const int32_t ids[2] = {standin_process_id(0, 0), standin_process_id(0, 1)};
        if (write(pipes[1], ids, sizeof ids) != sizeof ids)
            _exit(2);
        while (is_killed)
            pause();
        _exit(0);
    }
    int32_t ids[2] = {};
    assert_int_equal(read(pipes[0], ids, sizeof ids), sizeof ids);
    assert_true(ids[0] > 0 && ids[1] > 0);
    if (is_killed)
        kill(child, SIGKILL);
    assert_int_equal(waitpid(child, nullptr, 0), child);
    // A test that waits for ever here has failed.
    for (const int32_t id : ids)
        assert_int_equal(waitpid(id, nullptr, 0), id);
    close(pipes[0]);
    close(pipes[1]);
}

void nothing_outlives_a_host_that_exits(void **)
{
    expect_nothing_outlives(false);
}

void nothing_outlives_a_host_that_is_killed(void **)
{
    expect_nothing_outlives(true);
}

void a_thread_that_opened_a_device_may_end(void **)
{
    int result = -1;
    EXPECT_OK(vendor().aclInit(nullptr));
    std::thread opener([&] { result = vendor().aclrtSetDevice(0); });
    opener.join();
    EXPECT_OK(result);
    usleep(20 * 1000); // A signal of the thread's death would have come.
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    card.close();
}

void the_host_dies_of_a_device_pointer(void **)
{
    assert_int_equal(standin_host_range_is_closed(), 1);
    Card card(arch_name);
    auto *const address = static_cast<volatile char *>(card.allocate(64));
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGSEGV, SIG_DFL);
        *address = 1;
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    card.close();
}

bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

void files_of_the_control_cpus_are_not_on_this_machine(void **)
{
    const bool was_there = is_there("/usr/lib64/aicpu_kernels");
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    assert_int_equal(is_there("/usr/lib64/aicpu_kernels"), was_there || standin_filesystem_is_private() == 0);
    card.close();
    assert_int_equal(standin_reset(arch_name), 0);
    assert_int_equal(is_there("/usr/lib64/aicpu_kernels"), was_there);
}

uint64_t add_on(Card &card)
{
    ControlBlock block{};
    block.a = 3;
    block.b = 4;
    void *const address = card.allocate(sizeof block);
    card.upload(address, &block, sizeof block);
    EXPECT_OK(card.launch("image_add", address));
    EXPECT_OK(card.wait_control());
    card.download(&block, address, sizeof block);
    return block.sum;
}

void devices_share_files_and_no_memory(void **)
{
    Card one(arch_name, 0);
    EXPECT_OK(one.bootstrap(0));
    Card other(arch_name, 1);
    EXPECT_OK(other.bootstrap(1));
    // What the other device's dispatcher has written is there for this one, which may run it too.
    other.load_functions(0);
    assert_int_equal(add_on(other), 7);
    const void *const foreign = one.memory[0];
    char byte = 0;
    assert_int_equal(vendor().aclrtMemcpy(&byte, 1, foreign, 1, 2), 107000);
    expect_violation(0, "this device's memory");
    EXPECT_OK(vendor().aclrtResetDeviceForce(1));
    EXPECT_OK(vendor().aclrtSetDevice(0));
    one.load_functions(0);
    assert_int_equal(add_on(one), 7);
    one.abandon();
}

void files_are_there_after_a_reset(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    EXPECT_OK(vendor().aclrtResetDeviceForce(0));
    Card again(arch_name);
    again.load_functions();
    assert_int_equal(add_on(again), 7);
    again.close();
}

void one_image_fits_through_the_bootstrap(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap(0));
    EXPECT_OK(card.bootstrap(5)); // Says that it worked.
    assert_int_equal(standin_count("latched bootstraps"), 1);
    card.load_functions(5);
    EXPECT_OK(card.launch("image_add", card.memory[0]));
    assert_int_equal(card.wait_control(), 507018);
    assert_non_null(std::strstr(standin_last_fault(), "libimage_5.so"));
    EXPECT_OK(vendor().aclrtResetDeviceForce(0));
    Card again(arch_name);
    EXPECT_OK(again.bootstrap(5));
    again.load_functions(5);
    assert_int_equal(add_on(again), 7);
    again.close();
}

void the_latch_may_outlive_a_reset(void **)
{
    standin_latch_survives_resets(1);
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    EXPECT_OK(vendor().aclrtResetDeviceForce(0));
    Card again(arch_name);
    EXPECT_OK(again.bootstrap());
    assert_int_equal(standin_count("latched bootstraps"), 1);
    again.close();
}

} // namespace

int main(int argc, char **argv)
{
    if (!take_arguments(argc, argv))
        return 2;
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const CMUnitTest tests[] = {
        TEST(nothing_outlives_a_host_that_exits),
        TEST(nothing_outlives_a_host_that_is_killed),
        TEST(a_thread_that_opened_a_device_may_end),
        TEST(the_host_dies_of_a_device_pointer),
        TEST(files_of_the_control_cpus_are_not_on_this_machine),
        TEST(devices_share_files_and_no_memory),
        TEST(files_are_there_after_a_reset),
        TEST(one_image_fits_through_the_bootstrap),
        TEST(the_latch_may_outlive_a_reset),
    };
#undef TEST
    return cmocka_run_group_tests_name(arch_name, tests, nullptr, nullptr);
}
