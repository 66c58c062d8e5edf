// FreeBSD's error numbers, whatever machine this runs on, and their names.
#pragma once

#include <cstddef>
#include <string_view>

namespace bsdjail {

struct ErrnoName {
  int number;
  const char* name;
};

// All of them, in order.
const ErrnoName* errno_names(std::size_t& count);

// "ENOENT" for 2; an empty view for a number that FreeBSD does not have.
std::string_view errno_name(int number);

// 2 for "ENOENT"; 0 for a name that FreeBSD does not have.
int errno_number(std::string_view name);

inline constexpr int kEPERM = 1;
inline constexpr int kENOENT = 2;
inline constexpr int kESRCH = 3;
inline constexpr int kEINTR = 4;
inline constexpr int kEIO = 5;
inline constexpr int kEBADF = 9;
inline constexpr int kEDEADLK = 11;
inline constexpr int kENOMEM = 12;
inline constexpr int kEACCES = 13;
inline constexpr int kEFAULT = 14;
inline constexpr int kEBUSY = 16;
inline constexpr int kEEXIST = 17;
inline constexpr int kENODEV = 19;
inline constexpr int kENOTDIR = 20;
inline constexpr int kEISDIR = 21;
inline constexpr int kEINVAL = 22;
inline constexpr int kEMFILE = 24;
inline constexpr int kEFBIG = 27;
inline constexpr int kENOSPC = 28;
inline constexpr int kEROFS = 30;
inline constexpr int kEAGAIN = 35;
inline constexpr int kEOPNOTSUPP = 45;
inline constexpr int kEADDRINUSE = 48;
inline constexpr int kEADDRNOTAVAIL = 49;
inline constexpr int kELOOP = 62;
inline constexpr int kENAMETOOLONG = 63;
inline constexpr int kENOSYS = 78;

}  // namespace bsdjail
