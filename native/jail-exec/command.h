// Becoming the command: the limits and signals that Node changed are put back, and execve(2), with no shell anywhere.
#pragma once

#include <string>

namespace bsdjail {

struct Options;

// Every signal back to its default, none blocked.
void reset_signals();
// The soft limit of open files back to what it was before Node raised it. 0, or an errno.
int reset_open_files(int wanted);
// Looks for the command in PATH (of `environ`) unless it has a slash, and becomes it. Returns only with an errno;
// `detail` then says what the errno alone does not.
int become_command(const Options& options, std::string& detail);

}  // namespace bsdjail
