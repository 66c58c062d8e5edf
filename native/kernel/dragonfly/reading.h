// jail_get(2) as DragonFly's list of jails and their sysctls answer it.
#pragma once

#include "../simulated/options.h"
#include "list.h"
#include "permissions.h"
#include "system.h"

namespace bsdjail::dragonfly {

// All jails, newest first as the kernel lists them. EBADMSG where the list holds a jail twice, so that a jail's root has
// forged a part of it; empty inside a jail.
Outcome list_jails(System& system, std::vector<ListedJail>& jails);
// ENOENT where there is none.
Outcome find_jail(System& system, int jid, ListedJail& jail);

// The jail that the list's jid, name or lastjid means; says in errmsg why there is none.
Outcome find_asked(System& system, simulated::Options& options, bool walk, ListedJail& jail);
// Fills the list's values in: the jid.
Outcome read_parameters(System& system, simulated::Options& options);

// "allow.raw_sockets" for "allow.noraw_sockets", which is not `positive`; the name itself where no "no" stands there.
std::string positive_name(std::string_view name, bool& positive);
// The permission of that name in `permissions`; null where there is none.
const Permission* find_permission(const std::vector<Permission>& permissions, std::string_view name, bool& positive);
// Says in errmsg that a jail's permissions cannot be had, and why: the errno.
int refuse_permissions(simulated::Options& options, std::string_view name, int jid);

}  // namespace bsdjail::dragonfly
