// The simulated machine as JavaScript holds it: the machine, and each process's view of it.
#pragma once

#include <memory>

#include <napi.h>

#include "../kernel/simulated/simulated.h"

namespace bsdjail {

class MachineHandle final : public Napi::ObjectWrap<MachineHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  // (options) -> a Machine, or the reason why there is none as a string.
  static Napi::Value open(const Napi::CallbackInfo& info);

  explicit MachineHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<MachineHandle>(info) {}

 private:
  SimulatedMachine& machine(const Napi::CallbackInfo& info) const;

  // (uid) -> a View.
  Napi::Value process(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);
  Napi::Value problem(const Napi::CallbackInfo& info);
  Napi::Value processes(const Napi::CallbackInfo& info);
  Napi::Value add_fault(const Napi::CallbackInfo& info);
  Napi::Value clear_faults(const Napi::CallbackInfo& info);
  // These: value or -errno.
  Napi::Value spawn(const Napi::CallbackInfo& info);
  Napi::Value exit(const Napi::CallbackInfo& info);
  Napi::Value kill(const Napi::CallbackInfo& info);
  Napi::Value kill_jail(const Napi::CallbackInfo& info);
  Napi::Value hold_dying(const Napi::CallbackInfo& info);
  Napi::Value finish_dying(const Napi::CallbackInfo& info);

  std::shared_ptr<SimulatedMachine> machine_;
};

class ViewHandle final : public Napi::ObjectWrap<ViewHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object make(Napi::Env env, std::shared_ptr<SimulatedKernel> view);

  explicit ViewHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ViewHandle>(info) {}

 private:
  SimulatedKernel& view(const Napi::CallbackInfo& info) const;

  // () -> the Kernel that answers this process's system calls.
  Napi::Value kernel(const Napi::CallbackInfo& info);
  // () -> { pid, uid, jid, alive }
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value fork(const Napi::CallbackInfo& info);
  Napi::Value setuid(const Napi::CallbackInfo& info);
  Napi::Value exit(const Napi::CallbackInfo& info);
  // (jid), (fd) -> 0 or -errno.
  Napi::Value attach(const Napi::CallbackInfo& info);
  Napi::Value attach_jd(const Napi::CallbackInfo& info);

  std::shared_ptr<SimulatedKernel> view_;
};

}  // namespace bsdjail
