// One call on libuv's pool: what it needs is copied in before, what it gives is made into values after.
#pragma once

#include <functional>
#include <utility>

#include <napi.h>

namespace bsdjail {

class Worker final : public Napi::AsyncWorker {
 public:
  using Work = std::function<void()>;                  // off the JavaScript thread: touches no Napi
  using Done = std::function<Napi::Value(Napi::Env)>;  // back on it

  static Napi::Value run(Napi::Env env, const char* name, Work work, Done done) {
    auto* worker = new Worker(env, name, std::move(work), std::move(done));
    const Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 protected:
  void Execute() override { work_(); }
  void OnOK() override {
    const Napi::HandleScope scope(Env());
    try {
      deferred_.Resolve(done_(Env()));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Worker(Napi::Env env, const char* name, Work work, Done done)
      : Napi::AsyncWorker(env, name),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        done_(std::move(done)) {}

  Napi::Promise::Deferred deferred_;
  Work work_;
  Done done_;
};

}  // namespace bsdjail
