// jail_set(2) as jail(2) and sysctls can do it.
#pragma once

#include "../simulated/options.h"
#include "system.h"

namespace bsdjail::dragonfly {

// Makes a jail, held by a process of its own or, where `enter`, entered by this one; then sets its permissions, so that no
// default has to be changed for it. The jid.
Outcome create_jail(System& system, simulated::Options& options, bool enter);
// Sets the permissions of a jail: all that can be changed of one. The jid.
Outcome update_jail(System& system, simulated::Options& options);

}  // namespace bsdjail::dragonfly
