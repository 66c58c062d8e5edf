#include "simulated_handles.h"

#include <utility>

#include "addon.h"
#include "arguments.h"
#include "kernel_handle.h"
#include "simulated_options.h"

namespace bsdjail {
namespace {

Napi::Value answer(const Napi::CallbackInfo& info, const Outcome& outcome) {
  return Napi::Number::New(info.Env(), outcome.failed() ? -outcome.error : static_cast<double>(outcome.value));
}

}  // namespace

Napi::Function MachineHandle::define(Napi::Env env) {
  return DefineClass(env, "Machine",
                     {
                         InstanceMethod<&MachineHandle::process>("process"),
                         InstanceMethod<&MachineHandle::release>("release"),
                         InstanceMethod<&MachineHandle::problem>("problem"),
                         InstanceMethod<&MachineHandle::processes>("processes"),
                         InstanceMethod<&MachineHandle::add_fault>("addFault"),
                         InstanceMethod<&MachineHandle::clear_faults>("clearFaults"),
                         InstanceMethod<&MachineHandle::spawn>("spawn"),
                         InstanceMethod<&MachineHandle::exit>("exit"),
                         InstanceMethod<&MachineHandle::kill>("kill"),
                         InstanceMethod<&MachineHandle::kill_jail>("killJail"),
                         InstanceMethod<&MachineHandle::hold_dying>("holdDying"),
                         InstanceMethod<&MachineHandle::finish_dying>("finishDying"),
                     });
}

Napi::Value MachineHandle::open(const Napi::CallbackInfo& info) {
  std::string problem;
  std::shared_ptr<SimulatedMachine> machine = SimulatedMachine::open(options_argument(info, 0), problem);
  if (machine == nullptr) return Napi::String::New(info.Env(), problem);
  const Napi::Object handle = Addon::of(info.Env()).machines().New({});
  Unwrap(handle)->machine_ = std::move(machine);
  return handle;
}

SimulatedMachine& MachineHandle::machine(const Napi::CallbackInfo& info) const {
  if (machine_ == nullptr) throw Napi::TypeError::New(info.Env(), "this machine was not made by openSimulated");
  return *machine_;
}

Napi::Value MachineHandle::process(const Napi::CallbackInfo& info) {
  return ViewHandle::make(info.Env(), machine(info).process(int_argument(info, 0, "uid")));
}

Napi::Value MachineHandle::release(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), machine(info).release());
}

Napi::Value MachineHandle::problem(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), machine(info).problem());
}

Napi::Value MachineHandle::processes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return processes_value(env, machine(info).processes());
}

Napi::Value MachineHandle::add_fault(const Napi::CallbackInfo& info) {
  machine(info).add_fault(fault_argument(info, 0));
  return info.Env().Undefined();
}

Napi::Value MachineHandle::clear_faults(const Napi::CallbackInfo& info) {
  machine(info).clear_faults();
  return info.Env().Undefined();
}

Napi::Value MachineHandle::spawn(const Napi::CallbackInfo& info) {
  return answer(info, machine(info).spawn(process_argument(info, 0)));
}

Napi::Value MachineHandle::exit(const Napi::CallbackInfo& info) {
  return answer(info, machine(info).exit(int_argument(info, 0, "pid")));
}

Napi::Value MachineHandle::kill(const Napi::CallbackInfo& info) {
  return answer(info, machine(info).kill(int_argument(info, 0, "pid"), int_argument(info, 1, "signal")));
}

Napi::Value MachineHandle::kill_jail(const Napi::CallbackInfo& info) {
  return answer(info, machine(info).kill_jail(int_argument(info, 0, "jid"), int_argument(info, 1, "signal"),
                                              info[2].ToBoolean()));
}

Napi::Value MachineHandle::hold_dying(const Napi::CallbackInfo& info) {
  return answer(info, machine(info).hold_dying(int_argument(info, 0, "jid")));
}

Napi::Value MachineHandle::finish_dying(const Napi::CallbackInfo& info) {
  return answer(info, machine(info).finish_dying(int_argument(info, 0, "jid")));
}

Napi::Function ViewHandle::define(Napi::Env env) {
  return DefineClass(env, "View",
                     {
                         InstanceMethod<&ViewHandle::kernel>("kernel"),
                         InstanceMethod<&ViewHandle::state>("state"),
                         InstanceMethod<&ViewHandle::fork>("fork"),
                         InstanceMethod<&ViewHandle::setuid>("setuid"),
                         InstanceMethod<&ViewHandle::exit>("exit"),
                         InstanceMethod<&ViewHandle::attach>("attach"),
                         InstanceMethod<&ViewHandle::attach_jd>("attachJd"),
                     });
}

Napi::Object ViewHandle::make(Napi::Env env, std::shared_ptr<SimulatedKernel> view) {
  const Napi::Object handle = Addon::of(env).views().New({});
  Unwrap(handle)->view_ = std::move(view);
  return handle;
}

SimulatedKernel& ViewHandle::view(const Napi::CallbackInfo& info) const {
  if (view_ == nullptr) throw Napi::TypeError::New(info.Env(), "this process was not made by a simulated machine");
  return *view_;
}

Napi::Value ViewHandle::kernel(const Napi::CallbackInfo& info) {
  view(info);
  return KernelHandle::make(Addon::of(info.Env()).kernels(), view_);
}

Napi::Value ViewHandle::state(const Napi::CallbackInfo& info) {
  SimulatedKernel& process = view(info);
  Napi::Object state = Napi::Object::New(info.Env());
  state["pid"] = process.pid();
  state["uid"] = process.uid();
  state["jid"] = process.jid();
  state["alive"] = process.alive();
  return state;
}

Napi::Value ViewHandle::fork(const Napi::CallbackInfo& info) { return make(info.Env(), view(info).fork()); }

Napi::Value ViewHandle::setuid(const Napi::CallbackInfo& info) {
  view(info).setuid(int_argument(info, 0, "uid"));
  return info.Env().Undefined();
}

Napi::Value ViewHandle::exit(const Napi::CallbackInfo& info) {
  view(info).exit();
  return info.Env().Undefined();
}

Napi::Value ViewHandle::attach(const Napi::CallbackInfo& info) {
  return answer(info, view(info).jail_attach(int_argument(info, 0, "jid")));
}

Napi::Value ViewHandle::attach_jd(const Napi::CallbackInfo& info) {
  return answer(info, view(info).jail_attach_jd(int_argument(info, 0, "fd")));
}

}  // namespace bsdjail
