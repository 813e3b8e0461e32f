// SPDX-License-Identifier: Apache-2.0
#include "compile_failure.hpp"
#include "compiler.hpp"
#include "depfile.hpp"
#include "exported_symbols.hpp"
#include "file_bytes.hpp"
#include "processes.hpp"
#include "tool_test.hpp"

#include <algorithm>

using namespace pto::tool;
using namespace pto::tool::test;

namespace {

const Compiler kGnu = {"g++", false, 12};
const Compiler kClang = {"clang++", true, 19};

void words_of_a_depfile_end_at_blanks_that_are_not_escaped(void **)
{
    const auto words = prerequisites_in_depfile("object: a.c b\\ c.h \\\n  d\\#e.h\t$$f.h\\\n g.h\nother: h.h\n");
    const std::vector<std::string> expected = {"a.c", "b\\ c.h", "d\\#e.h", "$$f.h", "g.h"};
    assert_true(words == expected);
    assert_true(prerequisites_in_depfile("").empty());
    assert_true(prerequisites_in_depfile("object:\n").empty());
}

void a_depfile_has_every_prerequisite_once(void **)
{
    assert_string_equal(depfile_text("a b$", {"x", "y\\ z", "x"}).c_str(), "a\\ b$$: \\\n  x \\\n  y\\ z\n");
    assert_string_equal(escape_in_depfile("a #$b\\c").c_str(), "a\\ \\#$$b\\c");
}

void a_compiler_is_known_by_its_macros(void **)
{
    const auto gnu = recognize_compiler("g++", "#define __GNUC__ 12\n#define __GNUC_MINOR__ 2\n");
    assert_true(gnu && !gnu->is_clang && gnu->major == 12);
    const auto clang = recognize_compiler("x", "#define __GNUC__ 4\n#define __clang_major__ 19\n");
    assert_true(clang && clang->is_clang && clang->major == 19);
    for (const char *text : {"", "#define __GNUC__ x\n", "#define __GNUC__", "__GNUC__ 12"})
        assert_false(recognize_compiler("g++", text).has_value());
}

void older_compilers_know_the_language_by_its_working_name(void **)
{
    CompileUnit unit;
    unit.source = "k.cpp";
    unit.kernel = KernelSpec();
    for (const auto &[compiler, standard] :
         {std::pair(Compiler{"g++", false, 10}, "-std=c++2b"), std::pair(Compiler{"g++", false, 11}, "-std=c++23"),
          std::pair(Compiler{"clang++", true, 16}, "-std=c++2b"), std::pair(kClang, "-std=c++23")})
        assert_string_equal(compile_command(compiler, unit, {}, {}).arguments[1].c_str(), standard);
    unit.kernel.reset();
    assert_string_equal(compile_command(kGnu, unit, {}, {}).arguments[1].c_str(), "-std=c++17");
}

void the_prelude_is_for_older_gnu_compilers_and_kernels_in_cpp(void **)
{
    const auto has_prelude = [](const Compiler &compiler, const CompileUnit &unit) {
        return std::ranges::count(compile_command(compiler, unit, {}, {}).arguments, "-include") != 0;
    };
    CompileUnit unit;
    unit.source = "k.cpp";
    assert_false(has_prelude(kGnu, unit));
    unit.kernel = KernelSpec();
    assert_true(has_prelude(kGnu, unit));
    assert_false(has_prelude({"g++", false, 13}, unit));
    assert_false(has_prelude(kClang, unit));
    unit.source = "k.c";
    assert_false(has_prelude(kGnu, unit));
}

void a_package_is_said_for_names_that_debian_has(void **)
{
    assert_string_equal(package_hint("clang++-19").c_str(), "apt-get install clang-19");
    assert_string_equal(package_hint("g++").c_str(), "apt-get install g++");
    for (const char *name : {"", "clang", "clang++-", "clang++-x", "/usr/bin/g++", "g++-13-arm", "g++13"})
        assert_string_equal(package_hint(name).c_str(), "");
}

void known_causes_have_a_way_out_in_the_words_of_every_compiler(void **)
{
    const auto expect = [](const char *line, const char *way_out, const char *pto_isa = "isa") {
        assert_contains(way_out_of(std::string("In file x:\n") + line, kGnu, pto_isa), way_out);
    };
    expect("a.cpp:1:10: fatal error: pto/pto-inst.hpp: No such file or directory", "with --pto-isa DIR");
    expect("a.cpp:1:10: fatal error: 'pto/pto-inst.hpp' file not found", "with --pto-isa DIR");
    expect("a.cpp:1:10: fatal error: 'pto/common/type.hpp' file not found", "with --pto-isa DIR", "");
    expect("a.cpp:1:10: fatal error: 'pto/common/type.hpp' file not found", "with -I DIR");
    expect("g++: error: unrecognized command-line option '-std=c++23'; did you mean", "does not know -std=c++23");
    expect("error: invalid value 'c++23' in '-std=c++23'", "does not know -std=c++23");
    expect("isa/pto/a.hpp:3:5: error: static assertion failed: no", "clang++-19");
    expect("a.cpp:(.text+0x1): undefined reference to `f(int)'\ncollect2", "defined nowhere: f(int): ");
    expect("ld.lld: error: undefined symbol: f(int)\n>>> referenced by", "defined nowhere: f(int): ");
    for (const char *other : {"", "a.cpp:1:1: error: static assertion failed", "isa2/a.hpp:1: static assertion failed"})
        assert_string_equal(way_out_of(other, kGnu, "isa").c_str(), "");
    assert_string_equal(way_out_of("isa/a.hpp:1: error: static assertion failed", kClang, "isa").c_str(), "");
}

void every_undefined_symbol_is_named_once_and_not_too_many(void **)
{
    std::string text;
    for (int i = 0; i < 30; i++)
        text += "x: undefined reference to `f" + std::to_string(i % 10) + "'\n";
    assert_contains(way_out_of(text, kGnu, ""), "nowhere: f0, f1, f2, f3, f4, f5, f6, f7 and 2 more: ");
}

void a_command_is_told_as_a_shell_takes_it(void **)
{
    assert_string_equal(command_text({{"g++", "-DA=1", "a b", "it's", "", "$x"}, ""}).c_str(),
                        "g++ -DA=1 'a b' 'it'\\''s' '' '$x'");
}

void functions_and_data_are_told_apart(void **)
{
    const auto orchestrations = exported_symbols(read_file(TOOL_ORCHESTRATIONS));
    assert_true(orchestrations.has_value());
    const auto axpy = std::ranges::find(*orchestrations, "axpy", &ExportedSymbol::name);
    assert_true(axpy != orchestrations->end() && !axpy->is_function);
    const auto kernel = exported_symbols(read_file(TOOL_KERNEL));
    assert_true(kernel.has_value());
    const auto entry = std::ranges::find(*kernel, "kernel_entry", &ExportedSymbol::name);
    assert_true(entry != kernel->end() && entry->is_function);
}

/// Every byte of the headers and tables, one after the other: the reader may refuse it or not, but reads nothing
/// outside.
void a_damaged_shared_object_is_refused_or_read_but_not_beyond_its_end(void **)
{
    const std::vector<std::byte> sound = read_file(TOOL_KERNEL);
    for (size_t size = 0; size < sound.size(); size += 7) {
        const std::vector<std::byte> cut(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size));
        assert_false(exported_symbols(cut).has_value());
    }
    for (size_t at = 0; at < sound.size(); at++) {
        std::vector<std::byte> damaged = sound;
        damaged[at] = ~damaged[at];
        (void)exported_symbols(damaged);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(words_of_a_depfile_end_at_blanks_that_are_not_escaped),
        cmocka_unit_test(a_depfile_has_every_prerequisite_once),
        cmocka_unit_test(a_compiler_is_known_by_its_macros),
        cmocka_unit_test(older_compilers_know_the_language_by_its_working_name),
        cmocka_unit_test(the_prelude_is_for_older_gnu_compilers_and_kernels_in_cpp),
        cmocka_unit_test(a_package_is_said_for_names_that_debian_has),
        cmocka_unit_test(known_causes_have_a_way_out_in_the_words_of_every_compiler),
        cmocka_unit_test(every_undefined_symbol_is_named_once_and_not_too_many),
        cmocka_unit_test(a_command_is_told_as_a_shell_takes_it),
        cmocka_unit_test(functions_and_data_are_told_apart),
        cmocka_unit_test(a_damaged_shared_object_is_refused_or_read_but_not_beyond_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
