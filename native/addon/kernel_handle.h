// A kernel as JavaScript holds it. Pending calls keep the kernel alive, whatever becomes of the handle.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include <napi.h>

#include "../core/read.h"
#include "../kernel/kernel.h"

namespace bsdjail {

class KernelHandle final : public Napi::ObjectWrap<KernelHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object make(const Napi::FunctionReference& constructor, std::shared_ptr<Kernel> kernel);

  explicit KernelHandle(const Napi::CallbackInfo& info);
  const std::shared_ptr<Kernel>& kernel(const Napi::CallbackInfo& info) const;

 private:
  // Each method has a sync and an async face over one function; which is meant stands in the method's data.

  // jail_set and jail_get: (data, lengths, flags) -> value or -errno; both arrays are written back in place. Sync also
  // (count, size, flags): `count` lengths and `size` bytes of data after them in the scratch.
  Napi::Value iovec_call(const Napi::CallbackInfo& info);
  Napi::Value scratch_call(const Napi::CallbackInfo& info);
  // jail_remove and its like: (number) -> value or -errno.
  Napi::Value number_call(const Napi::CallbackInfo& info);
  // (slot, names, spec): keeps a list of fields, for the calls that name its slot.
  Napi::Value set_fields(const Napi::CallbackInfo& info);
  // jailRead (kind, key, slot, flags) and jailList (slot, flags) -> rows in one ArrayBuffer; the sync faces leave what
  // fits in the scratch, and give the number of bytes.
  Napi::Value rows_call(const Napi::CallbackInfo& info);
  // (name, value?) -> the same, without rows.
  Napi::Value sysctl_call(const Napi::CallbackInfo& info);
  // (prefix) -> -errno, or an array of nodes.
  Napi::Value walk_call(const Napi::CallbackInfo& info);
  // () -> -errno, or an array of processes.
  Napi::Value processes_call(const Napi::CallbackInfo& info);
  // (call, filter) -> rows' header and the answer as data.
  Napi::Value rctl_call(const Napi::CallbackInfo& info);
  // () -> -errno, or an Events object.
  Napi::Value events_open(const Napi::CallbackInfo& info);

  std::size_t slot_argument(const Napi::CallbackInfo& info, std::size_t index) const;
  const std::shared_ptr<const std::vector<Field>>& fields(const Napi::CallbackInfo& info, std::size_t index) const;

  std::shared_ptr<Kernel> kernel_;
  // Shared with the calls under way.
  std::array<std::shared_ptr<const std::vector<Field>>, 16> fields_;
};

Napi::Array processes_value(Napi::Env env, const std::vector<ProcessInfo>& processes);

}  // namespace bsdjail
