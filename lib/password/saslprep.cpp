#include "password/saslprep.hpp"

#include <algorithm>
#include <cstring>
#include <idn-free.h>
#include <memory>
#include <string>
#include <stringprep.h>

#include <openssl/crypto.h>

namespace pgauth {

Secret saslprep(std::string_view password) {
    const bool ascii = std::ranges::all_of(
        password, [](char letter) { return static_cast<unsigned char>(letter) < 0x80; });
    if (ascii) {
        return Secret(password);
    }
    std::string input(password);
    char* prepared = nullptr;
    const int status =
        stringprep_profile(input.c_str(), &prepared, "SASLprep", STRINGPREP_NO_UNASSIGNED);
    wipe(input);
    if (status != STRINGPREP_OK) {
        return Secret(password);
    }
    const std::unique_ptr<char, decltype(&idn_free)> owner(prepared, idn_free);
    const std::size_t size = std::strlen(prepared);
    Secret result(size == 0 ? password : std::string_view(prepared, size));
    OPENSSL_cleanse(prepared, size);
    return result;
}

}  // namespace pgauth
