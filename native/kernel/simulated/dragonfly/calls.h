// The rules of DragonFly's kernel: what its calls do to the machine. A jail lives as long as something refers to it, and
// nothing keeps it but processes; there is no state between living and gone.
#pragma once

#include <string>
#include <vector>

#include "../../dragonfly/system.h"
#include "../world.h"

namespace bsdjail::simulated {

// "allow.raw_sockets" and its like, as this release has them, in the order of its sysctls.
std::vector<std::string> dragonfly_permissions(const Release& release);

// jail(2), version 1: the caller is in the jail afterwards. The jid.
Outcome dragonfly_jail(World& world, Process& caller, const dragonfly::NewJail& jail);
// A process of its own makes the jail and stays. The jid.
Outcome dragonfly_hold(World& world, const Process& caller, const dragonfly::NewJail& jail, std::int64_t now_ms);
Outcome dragonfly_attach(World& world, Process& caller, int jid);
// Ends every process of the jail: how many there were.
Outcome dragonfly_end_processes(World& world, const Process& caller, int jid);

// All jails, newest first.
std::vector<Prison*> dragonfly_jails(World& world);

}  // namespace bsdjail::simulated
