// parse_attributes() of row_values.hpp.

#include <cstddef>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/quote.hpp"
#include "replica/row_values.hpp"

namespace pgauth {

namespace {

using nlohmann::json;

// Takes the values of one flat object as they are written. Parsing into a json would lose that
// of numbers (`1.10`, or more digits than a double has), and attributes compare as text.
class FlatObject final : public nlohmann::json_sax<json> {
  public:
    [[nodiscard]] Attributes take() { return std::move(attributes_); }

    // Where it is not a flat object: the key whose value is none of text, number, boolean,
    // null.
    [[nodiscard]] const std::string& last_key() const noexcept { return key_; }

    bool null() override { return in_object_; }

    bool boolean(bool value) override { return add(value ? "true" : "false"); }

    bool number_integer(number_integer_t value) override { return add(std::to_string(value)); }

    bool number_unsigned(number_unsigned_t value) override {
        return add(std::to_string(value));
    }

    bool number_float(number_float_t /*value*/, const string_t& written) override {
        return add(written);
    }

    bool string(string_t& value) override { return add(std::move(value)); }

    bool binary(binary_t& /*value*/) override { return false; }

    bool start_object(std::size_t /*elements*/) override {
        return !std::exchange(in_object_, true);
    }

    bool key(string_t& value) override {
        key_ = std::move(value);
        return true;
    }

    bool end_object() override { return true; }

    bool start_array(std::size_t /*elements*/) override { return false; }

    bool end_array() override { return false; }

    bool parse_error(std::size_t /*position*/,
                     const std::string& /*last_token*/,
                     const json::exception& /*error*/) override {
        return false;
    }

  private:
    bool add(std::string value) {
        if (in_object_) {
            attributes_.insert_or_assign(key_, std::move(value));
        }
        return in_object_;
    }

    Attributes attributes_;
    std::string key_;
    bool in_object_ = false;
};

}  // namespace

Result<Attributes> parse_attributes(const Field& field) {
    FlatObject object;
    if (field == "{}") {
        return object.take();  // what most rows say
    }
    if (field && !json::sax_parse(field->begin(), field->end(), &object)) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("attributes: {}: use a JSON object whose values are text, numbers "
                        "or booleans",
                        quote(object.last_key().empty() ? *field : object.last_key())));
    }
    return object.take();
}

}  // namespace pgauth
