// SPDX-License-Identifier: Apache-2.0
// What shared objects say that they were built with, and whether that fits together.
#ifndef PTO_HOST_STATED_IDENTITY_H
#define PTO_HOST_STATED_IDENTITY_H

#include "pto/callable.h"

#include <cstddef>
#include <string_view>

namespace pto::host {

/// What a file states with its symbol PTO_BUILD_IDENTITY_SYMBOL.
struct Statement {
    enum class Kind {
        kNone,    ///< There is no such symbol, or the file is none that tells its symbols.
        kText,    ///< `text` is what follows the prefix; there is a zero behind it.
        kDamaged, ///< The symbol is there, but its bytes state nothing.
    };
    Kind kind;
    std::string_view text; ///< Points into the file.
};

/// Reads a statement. Nothing in the file is believed.
Statement read_statement(const void *file, std::size_t size);

/// Whether a text can be a build identity: 1..PTO_MAX_BUILD_IDENTITY printable characters.
bool is_identity(std::string_view text);

/// Whether two identities are of the same headers: all words are the same but git's, which tells people where equal
/// contents came from.
bool are_same_headers(std::string_view one, std::string_view other);

/// The identity that `build_identity` and the images of a callable state, all that state one; "" when none does. It has
/// a zero behind it and points into the callable. PTO_ERROR_INCOMPATIBLE_IMAGE names two that differ.
/// `callable` has passed `check_callable`.
pto_status agree_on_identity(const pto_callable &callable, std::string_view *out, pto_image_error *error);

} // namespace pto::host

#endif
