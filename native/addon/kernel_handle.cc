#include "kernel_handle.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "../core/iovec_list.h"
#include "../core/read.h"
#include "../core/sysctl.h"
#include "addon.h"
#include "arguments.h"
#include "worker.h"

namespace bsdjail {
namespace {

// What a method's data says: which call, and whether a promise is wanted.
enum Face : std::uintptr_t {
  kSync = 0,
  kAsync = 1,
  kSet = 0 << 1,
  kGet = 1 << 1,
  kRemove = 0 << 1,
  kRemoveJd = 1 << 1,
  kClose = 2 << 1,
  kRead = 0 << 1,
  kList = 1 << 1,
};

void* face(std::uintptr_t value) { return reinterpret_cast<void*>(value); }
bool is_async(const Napi::CallbackInfo& info) { return (reinterpret_cast<std::uintptr_t>(info.Data()) & kAsync) != 0; }
std::uintptr_t which(const Napi::CallbackInfo& info) { return reinterpret_cast<std::uintptr_t>(info.Data()) & ~kAsync; }

double answer(const Outcome& outcome) {
  return outcome.failed() ? -static_cast<double>(outcome.error) : static_cast<double>(outcome.value);
}

// Four numbers (value, errno, rows, length of the message), then the lengths, the data, the message.
std::size_t packed_size(const Rows& rows) {
  return 4 * sizeof(std::int32_t) + rows.lengths.size() * sizeof(std::int32_t) + rows.data.size() + rows.message.size();
}

void pack_into(std::uint8_t* at, const Rows& rows) {
  const std::int32_t header[4] = {static_cast<std::int32_t>(rows.outcome.value), rows.outcome.error,
                                  static_cast<std::int32_t>(rows.rows), static_cast<std::int32_t>(rows.message.size())};
  const auto put = [&at](const void* from, std::size_t len) {
    if (len > 0) std::memcpy(at, from, len);
    at += len;
  };
  put(header, sizeof header);
  put(rows.lengths.data(), rows.lengths.size() * sizeof(std::int32_t));
  put(rows.data.data(), rows.data.size());
  put(rows.message.data(), rows.message.size());
}

Napi::Value pack(Napi::Env env, const Rows& rows) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, packed_size(rows));
  pack_into(static_cast<std::uint8_t*>(buffer.Data()), rows);
  return buffer;
}

// Runs `work` on the pool and packs the rows that it left. The sync face runs it here, and leaves them in the scratch
// where they fit: an ArrayBuffer of their own would cost more than the call.
template <typename Work>
Napi::Value give_rows(const Napi::CallbackInfo& info, const char* name, Work work) {
  if (!is_async(info)) {
    Rows rows;
    work(rows);
    const Scratch scratch = Addon::of(info.Env()).scratch();
    const std::size_t size = packed_size(rows);
    if (size > scratch.size) return pack(info.Env(), rows);
    pack_into(scratch.data, rows);
    return Napi::Number::New(info.Env(), static_cast<double>(size));
  }
  auto rows = std::make_shared<Rows>();
  return Worker::run(
      info.Env(), name, [rows, work]() { work(*rows); }, [rows](Napi::Env env) { return pack(env, *rows); });
}

void unpack(const Napi::Env& env, IovecList& list, const std::uint8_t* data, std::size_t size,
            const std::int32_t* lengths, std::size_t count) {
  if (list.unpack(data, size, lengths, count)) return;
  throw Napi::RangeError::New(env, "lengths must add up to the length of data");
}

void write_back(const IovecList& list, std::uint8_t* data, std::size_t size, std::int32_t* lengths, std::size_t count) {
  if (size > 0) std::memcpy(data, list.bytes().data(), std::min(size, list.bytes().size()));
  for (std::size_t i = 0; i < std::min(count, list.count()); ++i) lengths[i] = list.length(i);
}

}  // namespace

Napi::Function KernelHandle::define(Napi::Env env) {
  using Handle = KernelHandle;
  const auto attributes = napi_default;
  return DefineClass(
      env, "Kernel",
      {
          InstanceMethod("jailSetSync", &Handle::iovec_call, attributes, face(kSet | kSync)),
          InstanceMethod("jailSet", &Handle::iovec_call, attributes, face(kSet | kAsync)),
          InstanceMethod("jailGetSync", &Handle::iovec_call, attributes, face(kGet | kSync)),
          InstanceMethod("jailGet", &Handle::iovec_call, attributes, face(kGet | kAsync)),
          InstanceMethod("jailRemoveSync", &Handle::number_call, attributes, face(kRemove | kSync)),
          InstanceMethod("jailRemove", &Handle::number_call, attributes, face(kRemove | kAsync)),
          InstanceMethod("jailRemoveJdSync", &Handle::number_call, attributes, face(kRemoveJd | kSync)),
          InstanceMethod("jailRemoveJd", &Handle::number_call, attributes, face(kRemoveJd | kAsync)),
          InstanceMethod("closeSync", &Handle::number_call, attributes, face(kClose | kSync)),
          InstanceMethod("close", &Handle::number_call, attributes, face(kClose | kAsync)),
          InstanceMethod("jailReadSync", &Handle::rows_call, attributes, face(kRead | kSync)),
          InstanceMethod("jailRead", &Handle::rows_call, attributes, face(kRead | kAsync)),
          InstanceMethod("jailListSync", &Handle::rows_call, attributes, face(kList | kSync)),
          InstanceMethod("jailList", &Handle::rows_call, attributes, face(kList | kAsync)),
          InstanceMethod("sysctlSync", &Handle::sysctl_call, attributes, face(kSync)),
          InstanceMethod("sysctl", &Handle::sysctl_call, attributes, face(kAsync)),
          InstanceMethod("sysctlWalkSync", &Handle::walk_call, attributes, face(kSync)),
          InstanceMethod("sysctlWalk", &Handle::walk_call, attributes, face(kAsync)),
          InstanceMethod("processesSync", &Handle::processes_call, attributes, face(kSync)),
          InstanceMethod("processes", &Handle::processes_call, attributes, face(kAsync)),
          InstanceMethod("rctlSync", &Handle::rctl_call, attributes, face(kSync)),
          InstanceMethod("rctl", &Handle::rctl_call, attributes, face(kAsync)),
          InstanceMethod("setFields", &Handle::set_fields),
          InstanceMethod("eventsOpen", &Handle::events_open),
      });
}

KernelHandle::KernelHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<KernelHandle>(info) {}

Napi::Object KernelHandle::make(const Napi::FunctionReference& constructor,
                                std::shared_ptr<Kernel> kernel) {
  const Napi::Object handle = constructor.New({});
  Unwrap(handle)->kernel_ = std::move(kernel);
  return handle;
}

// JavaScript can reach the class by `constructor`: an object made that way has no kernel.
const std::shared_ptr<Kernel>& KernelHandle::kernel(const Napi::CallbackInfo& info) const {
  if (kernel_ == nullptr) throw Napi::TypeError::New(info.Env(), "this kernel was not opened");
  return kernel_;
}

Napi::Value KernelHandle::iovec_call(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber()) return scratch_call(info);
  const Napi::Env env = info.Env();
  Napi::Uint8Array data = bytes_argument(info, 0, "data");
  Napi::Int32Array lengths = ints_argument(info, 1, "lengths");
  const int flags = int_argument(info, 2, "flags");
  struct State {
    IovecList list;
    Outcome outcome;
    Napi::Reference<Napi::Uint8Array> data;
    Napi::Reference<Napi::Int32Array> lengths;
  };
  auto state = std::make_shared<State>();
  unpack(env, state->list, data.Data(), data.ByteLength(), lengths.Data(), lengths.ElementLength());
  const bool set = which(info) == kSet;
  const auto work = [kernel = kernel(info), state, flags, set]() {
    IoVec* const entries = state->list.entries();
    state->outcome = set ? kernel->jail_set(entries, state->list.count(), flags)
                         : kernel->jail_get(entries, state->list.count(), flags);
  };
  if (!is_async(info)) {
    work();
    write_back(state->list, data.Data(), data.ByteLength(), lengths.Data(), lengths.ElementLength());
    return Napi::Number::New(env, answer(state->outcome));
  }
  state->data = Napi::Persistent(data);
  state->lengths = Napi::Persistent(lengths);
  return Worker::run(env, set ? "bsdjail:jail_set" : "bsdjail:jail_get", work, [state](Napi::Env done) -> Napi::Value {
    // Asked again: who holds them may have given them away meanwhile.
    Napi::Uint8Array to_data = state->data.Value();
    Napi::Int32Array to_lengths = state->lengths.Value();
    write_back(state->list, to_data.Data(), to_data.ByteLength(), to_lengths.Data(), to_lengths.ElementLength());
    state->data.Reset();
    state->lengths.Reset();
    return Napi::Number::New(done, answer(state->outcome));
  });
}

Napi::Value KernelHandle::scratch_call(const Napi::CallbackInfo& info) {
  const Scratch scratch = Addon::of(info.Env()).scratch();
  const std::uint32_t count = uint_argument(info, 0, "count");
  const std::uint32_t size = uint_argument(info, 1, "size");
  const int flags = int_argument(info, 2, "flags");
  const std::size_t head = std::size_t{count} * sizeof(std::int32_t);
  if (is_async(info) || head + size > scratch.size) {
    throw Napi::RangeError::New(info.Env(), "only a sync call takes a list from the scratch, and one that fits in it");
  }
  auto* lengths = reinterpret_cast<std::int32_t*>(scratch.data);
  std::uint8_t* data = scratch.data + head;
  IovecList list;
  unpack(info.Env(), list, data, size, lengths, count);
  const Outcome outcome = which(info) == kSet ? kernel(info)->jail_set(list.entries(), count, flags)
                                              : kernel(info)->jail_get(list.entries(), count, flags);
  write_back(list, data, size, lengths, count);
  return Napi::Number::New(info.Env(), answer(outcome));
}

Napi::Value KernelHandle::number_call(const Napi::CallbackInfo& info) {
  using Call = Outcome (Kernel::*)(int);
  const std::uintptr_t asked = which(info);
  const Call call = asked == kRemove     ? &Kernel::jail_remove
                    : asked == kRemoveJd ? &Kernel::jail_remove_jd
                                         : &Kernel::close;
  const int number = int_argument(info, 0, asked == kRemove ? "jid" : "fd");
  if (!is_async(info)) return Napi::Number::New(info.Env(), answer(((*kernel(info)).*call)(number)));
  auto outcome = std::make_shared<Outcome>();
  return Worker::run(
      info.Env(), "bsdjail:call",
      [kernel = kernel(info), outcome, call, number]() { *outcome = ((*kernel).*call)(number); },
      [outcome](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, answer(*outcome)); });
}

Napi::Value KernelHandle::set_fields(const Napi::CallbackInfo& info) {
  auto fields = std::make_shared<const std::vector<Field>>(fields_argument(info, 1));
  fields_[slot_argument(info, 0)] = std::move(fields);
  return info.Env().Undefined();
}

std::size_t KernelHandle::slot_argument(const Napi::CallbackInfo& info, std::size_t index) const {
  const std::uint32_t slot = uint_argument(info, index, "slot");
  if (slot >= fields_.size()) throw Napi::RangeError::New(info.Env(), "slot must be below 16");
  return slot;
}

const std::shared_ptr<const std::vector<Field>>& KernelHandle::fields(const Napi::CallbackInfo& info,
                                                                      std::size_t index) const {
  const auto& fields = fields_[slot_argument(info, index)];
  if (fields == nullptr) throw Napi::RangeError::New(info.Env(), "slot has no fields yet");
  return fields;
}

Napi::Value KernelHandle::rows_call(const Napi::CallbackInfo& info) {
  if (which(info) == kList) {
    return give_rows(info, "bsdjail:list",
                     [kernel = kernel(info), fields = fields(info, 0), flags = int_argument(info, 1, "flags")](
                         Rows& rows) { list_jails(*kernel, *fields, flags, rows); });
  }
  return give_rows(info, "bsdjail:read",
                   [kernel = kernel(info), key = key_argument(info, 0), fields = fields(info, 2),
                    flags = int_argument(info, 3, "flags")](Rows& rows) {
                     read_jail(*kernel, key, *fields, flags, rows);
                   });
}

Napi::Value KernelHandle::sysctl_call(const Napi::CallbackInfo& info) {
  std::vector<std::uint8_t> value;
  const bool set = info.Length() > 1 && !info[1].IsUndefined();
  if (set) {
    const Napi::Uint8Array bytes = bytes_argument(info, 1, "value");
    if (bytes.ByteLength() > 0) value.assign(bytes.Data(), bytes.Data() + bytes.ByteLength());
  }
  return give_rows(info, "bsdjail:sysctl",
                   [kernel = kernel(info), name = string_argument(info, 0, "name"), set, value](Rows& rows) {
                     rows.outcome = read_sysctl(*kernel, name, set ? &value : nullptr, rows.data);
                   });
}

Napi::Value KernelHandle::walk_call(const Napi::CallbackInfo& info) {
  struct State {
    Outcome outcome;
    std::vector<SysctlEntry> entries;
  };
  const std::string prefix = string_argument(info, 0, "prefix");
  auto state = std::make_shared<State>();
  const auto work = [kernel = kernel(info), state, prefix]() {
    state->outcome = walk_sysctl(*kernel, prefix, state->entries);
  };
  const auto done = [state](Napi::Env env) -> Napi::Value {
    if (state->outcome.failed()) return Napi::Number::New(env, answer(state->outcome));
    Napi::Array nodes = Napi::Array::New(env, state->entries.size());
    for (std::size_t i = 0; i < state->entries.size(); ++i) {
      const SysctlEntry& entry = state->entries[i];
      Napi::Object node = Napi::Object::New(env);
      node["name"] = Napi::String::New(env, entry.node.name);
      node["kind"] = Napi::Number::New(env, entry.node.kind);
      node["format"] = Napi::String::New(env, entry.node.format);
      node["description"] = Napi::String::New(env, entry.node.description);
      Napi::Uint8Array value = Napi::Uint8Array::New(env, entry.value.size());
      if (!entry.value.empty()) std::memcpy(value.Data(), entry.value.data(), entry.value.size());
      node["value"] = value;
      nodes[static_cast<std::uint32_t>(i)] = node;
    }
    return nodes;
  };
  if (is_async(info)) return Worker::run(info.Env(), "bsdjail:sysctl_walk", work, done);
  work();
  return done(info.Env());
}

Napi::Array processes_value(Napi::Env env, const std::vector<ProcessInfo>& processes) {
  Napi::Array list = Napi::Array::New(env, processes.size());
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const ProcessInfo& process = processes[i];
    Napi::Object item = Napi::Object::New(env);
    item["pid"] = process.pid;
    item["parent"] = process.parent;
    item["jid"] = process.jid;
    item["uid"] = process.uid;
    item["user"] = process.user;
    item["command"] = process.command;
    item["startedMs"] = static_cast<double>(process.started_ms);
    item["hostPid"] = process.host_pid;
    list[static_cast<std::uint32_t>(i)] = item;
  }
  return list;
}

Napi::Value KernelHandle::processes_call(const Napi::CallbackInfo& info) {
  struct State {
    Outcome outcome;
    std::vector<ProcessInfo> list;
  };
  auto state = std::make_shared<State>();
  const auto work = [kernel = kernel(info), state]() { state->outcome = kernel->processes(state->list); };
  const auto done = [state](Napi::Env env) -> Napi::Value {
    if (state->outcome.failed()) return Napi::Number::New(env, answer(state->outcome));
    return processes_value(env, state->list);
  };
  if (is_async(info)) return Worker::run(info.Env(), "bsdjail:processes", work, done);
  work();
  return done(info.Env());
}

Napi::Value KernelHandle::rctl_call(const Napi::CallbackInfo& info) {
  const std::uint32_t number = uint_argument(info, 0, "call");
  if (number > static_cast<std::uint32_t>(RctlCall::kRemove)) {
    throw Napi::RangeError::New(info.Env(), "call must be below 4");
  }
  return give_rows(info, "bsdjail:rctl",
                   [kernel = kernel(info), call = static_cast<RctlCall>(number),
                    filter = string_argument(info, 1, "filter")](Rows& rows) {
                     std::string text;
                     rows.outcome = kernel->rctl(call, filter, text);
                     rows.data.assign(text.begin(), text.end());
                   });
}

Napi::Value KernelHandle::events_open(const Napi::CallbackInfo& info) {
  Outcome outcome;
  std::unique_ptr<EventQueue> queue = kernel(info)->event_queue(outcome);
  if (queue == nullptr) return Napi::Number::New(info.Env(), answer(outcome));
  return EventsHandle::make(info.Env(), Addon::of(info.Env()).events(), kernel_, std::move(queue));
}

}  // namespace bsdjail
