// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_POSIX_IMAGE_LOADER_H
#define PTO_POSIX_IMAGE_LOADER_H

#include "pto/status.h"

#include <cstddef>

namespace pto::posix {

/// A shared object that was loaded from memory.
struct LoadedImage {
    void *handle;
    int problem = 0; ///< With PTO_ERROR_SYSTEM: the system's number for it.
};

/// What a symbol is: calling data, or reading code, would be a fault.
enum class SymbolKind { kFunction, kObject };

/// Loads a copy of its own of a shared object. No file with a name is ever written; two loads never share code or data,
/// even of equal bytes. Errors: PTO_ERROR_LOAD_FAILED, PTO_ERROR_SYSTEM, with a message. Thread-safe.
pto_status load_image(const void *image, std::size_t size, LoadedImage *out, char *message,
                      std::size_t message_capacity);
/// A symbol that the image itself exports; nullptr: there is none that is a function or an object. Thread-safe.
void *find_symbol(const LoadedImage &image, const char *symbol, SymbolKind *out_kind);
void unload_image(const LoadedImage &image);

/// How many images the calling thread has loaded.
uint32_t loads_of_this_thread();

} // namespace pto::posix

#endif
