// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/scope_stack.h"

#include <set>

namespace {

using namespace pto::engine;

void a_scope_begins_empty(void **)
{
    ScopeStack scopes;
    scopes.reset();
    assert_int_equal(scopes.depth(), 0);
    scopes.push();
    assert_int_equal(scopes.depth(), 1);
    assert_int_equal(scopes.top().buffer_head, kNone);
    assert_int_equal(scopes.top().held_bytes, 0);
    scopes.top().buffer_head = 5;
    scopes.top().held_bytes = 6;
    scopes.pop();
    scopes.push();
    assert_int_equal(scopes.top().buffer_head, kNone);
    assert_int_equal(scopes.top().held_bytes, 0);
}

void the_stack_is_as_deep_as_promised(void **)
{
    ScopeStack scopes;
    scopes.reset();
    scopes.push(); // the implicit one, which is not counted
    for (uint32_t i = 0; i < PTO_MAX_SCOPE_DEPTH; i++) {
        assert_false(scopes.is_full());
        scopes.push();
    }
    assert_true(scopes.is_full());
    scopes.pop();
    assert_false(scopes.is_full());
    assert_int_equal(scopes.depth(), PTO_MAX_SCOPE_DEPTH);
    assert_int_equal(scopes.peak(), PTO_MAX_SCOPE_DEPTH);
}

void a_scope_is_open_until_it_ends_and_never_again(void **)
{
    ScopeStack scopes;
    scopes.reset();
    std::set<uint32_t> serials;
    scopes.push();
    const uint32_t outer = scopes.top().serial;
    for (int i = 0; i < 100; i++) {
        scopes.push();
        const uint32_t serial = scopes.top().serial;
        assert_true(serial != outer && serials.insert(serial).second);
        assert_true(scopes.is_open(1, serial));
        assert_true(scopes.is_open(0, outer));
        scopes.pop();
        for (const uint32_t old : serials)
            assert_false(scopes.is_open(1, old));
    }
    assert_false(scopes.is_open(PTO_MAX_SCOPE_DEPTH + 1, outer));
    assert_false(scopes.is_open(UINT32_MAX, outer));
}

void the_largest_holder_is_the_scope_with_most_bytes(void **)
{
    ScopeStack scopes;
    scopes.reset();
    for (const uint64_t bytes : {20u, 70u, 70u, 10u}) {
        scopes.push();
        scopes.top().held_bytes = bytes;
    }
    assert_int_equal(scopes.largest_holder(), 1);
    assert_int_equal(scopes.at(1).held_bytes, 70);
    scopes.top().held_bytes = 100;
    assert_int_equal(scopes.largest_holder(), 3);
    scopes.pop();
    assert_int_equal(scopes.largest_holder(), 1);
}

void a_reset_closes_all_scopes(void **)
{
    ScopeStack scopes;
    scopes.reset();
    scopes.push();
    scopes.push();
    scopes.reset();
    assert_int_equal(scopes.depth(), 0);
    assert_int_equal(scopes.peak(), 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_begins_empty),
        cmocka_unit_test(the_stack_is_as_deep_as_promised),
        cmocka_unit_test(a_scope_is_open_until_it_ends_and_never_again),
        cmocka_unit_test(the_largest_holder_is_the_scope_with_most_bytes),
        cmocka_unit_test(a_reset_closes_all_scopes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
