// A terminal of its own: bytes both ways, sizes, signals, ends.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "check.h"
#include "run.h"

namespace bsdjail::test {
namespace {

Run terminal(const std::string& script, const std::string& size = "100x30") {
  Run run;
  run.options = {"-j", "1", "-t", size};
  run.command = {"/bin/sh", "-c", script};
  return run;
}

void say(int fd, const std::string& text) {
  if (write(fd, text.data(), text.size()) < 0) fail(__FILE__, __LINE__, "write");
}

}  // namespace

TEST(the_command_has_a_terminal_of_the_size_that_was_asked_for) {
  const Ended ended = finish(terminal("test -t 0 && test -t 1 && test -t 2 && stty size; exit 6"));
  CHECK_EQ(ended.output, "30 100\r\n");
  CHECK_EQ(ended.status, 6);
  CHECK_EQ(ended.records.size(), 2u);
  CHECK_EQ(ended.records[0], "exec");
  CHECK_EQ(ended.records[1], "started");
}

TEST(what_is_typed_reaches_the_command_and_its_size_changes) {
  Running running = start(terminal("echo ready; read line; echo got $line; stty size"));
  CHECK(running.await("ready"));
  // More at once than one read takes, a word that is none, and a number that is too great.
  say(running.status, "size 1 2\nnonsense\nsize 99999 1\nsize 40 12\n");
  say(running.input, "typed\n");
  CHECK(running.await("got typed"));
  CHECK(running.end().output.find("12 40\r\n") != std::string::npos);
}

TEST(the_end_of_the_input_is_the_end_of_a_file) {
  Running running = start(terminal("cat; echo over"));
  say(running.input, "line\n");
  const Ended ended = running.end();
  CHECK(ended.output.find("line\r\nline\r\nover\r\n") != std::string::npos);
  CHECK_EQ(ended.status, 0);
}

TEST(much_output_is_read_to_its_end) {
  const Ended ended = finish(terminal("head -c 300000 /dev/zero | tr '\\0' x"));
  CHECK_EQ(ended.output.size(), 300000u);
  CHECK_EQ(ended.status, 0);
}

TEST(signals_are_the_commands) {
  for (int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGINT, SIGQUIT}) {
    Running running = start(terminal("for s in USR1 USR2 TERM HUP INT QUIT; do trap \"echo $s; exit 3\" $s; done; "
                                     "echo ready; while :; do sleep 0.05; done"));
    CHECK(running.await("ready"));
    kill(running.pid, signal);
    CHECK_EQ(running.end().status, 3);
  }
}

TEST(a_command_that_a_signal_ends_ends_us_too) {
  CHECK_EQ(finish(terminal("kill -TERM $$")).status, 128 + SIGTERM);
  CHECK_EQ(finish(terminal("kill -KILL $$")).status, 128 + SIGKILL);
}

TEST(a_command_that_never_begins_is_told) {
  Run run = terminal("true");
  run.command = {"/no/such"};
  Ended ended = finish(run);
  CHECK_EQ(ended.failure().substr(0, 14), "exec\t2\tENOENT\t");
  CHECK_EQ(ended.status, 127);
  run.command = {"/bin/true"};
  run.environment = {"BSDJAIL_EXEC_ATTACH=22"};
  ended = finish(run);
  CHECK_EQ(ended.failure(), "attach\t22\tEINVAL\tjail 1");
  CHECK_EQ(ended.status, 125);
}

TEST(a_reader_that_goes_away_hangs_the_terminal_up) {
  Running running = start(terminal("trap 'exit 4' HUP; while :; do echo line; done"));
  CHECK(running.await("line"));
  close(running.output);
  running.output = open("/dev/null", O_RDONLY);
  const int status = running.end().status;
  CHECK(status == 4 || status == 128 + SIGHUP || status == 1 || status == 2);
}

#ifdef __linux__
TEST(the_command_does_not_outlive_the_one_who_reads_its_terminal) {
  Running running = start(terminal("trap '' HUP; echo $$; while :; do sleep 0.05; done"));
  CHECK(running.await("\r\n"));
  const pid_t command = std::stoi(running.seen);
  kill(running.pid, SIGKILL);
  running.end();
  for (int tries = 0; tries < 1000 && kill(command, 0) == 0; ++tries) usleep(10000);
  CHECK(kill(command, 0) != 0);
}
#endif

}  // namespace bsdjail::test
