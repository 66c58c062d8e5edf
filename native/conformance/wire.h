// Requests and answers as lines, words and digits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

// The next request; false where there is no more.
bool read_line(std::string& line);
void write_line(const std::string& line);

std::vector<std::string> split(const std::string& line);
std::string from_hex(std::string_view hex);
std::string to_hex(std::string_view bytes);

// What a call returned: "ok VALUE", or by errno "error NUMBER NAME".
std::string answer(long value);
