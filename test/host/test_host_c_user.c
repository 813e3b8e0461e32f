/* SPDX-License-Identifier: Apache-2.0 */
/* The host API as a C program uses it: files are read, packed and opened, callables prepared and run, memory kept on
 * the device. Plain C99, public headers only. */
#include "pto/pto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 1000, ADD = 0, SUBTRACT = 1 };

static const char *arch;
static const char *directory;

typedef struct file_bytes {
    char *bytes;
    size_t size;
} file_bytes;

static file_bytes read_module(const char *name)
{
    char path[1024];
    file_bytes content = {NULL, 0};
    FILE *file = NULL;
    long size = 0;
    snprintf(path, sizeof path, "%s/%s.so", directory, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    content.size = (size_t)size;
    content.bytes = (char *)malloc(content.size);
    assert_non_null(content.bytes);
    assert_int_equal(fread(content.bytes, 1, content.size, file), content.size);
    fclose(file);
    return content;
}

static pto_context *open_chip(void)
{
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    pto_context *context = NULL;
    options.arch = arch;
    options.cluster_count = 2;
    assert_int_equal(pto_open(&options, &context), PTO_OK);
    assert_non_null(context);
    return context;
}

/* Packs `combine` with this kernel and opens it again: an image owns all that its callable needs. */
static pto_image *combine_image(const char *kernel_name)
{
    static const pto_param params[] = {{PTO_DIR_IN, PTO_FLOAT32, 1, 0, "a"},
                                       {PTO_DIR_IN, PTO_FLOAT32, 1, 0, "b"},
                                       {PTO_DIR_OUT, PTO_FLOAT32, 1, 0, "out"}};
    const file_bytes orch = read_module("host_orch");
    const file_bytes code = read_module(kernel_name);
    pto_kernel kernel = PTO_ZERO;
    pto_callable callable = PTO_CALLABLE_INIT;
    pto_image *image = NULL;
    void *bytes = NULL;
    size_t size = 0;
    kernel.core_type = PTO_CORE_AIV;
    kernel.name = kernel_name;
    kernel.image = code.bytes;
    kernel.image_bytes = code.size;
    callable.name = "combine";
    callable.arch = arch;
    callable.orch_entry = "combine";
    callable.orch_image = orch.bytes;
    callable.orch_image_bytes = orch.size;
    callable.params = params;
    callable.param_count = 3;
    callable.kernels = &kernel;
    callable.kernel_count = 1;
    assert_int_equal(pto_image_pack(&callable, &bytes, &size, NULL), PTO_OK);
    free(orch.bytes);
    free(code.bytes);
    assert_int_equal(pto_image_open(bytes, size, &image, NULL), PTO_OK);
    pto_image_free_bytes(bytes);
    return image;
}

static void prepare(pto_context *context, int32_t id, const char *kernel_name)
{
    pto_image *image = combine_image(kernel_name);
    assert_int_equal(pto_prepare(context, id, pto_image_callable(image)), PTO_OK);
    pto_image_close(image);
}

static void expect_all(const float *values, float expected)
{
    int i;
    for (i = 0; i < COUNT; i++)
        assert_true(values[i] == expected);
}

static void fill(float *values, float value)
{
    int i;
    for (i = 0; i < COUNT; i++)
        values[i] = value;
}

static void two_callables_alternate_on_one_chip(void **state)
{
    static float a[COUNT], b[COUNT], sum[COUNT], difference[COUNT];
    pto_context *context = open_chip();
    pto_tensor tensors[3];
    pto_args args = PTO_ARGS_INIT;
    int round;
    (void)state;
    prepare(context, ADD, "host_kernel_add");
    prepare(context, SUBTRACT, "host_kernel_subtract");
    tensors[0] = pto_host_tensor(a, PTO_FLOAT32, PTO_SHAPE(COUNT));
    tensors[1] = pto_host_tensor(b, PTO_FLOAT32, PTO_SHAPE(COUNT));
    args.tensors = tensors;
    args.tensor_count = 3;
    for (round = 1; round <= 10; round++) {
        fill(a, (float)(2 * round));
        fill(b, (float)round);
        tensors[2] = pto_host_tensor(sum, PTO_FLOAT32, PTO_SHAPE(COUNT));
        assert_int_equal(pto_run(context, ADD, &args, NULL, NULL), PTO_OK);
        tensors[2] = pto_host_tensor(difference, PTO_FLOAT32, PTO_SHAPE(COUNT));
        assert_int_equal(pto_run(context, SUBTRACT, &args, NULL, NULL), PTO_OK);
        expect_all(sum, (float)(3 * round));
        expect_all(difference, (float)round);
    }
    pto_close(context);
}

static void tensors_on_the_device_stay_there_between_runs(void **state)
{
    static float a[COUNT], b[COUNT], back[COUNT];
    pto_context *context = open_chip();
    pto_tensor tensors[3];
    pto_args args = PTO_ARGS_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    uint64_t address = 0;
    int round;
    (void)state;
    prepare(context, ADD, "host_kernel_add");
    assert_int_equal(pto_malloc(context, sizeof back, &address), PTO_OK);
    fill(a, 0.0f);
    fill(b, 1.5f);
    assert_int_equal(pto_copy_to_device(context, address, a, sizeof a), PTO_OK);
    tensors[0] = pto_device_tensor(address, PTO_FLOAT32, PTO_SHAPE(COUNT));
    tensors[1] = pto_host_tensor(b, PTO_FLOAT32, PTO_SHAPE(COUNT));
    tensors[2] = tensors[0];
    args.tensors = tensors;
    args.tensor_count = 3;
    for (round = 0; round < 4; round++) {
        assert_int_equal(pto_run(context, ADD, &args, NULL, &result), PTO_OK);
        assert_int_equal(result.bytes_to_device, sizeof b);
        assert_int_equal(result.bytes_from_device, 0);
        assert_int_equal(result.tasks, 1);
        assert_int_equal(result.kernels, 1);
        assert_true(result.total_ns >= result.device_ns);
        assert_true(result.device_ns > 0);
    }
    assert_int_equal(pto_copy_from_device(context, back, address, sizeof back), PTO_OK);
    expect_all(back, 6.0f);
    assert_int_equal(pto_free(context, address), PTO_OK);
    pto_close(context);
}

static void runs_are_submitted_and_waited_for(void **state)
{
    static float a[COUNT], b[COUNT], sum[COUNT], total[COUNT];
    pto_context *context = open_chip();
    pto_run_handle *first = NULL;
    pto_run_handle *second = NULL;
    pto_tensor tensors[3];
    pto_args args = PTO_ARGS_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    pto_status status = PTO_PENDING;
    (void)state;
    prepare(context, ADD, "host_kernel_add");
    fill(a, 1.0f);
    fill(b, 2.0f);
    tensors[0] = pto_host_tensor(a, PTO_FLOAT32, PTO_SHAPE(COUNT));
    tensors[1] = pto_host_tensor(b, PTO_FLOAT32, PTO_SHAPE(COUNT));
    tensors[2] = pto_host_tensor(sum, PTO_FLOAT32, PTO_SHAPE(COUNT));
    args.tensors = tensors;
    args.tensor_count = 3;
    assert_int_equal(pto_submit(context, ADD, &args, NULL, &first), PTO_OK);
    tensors[0] = pto_host_tensor(sum, PTO_FLOAT32, PTO_SHAPE(COUNT));
    tensors[2] = pto_host_tensor(total, PTO_FLOAT32, PTO_SHAPE(COUNT));
    assert_int_equal(pto_submit(context, ADD, &args, NULL, &second), PTO_OK);
    while (status == PTO_PENDING)
        status = pto_wait(second, 1000000, &result);
    assert_int_equal(status, PTO_OK);
    assert_int_equal(result.tasks, 1);
    assert_int_equal(pto_poll(first), PTO_OK);
    assert_int_equal(pto_cancel(first), PTO_ERROR_BUSY);
    assert_int_equal(pto_wait(first, -1, NULL), PTO_OK);
    assert_int_equal(pto_poll(first), PTO_ERROR_INVALID_HANDLE);
    expect_all(sum, 3.0f);
    expect_all(total, 5.0f);
    pto_close(context);
}

static void a_mistake_is_told_and_can_be_corrected(void **state)
{
    static float values[COUNT];
    pto_context *context = open_chip();
    pto_tensor tensors[3];
    pto_args args = PTO_ARGS_INIT;
    int i;
    (void)state;
    fill(values, 1.0f);
    for (i = 0; i < 3; i++)
        tensors[i] = pto_host_tensor(values, PTO_FLOAT32, PTO_SHAPE(COUNT));
    args.tensors = tensors;
    args.tensor_count = 3;
    assert_int_equal(pto_run(context, ADD, &args, NULL, NULL), PTO_ERROR_NOT_PREPARED);
    assert_string_equal(pto_status_name(pto_last_error()->status), "PTO_ERROR_NOT_PREPARED");
    prepare(context, ADD, "host_kernel_add");
    assert_int_equal(pto_run(context, ADD, &args, NULL, NULL), PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(pto_last_error()->message, "'out'"));
    assert_int_equal(pto_last_error()->callable_id, ADD);
    expect_all(values, 1.0f);
    pto_close(context);
    assert_int_equal(pto_health(context), PTO_ERROR_INVALID_HANDLE);
}

static void the_counters_add_up(void **state)
{
    pto_context *context = open_chip();
    pto_stats stats = PTO_STATS_INIT;
    (void)state;
    prepare(context, ADD, "host_kernel_add");
    prepare(context, 63, "host_kernel_add");
    assert_int_equal(pto_release(context, ADD), PTO_OK);
    assert_int_equal(pto_get_stats(context, &stats), PTO_OK);
    assert_int_equal(stats.prepares, 2);
    assert_int_equal(stats.releases, 1);
    assert_int_equal(stats.prepared_callables, 1);
    assert_int_equal(stats.orch_loads, 2);
    assert_int_equal(stats.dedup_hits, 2);
    pto_close(context);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_callables_alternate_on_one_chip),
        cmocka_unit_test(tensors_on_the_device_stay_there_between_runs),
        cmocka_unit_test(runs_are_submitted_and_waited_for),
        cmocka_unit_test(a_mistake_is_told_and_can_be_corrected),
        cmocka_unit_test(the_counters_add_up),
    };
    if (argc != 3) {
        fprintf(stderr, "usage: %s ARCH MODULE_DIRECTORY\n", argv[0]);
        return 2;
    }
    arch = argv[1];
    directory = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
