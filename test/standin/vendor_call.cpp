// SPDX-License-Identifier: Apache-2.0
#include "vendor_call.hpp"

#include <cstdarg>
#include <cstdio>

namespace standin {
namespace {

bool is_device_fault(int result)
{
    return result == kCoreTimeout || result == kCoreException || result == kControlTimeout ||
           result == kControlException || result == kInternal;
}

} // namespace

Binding &binding()
{
    thread_local Binding instance;
    return instance;
}

Call::Call(const char *name, Needs needs) : name_(name), lock_(world().mutex)
{
    world().calls[name]++;
    if (is_out_of_order(needs) || has_no_device(needs) || takes_injection())
        return;
    if (device_ == nullptr || !device_->is_poisoned())
        return;
    if (needs == Needs::kHealth)
        fail(kPoisoned, "%s: the card is poisoned", name_);
    else if (needs == Needs::kResource)
        violate("%s releases a single resource of a poisoned card", name_);
}

bool Call::end(int result)
{
    is_over_ = true;
    result_ = result;
    return true;
}

bool Call::is_out_of_order(Needs needs)
{
    if (needs == Needs::kNothing || world().is_initialised)
        return false;
    violate("%s is called %s", name_, world().was_finalised ? "after aclFinalize" : "before aclInit");
    return true;
}

bool Call::has_no_device(Needs needs)
{
    const Binding &bound = binding();
    if (bound.device != nullptr && bound.device->is_open() && bound.life == bound.device->life())
        device_ = bound.device;
    if (needs == Needs::kNothing || needs == Needs::kInit || device_ != nullptr)
        return false;
    violate("%s is called on a thread that is not bound to a device", name_);
    return true;
}

bool Call::takes_injection()
{
    World &all = world();
    for (auto rule = all.rules.begin(); rule != all.rules.end(); ++rule) {
        if (rule->call != name_)
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        const int result = rule->result;
        if (rule->count > 0 && --rule->count == 0)
            all.rules.erase(rule);
        if (std::strncmp(name_, "aclrtSynchronize", 16) == 0 && is_device_fault(result) && device_ != nullptr)
            device_->poison(result);
        all.last_error = std::string(name_) + ": injected";
        return end(result);
    }
    return false;
}

int Call::fail(int result, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    world().last_error = text;
    end(result);
    return result;
}

int Call::violate(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    world().violate("%s", text);
    end(kBadParameter);
    return kBadParameter;
}

std::shared_ptr<Stream> stream_of(Call &call, void *handle)
{
    const auto found = world().streams.find(handle);
    if (found == world().streams.end()) {
        call.violate("%s: there is no stream %p", call.name(), handle);
        return nullptr;
    }
    if (found->second->device() != call.shared_device()) {
        call.violate("%s: the stream %p belongs to another device than the thread", call.name(), handle);
        return nullptr;
    }
    return found->second;
}

std::shared_ptr<Stream> launch_stream_of(Call &call, void *handle)
{
    const auto stream = stream_of(call, handle);
    if (stream != nullptr && stream->is_for_device_only()) {
        call.violate("%s: the stream %p is for use by the device only", call.name(), handle);
        return nullptr;
    }
    return stream;
}

} // namespace standin
