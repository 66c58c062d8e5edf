// All jails of a machine: how they are found, numbered, kept and let go.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "prison.h"

namespace bsdjail::simulated {

class Prisons {
 public:
  Prisons();
  Prisons(const Prisons&) = delete;
  Prisons& operator=(const Prisons&) = delete;

  Prison& host() { return host_; }
  const Prison& host() const { return host_; }
  const std::map<int, std::unique_ptr<Prison>>& all() const { return all_; }
  bool empty() const { return all_.empty(); }

  // The jail with this jid, alive or dying; null where there is none.
  Prison* at(int jid) const;
  Prison* by_serial(std::uint64_t serial);
  // The same, where it is below `mine`.
  Prison* find_below(const Prison& mine, int jid) const;
  // By its name as `mine` sees it. Of several with that name the living one; else a dying one.
  Prison* find_name(const Prison& mine, std::string_view name) const;
  // The living child of `parent` (other than `but`) whose last name is `name`.
  Prison* living_child(const Prison& parent, std::string_view name, const Prison* but) const;
  // The dying child of that last name that has been dying longest.
  Prison* dead_child(const Prison& parent, std::string_view name) const;
  // The first jail after this jid that is below `mine`, and alive unless `dying` ones are asked for too.
  Prison* next(const Prison& mine, int after, bool dying) const;

  // A jid for a new jail, or 0 where all are taken. It counts as given out even if the jail then fails.
  int new_jid();
  // Gives a dying jail another jid, from the far end, so that its own is free; false where there is none.
  bool renumber(Prison& dying);

  // A new jail with one reference, not yet alive, counted in its parents.
  Prison& create(int jid, Prison& parent);
  // Puts a jail that was read from a state file in its place; false where its jid is taken.
  Prison* restore(std::unique_ptr<Prison> prison);

  // Gives the jail a last name, as seen from `parent` (which jail_set(2) may take to be a jail further up), and changes
  // that component of the names below.
  void rename(Prison& prison, const Prison& parent, std::string_view component);
  void index_name(Prison& prison);

  void hold(Prison& prison, bool user);
  // Drops a reference, and a user's as well. A jail without users starts dying; one without references is gone, and
  // lets go of its parent.
  void drop(Prison& prison, bool user, bool reference = true);
  // Starts the end of a living jail and all below it; the caller holds a reference, ends its processes and drops the
  // reference. False where it was not alive.
  bool kill(Prison& prison);

  // Called for each jail that starts dying, once.
  std::function<void(Prison&)> on_dying;
  // Called before a jail's memory goes.
  std::function<void(Prison&)> on_gone;

  int last_jid = 0;
  int last_dead_jid = 0;
  int next_cpuset = 3;  // the lowest that is free; 0 to 2 are all processors, the default set and the kernel's
  std::uint64_t next_serial = 1;

 private:
  void unlink(Prison& prison);
  void forget_name(Prison& prison);
  void kill_below(Prison& prison);
  void take_cpuset(int id);

  Prison host_;
  std::set<int> cpusets_;
  std::map<int, std::unique_ptr<Prison>> all_;
  std::unordered_map<std::string, std::vector<Prison*>> names_;
};

}  // namespace bsdjail::simulated
