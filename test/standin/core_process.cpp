// SPDX-License-Identifier: Apache-2.0
// The process of the cores: a thread for each core of a launch, which runs the core image and its kernels as code of
// this processor. Arguments: arch, device, bytes of memory.
#include "core_image.hpp"
#include "core_threads.hpp"
#include "process_link.hpp"

#include <sys/resource.h>
#include <vector>

namespace standin {
namespace {

Setting setting;
std::vector<CoreImage> images;

void register_image(const Message &message)
{
    CoreImage image;
    const std::string defect = load_core_image(reinterpret_cast<const void *>(message.address), message.bytes, &image);
    images.push_back(image);
    answer(message.ticket, defect.empty() ? 0 : 1, images.size() - 1, defect.c_str());
}

void serve()
{
    Message message;
    while (receive_message(&message)) {
        if (message.verb == Verb::kRegister) {
            register_image(message);
        } else if (message.verb == Verb::kLaunch) {
            launch_cores(message.ticket, images[message.value], message.blocks, message.address);
        } else if (message.verb == Verb::kHang) {
            hang_core(message.blocks, static_cast<uint32_t>(message.value));
            answer(message.ticket, 0, 0, "");
        }
    }
}

} // namespace
} // namespace standin

int main(int argc, char **argv)
{
    using namespace standin;
    if (argc < 4)
        return 2;
    setting = enter_process(argv);
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    // Kernels are uploaded, and run where they lie.
    map_or_die(memory_base(setting.device), setting.memory_bytes, kMemoryFile, PROT_READ | PROT_WRITE | PROT_EXEC);
    map_or_die(register_base(setting.device), kRegisterBytes, kRegisterFile, PROT_READ | PROT_WRITE);
    open_cores(setting.arch, register_base(setting.device) + kControlWindow);
    greet(0);
    serve();
    std::_Exit(0);
}
