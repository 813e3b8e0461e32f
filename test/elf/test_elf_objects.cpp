// SPDX-License-Identifier: Apache-2.0
// Objects of C and C++ as the compilers and linkers that there are make them, loaded and called.
#include "elf_test.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace pto::test;

constexpr uint64_t kMemoryBytes = 64 << 20; // Most of it is for pages of 2 MiB.

struct Fixture {
    Fixture() : memory(kMemoryBytes), user(memory.config()) {}
    PageMemory memory;
    LoaderUser user;
};

/// Whether a process that does this ends by the signal of a memory fault.
template <class Body> bool faults(Body &&body)
{
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGSEGV, SIG_DFL);
        body();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

void call_tables(LoaderUser &user, void *handle)
{
    assert_int_equal(user.function<int(int)>(handle, "object_chain")(5), 18);
    assert_int_equal(user.function<int(int, int)>(handle, "object_letter")(3, 1), 'h');
    assert_int_equal(user.function<int()>(handle, "object_is_missing")(), 1);
    int *counter = user.object<int>(handle, "object_counter");
    auto *count = user.function<int()>(handle, "object_count");
    assert_int_equal(count(), 40);
    assert_int_equal(count(), 41);
    assert_int_equal(*counter, 42);
    assert_ptr_equal(*user.object<int *>(handle, "object_counter_address"), counter);
    auto *sum = user.function<int()>(handle, "object_sum");
    assert_int_equal(sum(), 31);
    assert_int_equal(sum(), 32);
    assert_int_equal(*user.object<unsigned char>(handle, "object_zeros"), 0);
    using Operation = int(int);
    auto *operations = user.object<Operation *>(handle, "object_operations");
    assert_ptr_equal(operations[0], user.function<Operation>(handle, "object_double"));
    assert_int_equal(operations[2](9), 10);
}

void objects_of_c_work_however_they_are_compiled_and_linked(void **)
{
    for (const std::string &name : objects("tables_")) {
        print_message("# %s\n", name.c_str());
        Fixture fixture;
        call_tables(fixture.user, fixture.user.must_load(name));
    }
}

void objects_of_cxx_work_however_they_are_compiled_and_linked(void **)
{
    for (const std::string &name : objects("classes_")) {
        print_message("# %s\n", name.c_str());
        Fixture fixture;
        LoaderUser &user = fixture.user;
        void *handle = user.must_load(name);
        assert_true(fixture.memory.holds(user.function<const void *()>(handle, "object_shapes")()));
        auto *area = user.function<int(int)>(handle, "object_area");
        assert_int_equal(area(0), 9);
        assert_int_equal(area(1), 24);
        assert_int_equal(user.function<char(int)>(handle, "object_initial")(1), 'c');
        auto *use = user.function<int()>(handle, "object_use");
        assert_int_equal(use(), 14);
        assert_int_equal(use(), 16);
    }
}

void objects_of_all_kinds_live_side_by_side(void **)
{
    Fixture fixture;
    std::vector<std::pair<std::string, void *>> handles;
    std::vector<std::string> names = objects("tables_");
    names.push_back(names[0]); // Equal bytes have their own state.
    for (const std::string &name : names)
        handles.emplace_back(name, fixture.user.must_load(name));
    for (const auto &[name, handle] : handles)
        call_tables(fixture.user, handle);
    for (const auto &[name, handle] : handles)
        assert_int_equal(*fixture.user.object<int>(handle, "object_counter"), 42);
    for (const auto &[name, handle] : handles)
        fixture.user.unload(handle);
}

void no_page_is_both_writable_and_executable(void **)
{
    for (const std::string &name : objects("")) {
        Fixture fixture;
        void *handle = fixture.user.load(object_bytes(name));
        if (handle == nullptr)
            continue;
        bool is_function = false;
        for (const char *symbol : {"object_chain", "object_area"}) {
            const void *address = fixture.user.find(handle, symbol, &is_function);
            if (address == nullptr)
                continue;
            const auto page = static_cast<std::size_t>(static_cast<const char *>(address) - fixture.memory.get()) /
                              PageMemory::kPageBytes;
            assert_int_equal(fixture.memory.current[page], PTO_ELF_EXECUTE);
        }
        for (const PageMemory::Call &call : fixture.memory.calls)
            assert_int_not_equal(call.protection, PTO_ELF_READ_WRITE);
    }
}

void code_and_constants_cannot_be_written_and_data_cannot_be_called(void **)
{
    Fixture fixture;
    LoaderUser &user = fixture.user;
    void *handle = user.must_load("tables_gcc_O2");
    auto *code = reinterpret_cast<volatile char *>(user.function<int(int)>(handle, "object_double"));
    auto *relro = user.object<volatile uintptr_t>(handle, "object_operations");
    auto *data = user.object<volatile int>(handle, "object_counter");
    assert_true(faults([&] { *code = 0; }));
    assert_true(faults([&] { *relro = 0; }));
    assert_false(faults([&] { *data = 0; }));
    assert_true(faults([&] { reinterpret_cast<int (*)()>(reinterpret_cast<uintptr_t>(data))(); }));
    user.unload(handle);
    assert_false(faults([&] { *code = 0; }));
    assert_true(faults([&] { reinterpret_cast<int (*)(int)>(reinterpret_cast<uintptr_t>(code))(1); }));
}

void what_was_unloaded_gives_its_memory_to_the_next(void **)
{
    Fixture fixture;
    LoaderUser &user = fixture.user;
    void *first = user.must_load("tables_gcc_O2");
    void *second = user.must_load("tables_gcc_O2");
    const void *where = user.find(first, "object_zeros");
    call_tables(user, first);
    user.unload(first);
    assert_true(std::all_of(fixture.memory.current.begin(), fixture.memory.current.begin() + 5,
                            [](uint8_t protection) { return protection == PTO_ELF_READ_WRITE; }));
    void *again = user.must_load("tables_gcc_O2");
    assert_ptr_equal(user.find(again, "object_zeros"), where);
    call_tables(user, again);
    call_tables(user, second);
}

void only_what_an_object_exports_is_found(void **)
{
    for (const std::string &name : objects("tables_")) {
        Fixture fixture;
        void *handle = fixture.user.must_load(name);
        for (const char *symbol : {"", "object_", "object_chai", "object_chain2", "increment", "numbers",
                                   "object_missing", "object_missing_data", "_DYNAMIC", "OBJECT_1", "memcpy"}) {
            if (fixture.user.find(handle, symbol) != nullptr)
                fail_msg("%s: '%s' is found", name.c_str(), symbol);
        }
    }
}

struct Wish {
    const char *object;
    const char *text;
};
constexpr Wish kWishes[] = {
    {"refused_constructor", "run before the entry"}, {"refused_destructor", "run at the end"},
    {"refused_thread_local", "thread-local"},        {"refused_indirect", "'object_indirect'"},
    {"refused_undefined", "'object_nobody_has'"},    {"refused_needed", "needs another object"},
    {"refused_text", "relocations in its code"},     {"refused_stack", "executable stack"},
    {"refused_tls_descriptor", "thread-local"},
};

void objects_that_want_more_are_refused_by_what_they_want(void **)
{
    uint32_t wishes = 0;
    for (const Wish &wish : kWishes) {
        if (!has_object(wish.object)) {
            print_message("# skipped: there is no %s\n", wish.object);
            continue;
        }
        wishes++;
        Fixture fixture;
        assert_null(fixture.user.load(object_bytes(wish.object)));
        print_message("# %s: %s\n", wish.object, fixture.user.message);
        assert_int_equal(fixture.user.status, PTO_ERROR_LOAD_FAILED);
        assert_non_null(std::strstr(fixture.user.message, wish.text));
        assert_true(fixture.memory.calls.empty());
    }
    assert_true(wishes >= 7);
}

void programs_and_objects_of_other_kinds_are_incompatible(void **)
{
    for (const std::string &name : objects("incompatible_")) {
        Fixture fixture;
        assert_null(fixture.user.load(object_bytes(name)));
        print_message("# %s: %s\n", name.c_str(), fixture.user.message);
        assert_int_equal(fixture.user.status, PTO_ERROR_INCOMPATIBLE_IMAGE);
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_c_work_however_they_are_compiled_and_linked),
        cmocka_unit_test(objects_of_cxx_work_however_they_are_compiled_and_linked),
        cmocka_unit_test(objects_of_all_kinds_live_side_by_side),
        cmocka_unit_test(no_page_is_both_writable_and_executable),
        cmocka_unit_test(code_and_constants_cannot_be_written_and_data_cannot_be_called),
        cmocka_unit_test(what_was_unloaded_gives_its_memory_to_the_next),
        cmocka_unit_test(only_what_an_object_exports_is_found),
        cmocka_unit_test(objects_that_want_more_are_refused_by_what_they_want),
        cmocka_unit_test(programs_and_objects_of_other_kinds_are_incompatible),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
