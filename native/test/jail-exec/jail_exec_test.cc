// Every step of entering a jail: what it does, and how it says that it failed.
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "check.h"
#include "run.h"

namespace bsdjail::test {
namespace {

Run shell(const std::string& script, std::vector<std::string> options = {"-j", "1"}) {
  Run run;
  run.options = std::move(options);
  run.command = {"/bin/sh", "-c", script};
  return run;
}

std::string failure_of(std::vector<std::string> options, std::vector<std::string> command = {"/bin/true"}) {
  Run run;
  run.options = std::move(options);
  run.command = std::move(command);
  return finish(run).failure();
}

bool starts(const std::string& text, const std::string& with) { return text.rfind(with, 0) == 0; }

std::string own_name() {
  const passwd* self = getpwuid(getuid());
  return self != nullptr ? self->pw_name : "";
}

// A file of its own for one test.
class Script {
 public:
  explicit Script(const std::string& text) {
    const int fd = mkstemp(path_);
    if (write(fd, text.data(), text.size()) < 0) std::abort();
    close(fd);
    chmod(path_, 0755);
  }
  ~Script() { unlink(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/jail-exec-test-XXXXXX";
};

}  // namespace

TEST(the_command_runs_and_its_status_is_passed_on) {
  const Ended ended = finish(shell("echo hello; exit 7"));
  CHECK_EQ(ended.output, "hello\n");
  CHECK_EQ(ended.status, 7);
  CHECK_EQ(ended.records.size(), 1u);
  CHECK_EQ(ended.records[0], "exec");
  CHECK_EQ(finish(shell("kill -9 $$")).status, 128 + SIGKILL);
  CHECK_EQ(finish(shell("exit 3", {"-o"})).status, 3);
}

TEST(a_wrong_command_line_is_refused_before_anything) {
  struct Wrong {
    std::vector<std::string> options;
    const char* why;
  };
  const Wrong wrong[] = {
      {{}, "one of -j, -d, -o and -J is wanted"},
      {{"-j", "1", "-o"}, "one of -j, -d, -o and -J is wanted"},
      {{"-j", "1", "-J", "/"}, "one of -j, -d, -o and -J is wanted"},
      {{"-j", "1", "-d", "5"}, "-j and -d exclude each other"},
      {{"-j", "0"}, "-j wants a jail id"},
      {{"-j", "1x"}, "-j wants a jail id"},
      {{"-j", "99999999999"}, "-j wants a jail id"},
      {{"-d", "x"}, "-d wants a descriptor"},
      {{"-j", "1", "-f", "1,x"}, "-f wants descriptors: 0,1,2"},
      {{"-j", "1", "-u", "a", "-U", "b"}, "-u and -U exclude each other"},
      {{"-j", "1", "-l", "-i"}, "-l and -i exclude each other"},
      {{"-j", "1", "-C", "tmp"}, "-C wants an absolute path"},
      {{"-j", "1", "-F", "-1"}, "-F wants a routing table's number"},
      {{"-j", "1", "-t", "80"}, "-t wants COLUMNSxROWS"},
      {{"-j", "1", "-t", "80x99999"}, "-t wants COLUMNSxROWS"},
      {{"-j", "1", "-p", "9"}, "-p wants SIGNAL:PID"},
      {{"-j", "1", "-n", "x"}, "-n wants a number of open files"},
      {{"-J", "tmp"}, "-J wants an absolute path"},
      {{"-j", "1", "-K"}, "-K takes -j or -d and no command"},
      {{"-j", "1", "-X"}, "unknown option"},
  };
  for (const Wrong& each : wrong) {
    Run run;
    run.options = each.options;
    run.command = {"/bin/true"};
    const Ended ended = finish(run);
    CHECK_EQ(ended.failure(), std::string("options\t22\tEINVAL\t") + each.why);
    CHECK_EQ(ended.status, 125);
  }
  CHECK_EQ(failure_of({"-j", "1"}, {}), "options\t22\tEINVAL\tthere is no command");
  Run lacking;
  lacking.options = {"-j"};
  CHECK_EQ(finish(lacking).failure(), "options\t22\tEINVAL\tan option lacks its value");
}

TEST(without_a_channel_a_person_is_told) {
  Run run = shell("true");
  run.before = [] { close(3); };
  const Ended ended = finish(run);
  CHECK_EQ(ended.output, "jail-exec: options: -s names no open descriptor\n");
  CHECK_EQ(ended.status, 125);
}

TEST(no_descriptor_gets_in_that_was_not_given) {
  Run run = shell("ls /dev/fd/ | sort -n | tr '\\n' ' '");
  run.before = [] {
    for (int fd : {5, 9, 100}) dup2(open("/etc/passwd", O_RDONLY), fd);
  };
  // ls itself holds the last one.
  const std::string seen = finish(run).output;
  CHECK(seen == "0 1 2 3 " || seen == "0 1 2 ");
  run.keep = "0,1,2,9";
  CHECK(finish(run).output.find(" 9 ") != std::string::npos);
  run = shell("read line <&9 && echo \"$line\"");
  run.keep = "0,1,2,9";
  run.before = [] { dup2(open("/etc/passwd", O_RDONLY), 9); };
  CHECK(starts(finish(run).output, "root:"));
}

TEST(what_node_did_to_its_process_is_undone) {
  Run run = shell("ulimit -n; exec grep -E 'Sig(Blk|Ign)' /proc/self/status", {"-j", "1", "-n", "100"});
  run.before = [] {
    signal(SIGPIPE, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
  };
#ifdef __linux__
  CHECK_EQ(finish(run).output, "100\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
#endif
  CHECK(starts(failure_of({"-j", "1", "-n", "2000000000"}), "limits\t22\tEINVAL\t"));
}

TEST(a_soft_limit_that_was_raised_is_put_back_to_what_it_was_before) {
#ifdef __linux__
  // As Node: a process whose own parent had less, and which made its soft limit the hard one.
  Run run = shell("ulimit -n");
  run.before = [] {
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &limit);
    // The middle one stands for Node.
    const pid_t middle = fork();
    if (middle > 0) {
      waitpid(middle, nullptr, 0);
      _exit(0);
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    const pid_t inner = fork();
    if (inner > 0) {
      waitpid(inner, nullptr, 0);
      _exit(0);
    }
  };
  CHECK_EQ(finish(run).output, "64\n");
#endif
}

TEST(an_attach_that_fails_names_the_jail_or_the_directory) {
  Run run = shell("true", {"-j", "7"});
  run.environment = {"BSDJAIL_EXEC_ATTACH=22"};
  CHECK_EQ(finish(run).failure(), "attach\t22\tEINVAL\tjail 7");
  run.environment = {"BSDJAIL_EXEC_ATTACH=1"};
  CHECK_EQ(finish(run).failure(), "attach\t1\tEPERM\tjail 7");
  run.options = {"-d", "8"};
  run.environment = {"BSDJAIL_EXEC_ATTACH=2"};
  CHECK_EQ(finish(run).failure(), "attach\t2\tENOENT\tjail descriptor");
  run = shell("true");
  run.keep = "0,1,2,6";
  run.before = [] { dup2(open("/tmp", O_RDONLY), 6); };
  const Ended ended = finish(run);
  CHECK(starts(ended.failure(), "attach\t1\tEPERM\tan open directory: descriptor 6"));
  CHECK_EQ(ended.status, 125);
  // One that is not handed in is closed before, and harms nothing.
  run.keep = "0,1,2";
  CHECK_EQ(finish(run).status, 0);
}

TEST(what_a_jail_keeps_from_going_on_ends_with_whoever_started_it) {
  for (bool terminal : {false, true}) {
    int held[2];
    CHECK(pipe(held) == 0);
    pid_t starter = fork();
    if (starter == 0) {
      Run run = shell("true", {"-j", "1", "-p", std::to_string(SIGKILL) + ":" + std::to_string(getpid())});
      if (terminal) run.options.insert(run.options.end(), {"-t", "80x24"});
      run.environment = {"BSDJAIL_EXEC_ATTACH=-1"};
      run.keep = "0,1,2,9";
      run.before = [&] { dup2(held[1], 9); };
      start(run);
      // It has come as far as the attach when it sleeps; to end before that is the same to it.
      usleep(100000);
      _exit(0);
    }
    close(held[1]);
    int status = 0;
    CHECK(waitpid(starter, &status, 0) == starter && status == 0);
    char byte;
    // The end of what all of them hold: none is left.
    CHECK(read(held[0], &byte, 1) == 0);
    close(held[0]);
  }
}

TEST(every_errno_has_its_name) {
  Run run = shell("true");
  run.environment = {"BSDJAIL_EXEC_ATTACH=" + std::to_string(ENOTCONN)};
  CHECK(starts(finish(run).failure(), "attach\t" + std::to_string(ENOTCONN) + "\tENOTCONN\tjail 1"));
}

TEST(a_jail_descriptor_does_not_reach_the_command) {
  Run run = shell("test -e /dev/fd/8 && echo there || echo closed", {"-d", "8"});
  run.before = [] { dup2(open("/dev/null", O_RDWR), 8); };
  CHECK_EQ(finish(run).output, "closed\n");
}

TEST(the_steps_after_the_attach_say_what_failed) {
  CHECK_EQ(failure_of({"-j", "1", "-C", "/no/such"}), "directory\t2\tENOENT\t/no/such");
  CHECK(starts(failure_of({"-j", "1", "-F", "5"}), "fib\t22\tEINVAL\trouting table 5"));
  CHECK_EQ(failure_of({"-j", "1", "-u", "nobodyhere"}),
           "user\t0\t\tno user \"nobodyhere\" in the jail's password file");
  CHECK_EQ(failure_of({"-j", "1", "-U", "nobodyhere"}),
           "host-user\t0\t\tno user \"nobodyhere\" in the host's password file");
  CHECK_EQ(failure_of({"-j", "1"}, {"nosuch"}).substr(0, 32), "exec\t2\tENOENT\tnosuch: not found ");
  CHECK_EQ(failure_of({"-j", "1"}, {"/etc"}), "exec\t13\tEACCES\t/etc: is a directory");
  CHECK_EQ(failure_of({"-j", "1"}, {"/etc/passwd"}), "exec\t13\tEACCES\t/etc/passwd: is not executable");
}

TEST(a_script_that_cannot_be_run_says_why) {
  const Script lost("#!/no/such/interpreter\n");
  const Ended ended = finish([&] {
    Run run;
    run.options = {"-j", "1"};
    run.command = {lost.path()};
    return run;
  }());
  CHECK_EQ(ended.failure(),
           "exec\t2\tENOENT\t" + lost.path() + ": its interpreter or run-time linker is not in the jail");
  CHECK_EQ(ended.status, 127);
  const Script plain("echo never\n");
  CHECK_EQ(failure_of({"-j", "1"}, {plain.path()}),
           "exec\t8\tENOEXEC\t" + plain.path() + ": is neither a program nor a script that names its interpreter");
}

TEST(the_path_that_is_searched_is_the_commands_own) {
  Run run;
  run.options = {"-j", "1"};
  run.command = {"sh", "-c", "echo found"};
  run.environment = {"E:PATH=/nowhere:/bin", "PATH=/nowhere"};
  CHECK_EQ(finish(run).output, "found\n");
  run.environment = {"E:PATH=/nowhere"};
  CHECK_EQ(finish(run).failure(), "exec\t2\tENOENT\tsh: not found in /nowhere");
  run.environment = {"E:PATH="};
  run.options = {"-j", "1", "-C", "/bin"};
  CHECK_EQ(finish(run).output, "found\n");
}

TEST(the_environment_is_what_is_asked_for) {
  Run run = shell("exec env | sort");
  run.command = {"/usr/bin/env"};
  run.environment = {"HOST=1", "E:OWN=2", "B:BASE=3", "KEPT=4"};
  CHECK_EQ(finish(run).output, "OWN=2\n");
  run.options = {"-j", "1", "-k", "KEPT"};
  CHECK_EQ(finish(run).output, "OWN=2\nKEPT=4\n");
  run.options = {"-j", "1"};
  run.environment = {"E:C=1", "E:A=2", "E:B=3", "E:A=4"};
  CHECK_EQ(finish(run).output, "C=1\nB=3\nA=4\n");
  run.environment = {"HOST=1", "E:OWN=2", "B:LAST=4", "B:BASE=3", "KEPT=4"};
  run.options = {"-j", "1", "-i"};
  CHECK(starts(finish(run).output, "LAST=4\nBASE=3\n"));
  run.options = {"-j", "1", "-l", "-T", "vt100"};
  const std::string login = finish(run).output;
  for (const char* part : {"PATH=/bin:/usr/bin\n", "TERM=vt100\n", "USER=", "HOME=/", "SHELL=/", "OWN=2\n"}) {
    CHECK(login.find(part) != std::string::npos);
  }
  CHECK(login.find("BASE") == std::string::npos);
  run.options = {"-j", "1", "-i", "-U", own_name()};
  const std::string inherited = finish(run).output;
  for (const char* part : {"BASE=3\n", "USER=", "OWN=2\n"}) CHECK(inherited.find(part) != std::string::npos);
}

TEST(a_user_starts_at_home_where_that_is_wanted) {
  const passwd* self = getpwuid(getuid());
  const std::string home = self->pw_dir;
  CHECK_EQ(finish(shell("pwd", {"-j", "1", "-u", own_name(), "-H"})).output, home + "\n");
  CHECK_EQ(finish(shell("pwd", {"-j", "1", "-u", own_name()})).output, "/\n");
  CHECK_EQ(finish(shell("pwd", {"-j", "1", "-u", own_name(), "-H", "-C", "/tmp"})).output, "/tmp\n");
}

TEST(root_becomes_another_user_with_its_groups) {
  const passwd* nobody = getpwnam("nobody");
  if (geteuid() != 0 || nobody == nullptr) return;
  const std::string ids = std::to_string(nobody->pw_uid) + " " + std::to_string(nobody->pw_gid);
  CHECK(starts(finish(shell("echo $(id -u) $(id -g)", {"-j", "1", "-u", "nobody"})).output, ids));
  CHECK(starts(finish(shell("echo $(id -u) $(id -g)", {"-j", "1", "-U", "nobody"})).output, ids));
}

TEST(the_command_sees_the_name_that_it_is_given) {
  Run run = shell("echo $0", {"-j", "1", "-0", "other"});
  run.command = {"/bin/sh", "-c", "tr '\\0' ' ' < /proc/$$/cmdline"};
#ifdef __linux__
  CHECK(starts(finish(run).output, "other -c "));
#endif
}

TEST(a_jail_that_is_made_is_told_before_the_command) {
  Run run = shell("exit 4", {"-J", "/", "-N", "h", "-A", ""});
  const Ended ended = finish(run);
  CHECK_EQ(ended.status, 4);
  CHECK_EQ(ended.records.size(), 2u);
  CHECK_EQ(ended.records[0], "jail\t1");
  CHECK_EQ(ended.records[1], "exec");
  run.environment = {"BSDJAIL_EXEC_ATTACH=1"};
  CHECK_EQ(finish(run).failure(), "attach\t1\tEPERM\tjail /");
}

TEST(the_processes_of_a_jail_are_ended) {
  Run run;
  run.options = {"-j", "1", "-K"};
  const Ended ended = finish(run);
  CHECK_EQ(ended.status, 0);
  CHECK_EQ(ended.records.size(), 1u);
  CHECK_EQ(ended.records[0], "ended");
}

#ifdef __linux__
TEST(a_command_can_end_with_its_parent) {
  const std::string parent = std::to_string(getpid());
  CHECK_EQ(finish(shell("exit 5", {"-j", "1", "-p", "9:" + parent})).status, 5);
  // The parent that is named is gone already.
  CHECK_EQ(finish(shell("sleep 100", {"-j", "1", "-p", "15:1"})).status, 128 + SIGTERM);
  CHECK(starts(failure_of({"-j", "1", "-p", "100:" + parent}), "limits\t22\tEINVAL\t"));
}
#endif

}  // namespace bsdjail::test
