// The state file's reader on any text. Its checksum is made right, so that what it guards is reached; the machine that
// comes of it is then used.
#include <charconv>

#include "../kernel/errno.h"
#include "../kernel/simulated/state_text.h"
#include "input.h"

namespace {

using namespace bsdjail::simulated;
using bsdjail::fuzz::broken;

void use(World& world) {
  std::vector<int> jids;
  for (const auto& [jid, prison] : world.prisons().all()) jids.push_back(jid);
  std::vector<int> pids;
  for (const auto& [pid, process] : world.processes()) pids.push_back(pid);
  for (std::size_t i = 0; i < pids.size(); i += 2) world.end(pids[i]);
  auto process = std::make_unique<Process>();
  process->pid = world.new_pid();
  process->prison = &world.prisons().host();
  Process& caller = world.enter(std::move(process));
  for (const int jid : jids) {
    char name[] = "jid", path[] = "path", buffer[1024] = "";
    int asked = jid;
    bsdjail::IoVec iov[] = {{name, sizeof(name)}, {&asked, sizeof(asked)}, {path, sizeof(path)}, {buffer, sizeof(buffer)}};
    Options options;
    if (options.build(iov, 4) != 0) broken("a plain list was refused");
    world.jail_get(caller, options, bsdjail::kJailDying);
    world.jail_remove(caller, jid);
  }
  const std::string text = write_state(world, {}, 0);
  std::deque<NumberedNote> notes;
  std::uint64_t last = 0;
  std::string problem;
  if (read_state(text, notes, last, problem) == nullptr) broken("what was written cannot be read: " + problem);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  std::deque<NumberedNote> notes;
  std::uint64_t last = 0;
  std::string problem;
  if (read_state(text, notes, last, problem) == nullptr && problem.empty()) broken("refused without a reason");
  text = std::string(kStateMagic) + '\n' + text + '\n';
  char sum[17];
  const auto end = std::to_chars(sum, sum + sizeof(sum), state_checksum(text), 16);
  text += kStateEnd;
  text.append(sum, end.ptr);
  text += '\n';
  notes.clear();
  problem.clear();
  const auto world = read_state(text, notes, last, problem);
  if (world != nullptr) {
    use(*world);
  } else if (problem.empty()) {
    broken("refused without a reason");
  }
  return 0;
}
