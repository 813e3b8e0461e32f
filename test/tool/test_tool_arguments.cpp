// SPDX-License-Identifier: Apache-2.0
#include "argument_text.hpp"

#include "text_format.hpp"
#include "tool_test.hpp"

#include <cstring>

using namespace pto::tool;
using namespace pto::tool::test;

namespace {

void a_kernel_is_named_after_its_file_unless_it_has_a_name(void **)
{
    const KernelSpec unnamed = parse_kernel_spec("17:aic:build/matmul.so");
    assert_int_equal(unnamed.func_id, 17);
    assert_int_equal(unnamed.core_type, PTO_CORE_AIC);
    assert_string_equal(unnamed.path.c_str(), "build/matmul.so");
    assert_string_equal(unnamed.name.c_str(), "matmul");
    const KernelSpec named = parse_kernel_spec("0:aiv:matmul.so:cube");
    assert_int_equal(named.core_type, PTO_CORE_AIV);
    assert_string_equal(named.path.c_str(), "matmul.so");
    assert_string_equal(named.name.c_str(), "cube");
    assert_int_equal(parse_kernel_spec("0:any:matmul.so").core_type, PTO_CORE_ANY);
    assert_string_equal(parse_kernel_spec("0:aiv:a:b/c.so").path.c_str(), "a:b/c.so");
}

void a_kernel_that_is_none_is_refused(void **)
{
    for (const char *text : {"", "0", "0:aiv", "0:aiv:", "x:aiv:a.so", "-1:aiv:a.so", "1024:aiv:a.so", "0:aicpu:a.so",
                             "0x1:aiv:a.so", "1 :aiv:a.so", "99999999999:aiv:a.so"})
        assert_contains(message_of([&] { parse_kernel_spec(text); }), std::string("--kernel ") + text + ": ");
}

void the_parts_of_a_parameter_may_be_left_out(void **)
{
    const ParamSpec full = parse_param_spec("inout:float16:3:state:x");
    assert_int_equal(full.direction, PTO_DIR_INOUT);
    assert_int_equal(full.dtype, PTO_FLOAT16);
    assert_int_equal(full.ndims, 3);
    assert_string_equal(full.name.c_str(), "state:x");
    for (const char *text : {"out", "out:", "out:any", "out::", "out:any:any", "out:any:0:", "out::any:"}) {
        const ParamSpec open = parse_param_spec(text);
        assert_int_equal(open.direction, PTO_DIR_OUT);
        assert_int_equal(open.dtype, PTO_ANY_DTYPE);
        assert_int_equal(open.ndims, 0);
        assert_string_equal(open.name.c_str(), "");
    }
    assert_int_equal(parse_param_spec("in:bf16").dtype, PTO_BFLOAT16);
    assert_string_equal(parse_param_spec("scalar:any:any:alpha").name.c_str(), "alpha");
}

void a_parameter_that_is_none_is_refused(void **)
{
    for (const char *text : {"", "input", "in:float64", "in:float32:6", "in:float32:-1", "in:float32:two",
                             "scalar:float32", "scalar:any:2"})
        assert_contains(message_of([&] { parse_param_spec(text); }), std::string("--param ") + text + ": ");
}

void an_output_may_say_its_dtype_and_its_shape(void **)
{
    const OutputSpec full = parse_output_spec("out/c.npy:int32:128x64");
    assert_string_equal(full.path.c_str(), "out/c.npy");
    assert_true(full.dtype == PTO_INT32);
    assert_true((full.shape == std::vector<uint32_t>{128, 64}));
    const OutputSpec shape = parse_output_spec("c.npy:7");
    assert_false(shape.dtype.has_value());
    assert_true(shape.shape == std::vector<uint32_t>{7});
    const OutputSpec dtype = parse_output_spec("c.npy:f16");
    assert_true(dtype.dtype == PTO_FLOAT16 && dtype.shape.empty());
    assert_string_equal(parse_output_spec("a:1/c.npy").path.c_str(), "a:1/c.npy");
}

void an_output_that_is_none_is_refused(void **)
{
    for (const char *text : {"", ":7", "c.npy:", "c.npy:128x", "c.npy:x128", "c.npy:128X128", "c.npy:7:float32",
                             "c.npy:float32:float32", "c.npy:7:7", "c.npy:float32:7:7", "c.npy:-7", "c.npy:4294967296"})
        assert_contains(message_of([&] { parse_output_spec(text); }), std::string("--out ") + text + ": ");
}

void an_inout_goes_back_to_its_file_unless_another_is_named(void **)
{
    assert_string_equal(parse_inout_spec("x.npy").result_path.c_str(), "x.npy");
    const InoutSpec spec = parse_inout_spec("a/x.npy:b/y.npy");
    assert_string_equal(spec.path.c_str(), "a/x.npy");
    assert_string_equal(spec.result_path.c_str(), "b/y.npy");
    for (const char *text : {"", ":", "x.npy:", ":y.npy", "x.npy:y.npy:z.npy"})
        assert_contains(message_of([&] { parse_inout_spec(text); }), "FILE.npy[:RESULT.npy]");
}

void a_scalar_is_an_integer_unless_it_says_otherwise(void **)
{
    const double quarter = -0.25;
    uint64_t quarter_bits = 0;
    std::memcpy(&quarter_bits, &quarter, sizeof(quarter));
    assert_true(parse_scalar("3") == 3);
    assert_true(parse_scalar("-3") == UINT64_MAX - 2);
    assert_true(parse_scalar("0x1F") == 31);
    assert_true(parse_scalar("18446744073709551615") == UINT64_MAX);
    assert_true(parse_scalar("i64:-9223372036854775808") == UINT64_C(1) << 63);
    assert_true(parse_scalar("u64:0xffffffffffffffff") == UINT64_MAX);
    assert_true(parse_scalar("f32:1.5") == 0x3fc00000);
    assert_true(parse_scalar("f32:-1.5") == 0xbfc00000);
    assert_true(parse_scalar("float32:inf") == 0x7f800000);
    assert_true(parse_scalar("f64:-0.25") == quarter_bits);
    assert_true(parse_scalar("float64:1e3") == 0x408f400000000000);
}

void a_scalar_that_is_none_is_refused(void **)
{
    for (const char *text : {"", "1.5", "three", "3x", "0x", "18446744073709551616", "f32:", "f32:1e99", "f32:1.5x",
                             "f64:1e999", "i64:1.5", "u64:-1", "i64:9223372036854775808", "f16:1", "q:1"})
        assert_contains(message_of([&] { parse_scalar(text); }), std::string("--scalar ") + text + ": ");
}

void names_cannot_move_the_cursor_of_a_terminal(void **)
{
    assert_string_equal(printable("a\nb\x1b[2J\x7f").c_str(), "a b\\x1b[2J\\x7f");
    assert_string_equal(printable("gr\xc3\xbc\xc3\x9f \xe2\x82\xac").c_str(), "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
    assert_string_equal(printable("\xc2\x9b"
                                  "1m")
                            .c_str(),
                        "\\x9b1m");
    assert_string_equal(printable("\xff\xc3").c_str(), "\\xff\\xc3");
}

void json_strings_are_escaped_and_valid(void **)
{
    assert_string_equal(json_escaped("a\"b\\c\n\t\x7f").c_str(), "a\\\"b\\\\c\\n\\u0009\\u007f");
    assert_string_equal(json_escaped("\xe2\x82\xac").c_str(), "\xe2\x82\xac");
    for (const char *invalid : {"\xff", "\xc0", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80"})
        assert_int_equal(json_escaped(invalid).rfind("\\ufffd", 0), 0);
}

void numbers_are_shown_with_units(void **)
{
    assert_string_equal(duration_text(999).c_str(), "999 ns");
    assert_string_equal(duration_text(1500).c_str(), "1.50 us");
    assert_string_equal(duration_text(1234567).c_str(), "1.235 ms");
    assert_string_equal(duration_text(1500000000).c_str(), "1.500 s");
    assert_string_equal(size_text(1023).c_str(), "1023 B");
    assert_string_equal(size_text(1536).c_str(), "1.50 KiB");
    assert_string_equal(size_text(UINT64_MAX).c_str(), "16384.00 PiB");
    const std::vector<uint32_t> shape = {2, 3, 4};
    assert_string_equal(index_text(23, shape).c_str(), "[1, 2, 3]");
    assert_string_equal(index_text(5, shape).c_str(), "[0, 1, 1]");
    assert_string_equal(shape_text(shape).c_str(), "2x3x4");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_is_named_after_its_file_unless_it_has_a_name),
        cmocka_unit_test(a_kernel_that_is_none_is_refused),
        cmocka_unit_test(the_parts_of_a_parameter_may_be_left_out),
        cmocka_unit_test(a_parameter_that_is_none_is_refused),
        cmocka_unit_test(an_output_may_say_its_dtype_and_its_shape),
        cmocka_unit_test(an_output_that_is_none_is_refused),
        cmocka_unit_test(an_inout_goes_back_to_its_file_unless_another_is_named),
        cmocka_unit_test(a_scalar_is_an_integer_unless_it_says_otherwise),
        cmocka_unit_test(a_scalar_that_is_none_is_refused),
        cmocka_unit_test(names_cannot_move_the_cursor_of_a_terminal),
        cmocka_unit_test(json_strings_are_escaped_and_valid),
        cmocka_unit_test(numbers_are_shown_with_units),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
