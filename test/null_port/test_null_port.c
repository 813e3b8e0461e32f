/* SPDX-License-Identifier: Apache-2.0 */
/* The port that people begin with: the executor opens with it, and says what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "null_port.h"

enum { CLUSTERS = 2, MEMORY_BYTES = 1 << 16 };

static pto_core_line lines[3 * CLUSTERS];
static unsigned char device[MEMORY_BYTES] PTO_ALIGNED(4096);
static unsigned char code[MEMORY_BYTES] PTO_ALIGNED(4096);
static null_machine machine;
static pto_firmware_port port;
static char message[128];

static pto_firmware_config config_of(void)
{
    pto_firmware_config config;
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.control_cpus = 1;
    config.cluster_count = CLUSTERS;
    config.max_tasks = 16;
    config.lines = lines;
    config.heap_address = (uint64_t)(uintptr_t)device;
    config.heap_bytes = sizeof device;
    config.device_address = (uint64_t)(uintptr_t)device;
    config.device_bytes = sizeof device;
    config.memory_bytes = pto_firmware_memory_bytes(&config);
    return config;
}

static int set_up(void **state)
{
    (void)state;
    memset(lines, 0, sizeof lines);
    memset(&machine, 0, sizeof machine);
    return null_port(&machine, code, sizeof code, &port) == PTO_OK ? 0 : -1;
}

static void *zeroed(uint64_t size_bytes)
{
    void *memory = aligned_alloc(64, (size_t)size_bytes);
    assert_non_null(memory);
    return memset(memory, 0, (size_t)size_bytes);
}

static void the_executor_opens_and_misses_its_cores(void **state)
{
    pto_firmware_config config = config_of();
    pto_firmware *firmware = NULL;
    (void)state;
    config.memory = zeroed(config.memory_bytes);
    assert_int_equal(pto_firmware_open(&config, &port, &firmware, message, sizeof message), PTO_OK);
    assert_int_equal(pto_firmware_connect(firmware, message, sizeof message), PTO_ERROR_CORE);
    assert_string_equal(message, "core 0 has not reported itself in 1000 ms; 0 of 6 cores have");
    assert_in_range(machine.time_ns, 1000000000u, 1100000000u);
    pto_firmware_close(firmware);
    free(config.memory);
}

static void a_run_without_cores_is_refused(void **state)
{
    pto_firmware_config config = config_of();
    pto_firmware_call call;
    pto_firmware_result result;
    pto_firmware *firmware = NULL;
    (void)state;
    memset(&call, 0, sizeof call);
    memset(&result, 0, sizeof result);
    call.struct_size = sizeof call;
    result.struct_size = sizeof result;
    config.memory = zeroed(config.memory_bytes);
    assert_int_equal(pto_firmware_open(&config, &port, &firmware, message, sizeof message), PTO_OK);
    assert_int_equal(pto_firmware_run(firmware, &call, &result), PTO_ERROR_CORE);
    assert_string_equal(result.message, "the cores are not connected");
    call.struct_size--;
    assert_int_equal(pto_firmware_run(firmware, &call, &result), PTO_ERROR_INVALID_ARGUMENT);
    result.struct_size--;
    assert_int_equal(pto_firmware_run(firmware, &call, &result), PTO_ERROR_INVALID_ARGUMENT);
    pto_firmware_close(firmware);
    pto_firmware_close(NULL);
    free(config.memory);
}

static void calls_without_an_executor_are_refused(void **state)
{
    pto_firmware_orch orch;
    pto_firmware_call call;
    pto_firmware_result result;
    (void)state;
    memset(&orch, 0, sizeof orch);
    memset(&call, 0, sizeof call);
    memset(&result, 0, sizeof result);
    orch.struct_size = sizeof orch;
    call.struct_size = sizeof call;
    result.struct_size = sizeof result;
    assert_int_equal(pto_firmware_connect(NULL, message, sizeof message), PTO_ERROR_INVALID_ARGUMENT);
    assert_string_equal(message, "firmware is NULL");
    message[0] = '\0';
    assert_int_equal(pto_firmware_disconnect(NULL, message, sizeof message), PTO_ERROR_INVALID_ARGUMENT);
    assert_string_equal(message, "firmware is NULL");
    message[0] = '\0';
    assert_int_equal(pto_firmware_load(NULL, &orch, message, sizeof message), PTO_ERROR_INVALID_ARGUMENT);
    assert_string_equal(message, "firmware is NULL");
    assert_int_equal(pto_firmware_run(NULL, &call, &result), PTO_ERROR_INVALID_ARGUMENT);
    assert_int_equal(pto_firmware_launch(NULL, &call, &result), PTO_ERROR_INVALID_ARGUMENT);
    pto_firmware_unload(NULL, 0);
    pto_firmware_serve(NULL, 1);
}

static void cpus_that_were_not_configured_do_not_serve(void **state)
{
    pto_firmware_config config = config_of();
    pto_firmware *firmware = NULL;
    (void)state;
    config.control_cpus = 2;
    config.memory_bytes = pto_firmware_memory_bytes(&config);
    config.memory = zeroed(config.memory_bytes);
    assert_int_equal(pto_firmware_open(&config, &port, &firmware, message, sizeof message), PTO_OK);
    pto_firmware_serve(firmware, 0); /* returns, although nobody closes */
    pto_firmware_serve(firmware, 2);
    pto_firmware_serve(firmware, UINT32_MAX);
    pto_firmware_close(firmware);
    free(config.memory);
}

/* One field of the configuration that cannot be, and what is said of it. */
struct wrong_config {
    void (*spoil)(pto_firmware_config *config);
    const char *text;
};

static void spoil_size(pto_firmware_config *config)
{
    config->struct_size++;
}
static void spoil_cpus(pto_firmware_config *config)
{
    config->control_cpus = 33;
}
static void spoil_no_cpus(pto_firmware_config *config)
{
    config->control_cpus = 0;
}
static void spoil_clusters(pto_firmware_config *config)
{
    config->cluster_count = 37;
}
static void spoil_physical(pto_firmware_config *config)
{
    config->physical_cores = 5;
}
static void spoil_tasks(pto_firmware_config *config)
{
    config->max_tasks = (1u << 24) + 1;
}
static void spoil_heap(pto_firmware_config *config)
{
    config->heap_address += 512;
}
static void spoil_heap_place(pto_firmware_config *config)
{
    config->heap_address += 1024;
}
static void spoil_lines(pto_firmware_config *config)
{
    config->lines = NULL;
}
static void spoil_memory(pto_firmware_config *config)
{
    config->memory = (char *)config->memory + 8;
}
static void spoil_memory_size(pto_firmware_config *config)
{
    config->memory_bytes--;
}

static void what_cannot_be_is_refused_by_name(void **state)
{
    static const struct wrong_config wrong[] = {
        {spoil_size, "struct_size"},
        {spoil_cpus, "control_cpus is not 1..32"},
        {spoil_no_cpus, "control_cpus is not 1..32"},
        {spoil_clusters, "cluster_count"},
        {spoil_physical, "physical_cores"},
        {spoil_tasks, "max_tasks"},
        {spoil_heap, "multiples of 1024"},
        {spoil_heap_place, "not inside the device's memory"},
        {spoil_lines, "lines"},
        {spoil_memory, "memory is NULL or not 64-byte aligned"},
        {spoil_memory_size, "memory_bytes"},
    };
    void *memory = zeroed(config_of().memory_bytes);
    size_t i;
    (void)state;
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        pto_firmware_config config = config_of();
        pto_firmware *firmware = NULL;
        config.memory = memory;
        wrong[i].spoil(&config);
        assert_int_equal(pto_firmware_open(&config, &port, &firmware, message, sizeof message),
                         PTO_ERROR_INVALID_ARGUMENT);
        if (strstr(message, wrong[i].text) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", wrong[i].text, message);
        assert_null(firmware);
    }
    free(memory);
}

/* Each hook by its place among the pointers of the port. */
static void a_port_without_one_of_its_hooks_is_refused(void **state)
{
    pto_firmware_config config = config_of();
    const size_t first = offsetof(pto_firmware_port, now);
    size_t hooks = 0;
    size_t at;
    (void)state;
    config.memory = zeroed(config.memory_bytes);
    for (at = first; at < sizeof port; at += sizeof(void *)) {
        pto_firmware_port incomplete = port;
        pto_firmware *firmware = NULL;
        if (at == offsetof(pto_firmware_port, loader))
            continue; /* The loader's self, not a hook. */
        memset((char *)&incomplete + at, 0, sizeof(void *));
        assert_int_equal(pto_firmware_open(&config, &incomplete, &firmware, message, sizeof message),
                         PTO_ERROR_INVALID_ARGUMENT);
        assert_string_equal(message, "a hook of the port is NULL");
        hooks++;
    }
    assert_int_equal(hooks, 12);
    free(config.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_executor_opens_and_misses_its_cores, set_up),
        cmocka_unit_test_setup(a_run_without_cores_is_refused, set_up),
        cmocka_unit_test_setup(calls_without_an_executor_are_refused, set_up),
        cmocka_unit_test_setup(cpus_that_were_not_configured_do_not_serve, set_up),
        cmocka_unit_test_setup(what_cannot_be_is_refused_by_name, set_up),
        cmocka_unit_test_setup(a_port_without_one_of_its_hooks_is_refused, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
