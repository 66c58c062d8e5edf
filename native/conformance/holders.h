// What holds jails for a scenario, processes and open files, and the wait for jails that end.
#pragma once

#include <string>

// Descriptors of our own lie above those that a scenario sees.
constexpr int kOwnDescriptors = 200;

// Before anything else: takes notice of processes that end, and of the jails that are dying already.
void begin_holding();
// Ends the processes that still hold a jail.
void end_holding();

// This process is in that jail from now on.
void note_inside(int jid);
// Waits until the jails that have begun to end are gone, and the processes that go with them.
void settle();

// Each does what its request asks for, and answers.
std::string hold(int jid);
std::string release();
std::string keep(int jid);
std::string drop();
