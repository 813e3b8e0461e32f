// SPDX-License-Identifier: Apache-2.0
// The table of orchestrations with a loader that only pretends.
#include "engine_test.hpp"

#include "aicpu/orch_table.h"

#include <cstdio>
#include <optional>

namespace {

using namespace pto::aicpu;

void do_nothing(pto_orch *) {}

/// "Loads" an image by handing out the entry that lies in it.
struct Loader {
    Loader() : port{} { port = {this, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, load, unload}; }

    static pto_status load(void *self, const void *image, std::size_t size, const char *symbol, LoadedOrch *out,
                           char *message, std::size_t message_capacity)
    {
        auto &loader = *static_cast<Loader *>(self);
        loader.calls++;
        assert_int_equal(size, sizeof(pto_orch_entry));
        assert_string_equal(symbol, "saxpy");
        if (loader.refusal != PTO_OK) {
            std::snprintf(message, message_capacity, "refused");
            return loader.refusal;
        }
        *out = {reinterpret_cast<void *>(uintptr_t{0x1000} + static_cast<uintptr_t>(loader.calls)), image};
        loader.held++;
        return PTO_OK;
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
};

struct Fixture {
    Fixture() : table(loader.port) {}

    pto_status load(int32_t id)
    {
        const OrchImage image{id, 2, 1, &entry, sizeof entry, "saxpy"};
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
    char message[192] = "";
};

void what_is_loaded_is_found_under_its_id_alone(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.load(7), PTO_OK);
    assert_ptr_equal(fixture.table.find(7), &fixture.entry);
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
        assert_ptr_equal(fixture.table.find(id), &fixture.entry);
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
    const OrchImage image{5, 2, 1, bytes + 1, sizeof(pto_orch_entry), "saxpy"};
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
        const OrchImage image{id, 0, 0, &entry, sizeof entry, "saxpy"};
        assert_int_equal(table->load(image, message, sizeof message), PTO_OK);
    }
    table->unload(31);
    assert_int_equal(loader.held, 2);
    table.reset();
    assert_int_equal(loader.held, 0);
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
        cmocka_unit_test(unloading_frees_the_id),
        cmocka_unit_test(the_table_unloads_what_it_holds_when_it_goes_away),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
