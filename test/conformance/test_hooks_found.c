/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels find the functions of pto/sim.h by name, however the library came into the process. This program is built in
 * several ways: with the library inside, exporting its functions or not, and without it (PTO_TEST_LOADED): then it
 * loads it for itself alone, as an interpreter does. Arguments: arch, folder of modules, builder, library. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "func_ids.h"
#include "hooks_report.h"
#include "pto/pto.h"

static const char *arch;
static const char *folder;
static const char *library_path;
static uint32_t builder;

/* What it calls. */
static struct library {
    void *handle;
    pto_status (*open)(const pto_open_options *, pto_context **);
    void (*close)(pto_context *);
    pto_status (*prepare)(pto_context *, int32_t, const pto_callable *);
    pto_status (*run)(pto_context *, int32_t, const pto_args *, const pto_run_options *, pto_run_result *);
} library;

#ifdef PTO_TEST_LOADED
static void *find(const char *name)
{
    void *address = dlsym(library.handle, name);
    assert_non_null(address);
    return address;
}

static void load_library(void)
{
    static int is_known; /* A thread that has run kernels keeps it until the thread ends. */
    library.handle = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library.handle);
    assert_true(is_known || dlsym(RTLD_DEFAULT, "pto_open") == NULL);
    is_known = 1;
    *(void **)&library.open = find("pto_open");
    *(void **)&library.close = find("pto_close");
    *(void **)&library.prepare = find("pto_prepare");
    *(void **)&library.run = find("pto_run");
}

static void unload_library(void)
{
    assert_int_equal(dlclose(library.handle), 0);
}
#else
static void load_library(void)
{
    library.open = pto_open;
    library.close = pto_close;
    library.prepare = pto_prepare;
    library.run = pto_run;
}

static void unload_library(void) {}
#endif

static char *module_bytes(const char *name, size_t *size)
{
    char path[4096];
    FILE *file;
    char *bytes = (char *)malloc(1u << 22);
    snprintf(path, sizeof path, "%s/%s.so", folder, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1u << 22, file);
    fclose(file);
    return bytes;
}

static int lines_about_rdynamic;

static void count_line(void *user, int32_t level, const char *message)
{
    (void)user;
    (void)level;
    lines_about_rdynamic += strstr(message, "-rdynamic") != NULL;
}

/* Whether a kernel of a fresh chip finds them, and they answer. */
static int is_found(void)
{
    static const struct {
        uint32_t func_id;
        uint32_t core_type;
        const char *module;
    } kernels_of[] = {{NOP_AIC, PTO_CORE_AIC, "kernel_nop"},
                      {NOP, PTO_CORE_AIV, "kernel_nop"},
                      {HOOKS, PTO_CORE_AIV, "kernel_hooks"}};
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    pto_callable callable = PTO_CALLABLE_INIT;
    pto_kernel kernels[3];
    pto_param params[5];
    pto_args args = PTO_ARGS_INIT;
    pto_context *context = NULL;
    int64_t report[REPORT_WORDS] = {0};
    const uint32_t shape[] = {REPORT_WORDS};
    const uint64_t scalars[] = {1, 64, 64, 0};
    pto_tensor tensor = pto_host_tensor(report, PTO_INT64, 1, shape);
    char *images[4];
    uint32_t i;
    memset(kernels, 0, sizeof kernels);
    memset(params, 0, sizeof params);
    for (i = 0; i < 3; i++) {
        images[i] = module_bytes(kernels_of[i].module, &kernels[i].image_bytes);
        kernels[i].image = images[i];
        kernels[i].func_id = kernels_of[i].func_id;
        kernels[i].core_type = kernels_of[i].core_type;
    }
    for (i = 0; i < 5; i++) {
        params[i].direction = i == 0 ? PTO_DIR_INOUT : PTO_SCALAR_ARG;
        params[i].dtype = PTO_ANY_DTYPE;
    }
    images[3] = module_bytes("orch_lanes", &callable.orch_image_bytes);
    callable.orch_image = images[3];
    callable.orch_entry = "hooks";
    callable.builder = builder;
    callable.kernels = kernels;
    callable.kernel_count = 3;
    callable.params = params;
    callable.param_count = 5;
    options.arch = arch;
    options.log = count_line;
    options.log_level = PTO_LOG_INFO;
    args.tensors = &tensor;
    args.tensor_count = 1;
    args.scalars = scalars;
    args.scalar_count = 4;
    lines_about_rdynamic = 0;
    load_library();
    assert_int_equal(library.open(&options, &context), PTO_OK);
    assert_int_equal(library.prepare(context, 0, &callable), PTO_OK);
    assert_int_equal(library.run(context, 0, &args, NULL, NULL), PTO_OK);
    library.close(context);
    unload_library();
    for (i = 0; i < 4; i++)
        free(images[i]);
    if (report[REPORT_FOUND]) {
        assert_int_equal(report[REPORT_SUB_BLOCK], 1);
        assert_int_equal(report[REPORT_COUNT], 1);
    }
    return report[REPORT_FOUND] != 0;
}

#ifdef PTO_TEST_UNEXPORTED
static void a_program_that_exports_nothing_is_told_how_kernels_would_find_them(void **state)
{
    (void)state;
    assert_false(is_found());
    assert_int_equal(lines_about_rdynamic, 1);
}
#else
static void kernels_find_the_functions_by_name(void **state)
{
    int i;
    (void)state;
    for (i = 0; i < 3; i++) {
        assert_true(is_found());
        assert_int_equal(lines_about_rdynamic, 0);
    }
}
#endif

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#ifdef PTO_TEST_UNEXPORTED
        cmocka_unit_test(a_program_that_exports_nothing_is_told_how_kernels_would_find_them),
#else
        cmocka_unit_test(kernels_find_the_functions_by_name),
#endif
    };
    if (argc != 5)
        return 2;
    arch = argv[1];
    folder = argv[2];
    builder = strcmp(argv[3], "host") == 0 ? PTO_HOST_BUILT : PTO_DEVICE_BUILT;
    library_path = argv[4];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
