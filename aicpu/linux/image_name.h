// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_IMAGE_NAME_H
#define PTO_AICPU_LINUX_IMAGE_NAME_H

#include <cstddef>
#include <cstdint>

namespace pto::dispatcher {

/// Longest file name that is made, its zero included.
inline constexpr std::size_t kMaxNameBytes = 128;

/// A text in a buffer of kMaxNameBytes; what does not fit makes it invalid.
class Name {
public:
    void add(const char *text);
    void add_hex(uint8_t byte);
    void add_number(uint64_t value);
    /// Takes the end off, if the text has it.
    void drop_end(const char *end);
    bool is_valid() const { return is_valid_ && size_ > 0; }
    const char *text() const { return text_; }

private:
    void add(char letter);

    char text_[kMaxNameBytes] = {};
    std::size_t size_ = 0;
    bool is_valid_ = true;
};

/// The file that an image gets: NAME_BUILDID_DEVICE.so, of its own name without ".so", the first 8 bytes of its build
/// id and the device, which shares the file system with others. False: it has no name or no build id, or is no image.
bool name_image(const void *image, uint64_t image_bytes, uint64_t device, Name *out);

} // namespace pto::dispatcher

#endif
