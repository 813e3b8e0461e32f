// SPDX-License-Identifier: Apache-2.0
#include "pto/status.h"

#include "host/error_table.h"

namespace {

struct StatusRow {
    pto_status status;
    const char *domain;
    const char *name;
    const char *text;
    const char *action;
};

#define PTO_ROW(domain, number, name, meaning, action) {number, #domain, #name, meaning " " action, action},
constexpr StatusRow kRows[] = {PTO_STATUSES(PTO_ROW)};
#undef PTO_ROW

#define PTO_CHECK(domain, number, name, meaning, action) static_assert(name == (number));
PTO_STATUSES(PTO_CHECK)
#undef PTO_CHECK

#define PTO_CHECK(number, name, stall, meaning)                                                                        \
    static_assert(name == (number) && static_cast<int>(pto::wire::Stall::stall) == (number));
PTO_STALLS(PTO_CHECK)
#undef PTO_CHECK

constexpr StatusRow kUnknown = {0, "unknown", "unknown pto_status", "This number is no status of this library.",
                                "Look for who made it."};

const StatusRow &find(pto_status status)
{
    for (const StatusRow &row : kRows)
        if (row.status == status)
            return row;
    return kUnknown;
}

} // namespace

const char *pto_status_name(pto_status status)
{
    return find(status).name;
}

const char *pto_status_text(pto_status status)
{
    return find(status).text;
}

const char *pto_status_domain(pto_status status)
{
    return find(status).domain;
}

const char *pto_status_action(pto_status status)
{
    return find(status).action;
}

const char *pto::host::resource_name(wire::Resource resource)
{
    switch (resource) {
#define PTO_CASE(enumerator, name, unit, meaning, limit)                                                               \
    case wire::Resource::enumerator: return name;
        PTO_RESOURCES(PTO_CASE)
#undef PTO_CASE
    case wire::Resource::kNone: break;
    }
    return "";
}

const char *pto_version(void)
{
    return PTO_VERSION_STRING;
}
