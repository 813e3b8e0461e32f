// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_COMMUNICATOR_H
#define PTO_HOST_COMMUNICATOR_H

#include "host/context.h"
#include "pto/comm.h"

namespace pto::host {

/// Memory on several chips, and who has which. It lives in a slot of a table, so nothing is allocated on the host.
///
///     kFree -> kCreating -> kLive -> kEnding -> kFree
///       ^----------'
///
/// While it is created, uses of its contexts keep them open. From then on nobody closes one of them without having
/// ended the communicator, so whoever has moved it to kEnding may use them.
struct Communicator {
    enum class State { kFree, kCreating, kLive, kEnding };

    struct Member {
        Context *context;
        uint64_t context_address;
        uint64_t window_in;
        uint64_t window_out;
        uint64_t workspace;
    };

    State state = State::kFree;
    uint64_t generation = 0;
    uint32_t rank_count = 0;
    uint64_t window_bytes = 0;
    uint64_t workspace_bytes = 0;
    bool has_out_windows = false;
    Member members[PTO_COMM_MAX_RANKS];

    bool has(const Context *context) const;
    /// Allocates and writes everything; all or nothing.
    pto_status set_up();
    /// Gives everything back.
    void tear_down();

private:
    pto_status allocate(Member &member) const;
    pto_status announce(uint32_t rank) const;
};

/// Ends all communicators that a context is a member of. For whoever closes it, after the handle was withdrawn.
void end_communicators_of(const Context *context);

} // namespace pto::host

#endif
