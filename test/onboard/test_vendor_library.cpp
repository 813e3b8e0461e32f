// SPDX-License-Identifier: Apache-2.0
// All functions or none: what is missing is named.
#include "vendor_test.hpp"

#include "host/onboard/vendor/vendor_library.h"

namespace {

using namespace pto::vendor;

std::string folder;

struct Loaded {
    explicit Loaded(const std::string &set, const Needs &needs = {})
    {
        functions.aclInit = reinterpret_cast<int (*)(const char *)>(1); // to be left alone, or replaced
        status = load_functions(needs, (folder + "/" + set + "_").c_str(), &functions, &failure);
    }

    Functions functions{};
    pto::host::DeviceFailure failure{};
    pto_status status;
};

void expect_refusal(const Loaded &loaded, const char *what)
{
    assert_int_equal(loaded.status, PTO_ERROR_UNSUPPORTED);
    if (std::strncmp(loaded.failure.message, "target onboard: ", 16) != 0 ||
        std::strstr(loaded.failure.message, what) == nullptr)
        fail_msg("'%s' does not name '%s'", loaded.failure.message, what);
    assert_true(reinterpret_cast<uintptr_t>(loaded.functions.aclInit) == 1);
}

void complete_libraries_are_resolved(void **)
{
    const Loaded loaded("complete", {.one_map = true, .windows = true, .sdma = true});
    assert_int_equal(loaded.status, PTO_OK);
    assert_string_equal(loaded.failure.message, "");
    const auto *pointers = reinterpret_cast<void *const *>(&loaded.functions);
    for (std::size_t i = 0; i < sizeof loaded.functions / sizeof *pointers; i++)
        assert_non_null(pointers[i]);
    assert_int_equal(loaded.functions.aclInit(nullptr), 0);
}

void a_missing_library_is_named(void **)
{
    expect_refusal(Loaded("without_runtime"), "without_runtime_libruntime.so");
    expect_refusal(Loaded("nothing"), "nothing_libascendcl.so");
}

void a_missing_symbol_is_named(void **)
{
    expect_refusal(Loaded("without_symbol"), "aclrtMalloc is missing");
}

void the_other_name_of_a_library_will_do(void **)
{
    const Loaded loaded("renamed", {.one_map = true, .windows = false, .sdma = false});
    assert_int_equal(loaded.status, PTO_OK);
    assert_string_equal(loaded.failure.message, "");
}

void what_is_optional_may_be_missing(void **)
{
    const Loaded loaded("renamed");
    assert_int_equal(loaded.status, PTO_OK);
    assert_null(loaded.functions.dlog_setlevel);
}

void what_one_chip_needs_is_missing_only_there(void **)
{
    const Loaded loaded("without_windows", {.one_map = true, .windows = false, .sdma = false});
    assert_int_equal(loaded.status, PTO_OK);
    expect_refusal(Loaded("without_windows", {.one_map = false, .windows = true, .sdma = false}), "halResMap");
}

} // namespace

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    const CMUnitTest tests[] = {
        cmocka_unit_test(complete_libraries_are_resolved), cmocka_unit_test(a_missing_library_is_named),
        cmocka_unit_test(a_missing_symbol_is_named),       cmocka_unit_test(the_other_name_of_a_library_will_do),
        cmocka_unit_test(what_is_optional_may_be_missing), cmocka_unit_test(what_one_chip_needs_is_missing_only_there),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
