// quote(): untrusted text, made fit for one line of a log or of an error message.
//
//   "client " + quote(client_id) + " refused"      // client `press-7` refused
//
// Usernames, client ids and topics come from the network: they may be 64 KiB long and hold
// line breaks or terminal escapes. Nothing of that kind reaches a log unquoted.
// Thread safety: pure.

#pragma once

#include <string>
#include <string_view>

namespace pgauth {

// `text` in backticks. Control characters, DEL, backticks, backslashes and bytes that are not
// well-formed UTF-8 become \xHH; what goes beyond `max_bytes` becomes an ellipsis with the full
// size.
[[nodiscard]] std::string quote(std::string_view text, std::size_t max_bytes = 200);

}  // namespace pgauth
