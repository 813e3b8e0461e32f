// SPDX-License-Identifier: Apache-2.0
#include "standin_world.hpp"

#include <cstdarg>
#include <cstdio>

namespace standin {

World &world()
{
    static World &instance = *new World;
    return instance;
}

void World::violate(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    violations.emplace_back(text);
    last_error = text;
}

std::shared_ptr<Device> find_device(uint32_t driver_id)
{
    const auto found = world().devices.find(driver_id);
    return found == world().devices.end() ? nullptr : found->second;
}

uint32_t driver_id_of(int32_t logical)
{
    const std::vector<uint32_t> &visible = world().visible;
    return logical < 0 || static_cast<std::size_t>(logical) >= visible.size() ? kNone
                                                                              : visible[static_cast<uint32_t>(logical)];
}

} // namespace standin
