// SPDX-License-Identifier: Apache-2.0
// The table of orchestrations with a loader that only pretends.
#include "engine_test.hpp"

#include "aicpu/orch_table.h"

#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace pto::aicpu;

void do_nothing(pto_orch *) {}

/// "Loads" an image by handing out the entry that lies in it.
struct Loader {
    Loader() : port{}
    {
        port = {this, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, load, find, unload};
    }

    static pto_status load(void *self, const void *image, std::size_t size, LoadedOrch *out, char *message,
                           std::size_t message_capacity)
    {
        auto &loader = *static_cast<Loader *>(self);
        loader.calls++;
        assert_int_equal(size, sizeof(pto_orch_entry));
        if (loader.refusal != PTO_OK) {
            std::snprintf(message, message_capacity, "refused");
            return loader.refusal;
        }
        *out = {reinterpret_cast<void *>(uintptr_t{0x1000} + static_cast<uintptr_t>(loader.calls))};
        loader.symbols["saxpy"] =
            loader.function != nullptr ? pto::OrchSymbol{loader.function, true} : pto::OrchSymbol{image, false};
        loader.held++;
        return PTO_OK;
    }
    static bool find(void *self, const LoadedOrch *, const char *symbol, pto::OrchSymbol *out)
    {
        const auto &symbols = static_cast<Loader *>(self)->symbols;
        const auto found = symbols.find(symbol);
        if (found != symbols.end())
            *out = found->second;
        return found != symbols.end();
    }
    static void unload(void *self, const LoadedOrch *loaded)
    {
        auto &loader = *static_cast<Loader *>(self);
        loader.held--;
        loader.last_unloaded = reinterpret_cast<uintptr_t>(loaded->handle);
    }

    ExecutorPort port;
    pto_status refusal = PTO_OK;
    int calls = 0;
    int held = 0;
    uintptr_t last_unloaded = 0;
    const void *function = nullptr; ///< What "saxpy" is instead of the image.
    std::map<std::string, pto::OrchSymbol> symbols;
};

struct Fixture {
    Fixture() : table(loader.port) {}

    pto_status load(int32_t id)
    {
        const OrchImage image{id, {"saxpy", config, 2, 1}, &entry, sizeof entry};
        message[0] = '\0';
        return table.load(image, message, sizeof message);
    }
    /// The entry is refused: nothing stays loaded, and the slot is free.
    void expect_refusal(pto_status status, const char *text)
    {
        assert_int_equal(load(5), status);
        assert_non_null(std::strstr(message, text));
        assert_non_null(std::strstr(message, "saxpy"));
        assert_int_equal(loader.held, 0);
        assert_null(table.find(5));
        assert_int_equal(table.loads(), 0);
    }

    Loader loader;
    OrchTable table;
    pto_orch_entry entry{PTO_ORCH_MAGIC, PTO_ABI_VERSION, 2, 1, "saxpy", do_nothing};
    const char *config = nullptr;
    char message[192] = "";
};

/// An entry that is a function, and its adapter.
struct FunctionFixture : Fixture {
    FunctionFixture()
    {
        loader.function = reinterpret_cast<const void *>(&an_entry);
        loader.symbols[PTO_ORCH_ADAPTER_SYMBOL] = {&adapter, false};
    }

    static void an_entry() {}
    static void a_config() {}
    static void run_function(pto_orch *, pto_orch_function entry, pto_orch_function config)
    {
        called = {entry, config};
    }

    static inline std::pair<pto_orch_function, pto_orch_function> called;
    pto_orch_adapter adapter{PTO_ORCH_ADAPTER_MAGIC, PTO_ABI_VERSION, run_function};
};

void what_is_loaded_is_found_under_its_id_alone(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.load(7), PTO_OK);
    assert_ptr_equal(fixture.table.find(7)->entry, &fixture.entry);
    for (const int32_t id : {0, 6, 8, 63, 64, -1, INT32_MAX, INT32_MIN})
        assert_null(fixture.table.find(id));
    assert_int_equal(fixture.table.loads(), 1);
}

void sixty_four_ids_are_loaded_each_on_its_own(void **)
{
    Fixture fixture;
    for (int32_t id = 0; id < 64; id++)
        assert_int_equal(fixture.load(id), PTO_OK);
    assert_int_equal(fixture.loader.calls, 64);
    assert_int_equal(fixture.loader.held, 64);
    for (int32_t id = 0; id < 64; id++)
        assert_ptr_equal(fixture.table.find(id)->entry, &fixture.entry);
}

void an_id_out_of_range_is_refused_without_loading(void **)
{
    Fixture fixture;
    for (const int32_t id : {-1, 64, INT32_MAX, INT32_MIN}) {
        assert_int_equal(fixture.load(id), PTO_ERROR_INVALID_CALLABLE_ID);
        assert_non_null(std::strstr(fixture.message, std::to_string(id).c_str()));
        fixture.table.unload(id);
    }
    assert_int_equal(fixture.loader.calls, 0);
}

void a_slot_that_is_taken_is_refused_and_stays(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.load(7), PTO_OK);
    assert_int_equal(fixture.load(7), PTO_ERROR_ALREADY_PREPARED);
    assert_int_equal(fixture.loader.calls, 1);
    assert_non_null(fixture.table.find(7));
}

void what_the_loader_says_is_passed_on(void **)
{
    Fixture fixture;
    for (const pto_status status : {PTO_ERROR_LOAD_FAILED, PTO_ERROR_MISSING_ENTRY}) {
        fixture.loader.refusal = status;
        assert_int_equal(fixture.load(3), status);
        assert_string_equal(fixture.message, "refused");
        assert_null(fixture.table.find(3));
    }
    fixture.loader.refusal = PTO_OK;
    assert_int_equal(fixture.load(3), PTO_OK);
}

void a_symbol_without_the_magic_is_no_entry(void **)
{
    Fixture fixture;
    fixture.entry.magic++;
    fixture.expect_refusal(PTO_ERROR_MISSING_ENTRY, "not an orchestration");
}

void a_symbol_at_an_odd_address_is_no_entry(void **)
{
    Fixture fixture;
    alignas(pto_orch_entry) unsigned char bytes[sizeof(pto_orch_entry) + 1];
    std::memcpy(bytes + 1, &fixture.entry, sizeof fixture.entry);
    const OrchImage image{5, {"saxpy", nullptr, 2, 1}, bytes + 1, sizeof(pto_orch_entry)};
    assert_int_equal(fixture.table.load(image, fixture.message, sizeof fixture.message), PTO_ERROR_MISSING_ENTRY);
    assert_int_equal(fixture.loader.held, 0);
}

void an_entry_of_another_abi_is_incompatible(void **)
{
    Fixture fixture;
    fixture.entry.abi_version++;
    fixture.expect_refusal(PTO_ERROR_INCOMPATIBLE_IMAGE, "ABI version");
}

void an_entry_must_agree_with_the_signature(void **)
{
    Fixture tensors;
    tensors.entry.tensor_count = 3;
    tensors.expect_refusal(PTO_ERROR_SIGNATURE_MISMATCH, "3 tensors and 1 scalars");
    Fixture scalars;
    scalars.entry.scalar_count = 0;
    scalars.expect_refusal(PTO_ERROR_SIGNATURE_MISMATCH, "2 tensors and 0 scalars");
}

void unloading_frees_the_id(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.load(7), PTO_OK);
    assert_int_equal(fixture.load(8), PTO_OK);
    fixture.table.unload(7);
    assert_int_equal(fixture.loader.last_unloaded, 0x1001);
    assert_null(fixture.table.find(7));
    assert_non_null(fixture.table.find(8));
    fixture.table.unload(7);
    fixture.table.unload(9);
    assert_int_equal(fixture.loader.held, 1);
    assert_int_equal(fixture.load(7), PTO_OK);
    assert_int_equal(fixture.table.loads(), 3);
}

void the_table_unloads_what_it_holds_when_it_goes_away(void **)
{
    Loader loader;
    const pto_orch_entry entry{PTO_ORCH_MAGIC, PTO_ABI_VERSION, 0, 0, "saxpy", do_nothing};
    std::optional<OrchTable> table(std::in_place, loader.port);
    char message[64];
    for (const int32_t id : {0, 31, 63}) {
        const OrchImage image{id, {"saxpy", nullptr, 0, 0}, &entry, sizeof entry};
        assert_int_equal(table->load(image, message, sizeof message), PTO_OK);
    }
    table->unload(31);
    assert_int_equal(loader.held, 2);
    table.reset();
    assert_int_equal(loader.held, 0);
}

void an_entry_that_is_a_function_is_called_by_its_adapter(void **)
{
    FunctionFixture fixture;
    assert_int_equal(fixture.load(9), PTO_OK);
    const pto::OrchProgram *program = fixture.table.find(9);
    assert_int_equal(program->tensor_count, 2); // what the signature says
    assert_int_equal(program->scalar_count, 1);
    program->run(nullptr);
    assert_true(FunctionFixture::called.first == FunctionFixture::an_entry);
    assert_true(FunctionFixture::called.second == nullptr);

    fixture.config = "configure";
    fixture.loader.symbols["configure"] = {reinterpret_cast<const void *>(&FunctionFixture::a_config), true};
    assert_int_equal(fixture.load(10), PTO_OK);
    fixture.table.find(10)->run(nullptr);
    assert_true(FunctionFixture::called.second == FunctionFixture::a_config);
}

void a_function_without_an_adapter_is_no_entry(void **)
{
    FunctionFixture fixture;
    fixture.loader.symbols.erase(PTO_ORCH_ADAPTER_SYMBOL);
    fixture.expect_refusal(PTO_ERROR_MISSING_ENTRY, "is a function");
}

void an_adapter_must_be_one_of_this_abi(void **)
{
    FunctionFixture other;
    other.adapter.abi_version++;
    other.expect_refusal(PTO_ERROR_INCOMPATIBLE_IMAGE, "ABI version");
    FunctionFixture none;
    none.adapter.magic++;
    none.message[0] = '\0';
    assert_int_equal(none.load(5), PTO_ERROR_MISSING_ENTRY);
    assert_non_null(std::strstr(none.message, "not an adapter"));
    FunctionFixture code; // reading it would be reading code
    code.loader.symbols[PTO_ORCH_ADAPTER_SYMBOL].is_function = true;
    assert_int_equal(code.load(5), PTO_ERROR_MISSING_ENTRY);
}

void a_configuration_must_be_there_and_be_a_function(void **)
{
    FunctionFixture fixture;
    fixture.config = "configure";
    fixture.expect_refusal(PTO_ERROR_MISSING_ENTRY, "configure");
    fixture.loader.symbols["configure"] = {&fixture.adapter, false};
    fixture.expect_refusal(PTO_ERROR_MISSING_ENTRY, "configure");
}

void an_entry_with_a_signature_of_its_own_takes_no_configuration(void **)
{
    Fixture fixture;
    fixture.config = "configure";
    fixture.expect_refusal(PTO_ERROR_SIGNATURE_MISMATCH, "configure");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_loaded_is_found_under_its_id_alone),
        cmocka_unit_test(sixty_four_ids_are_loaded_each_on_its_own),
        cmocka_unit_test(an_id_out_of_range_is_refused_without_loading),
        cmocka_unit_test(a_slot_that_is_taken_is_refused_and_stays),
        cmocka_unit_test(what_the_loader_says_is_passed_on),
        cmocka_unit_test(a_symbol_without_the_magic_is_no_entry),
        cmocka_unit_test(a_symbol_at_an_odd_address_is_no_entry),
        cmocka_unit_test(an_entry_of_another_abi_is_incompatible),
        cmocka_unit_test(an_entry_must_agree_with_the_signature),
        cmocka_unit_test(an_entry_that_is_a_function_is_called_by_its_adapter),
        cmocka_unit_test(a_function_without_an_adapter_is_no_entry),
        cmocka_unit_test(an_adapter_must_be_one_of_this_abi),
        cmocka_unit_test(a_configuration_must_be_there_and_be_a_function),
        cmocka_unit_test(an_entry_with_a_signature_of_its_own_takes_no_configuration),
        cmocka_unit_test(unloading_frees_the_id),
        cmocka_unit_test(the_table_unloads_what_it_holds_when_it_goes_away),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
