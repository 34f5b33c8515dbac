#include "config/parse_yaml.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "config/setting.hpp"
#include "config/text.hpp"

namespace pgauth {

namespace {

int line_of(const YAML::Node& node) {
    return node.Mark().line + 1;
}

Shape shape_of(const YAML::Node& node) {
    return node.IsScalar()     ? Shape::word
           : node.IsSequence() ? Shape::list
           : node.IsMap()      ? Shape::map
                               : Shape::null;
}

bool is_section(std::string_view path) {
    const std::string prefix = std::string(path) + ".";
    return std::any_of(settings().begin(), settings().end(), [&](const Setting& setting) {
        return setting.path.starts_with(prefix);
    });
}

// The keys one level below `section` ("" for the top), in the order of the contract.
std::string keys_below(const std::string& section) {
    std::string keys;
    std::string last;
    const std::string prefix = section.empty() ? "" : section + ".";
    for (const Setting& setting : settings()) {
        if (!setting.path.starts_with(prefix)) {
            continue;
        }
        const std::string rest = setting.path.substr(prefix.size());
        const std::string key = rest.substr(0, rest.find('.'));
        if (key != last) {
            keys += (keys.empty() ? "" : ", ") + key;
            last = key;
        }
    }
    return keys;
}

// The known key that was probably meant: spelt alike, or of that name in another section.
std::optional<std::string> meant_by(const std::string& path) {
    std::vector<std::string> candidates;
    for (const Setting& setting : settings()) {
        candidates.push_back(setting.path);
        for (std::size_t dot = setting.path.find('.'); dot != std::string::npos;
             dot = setting.path.find('.', dot + 1)) {
            candidates.push_back(setting.path.substr(0, dot));
        }
    }
    if (std::optional<std::string> near = nearest(path, candidates)) {
        return near;
    }
    const std::string name = "." + path.substr(path.rfind('.') + 1);
    for (const Setting& setting : settings()) {
        if (setting.path.ends_with(name)) {
            return setting.path;
        }
    }
    return std::nullopt;
}

// Where the document begins; not interested in the rest.
class DocumentStart final : public YAML::EventHandler {
  public:
    void OnDocumentStart(const YAML::Mark& mark) override { mark_ = mark; }

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}

    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}

    void OnScalar(const YAML::Mark&,
                  const std::string&,
                  YAML::anchor_t,
                  const std::string&) override {}

    void OnSequenceStart(const YAML::Mark&,
                         const std::string&,
                         YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}

    void OnSequenceEnd() override {}

    void OnMapStart(const YAML::Mark&,
                    const std::string&,
                    YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}

    void OnMapEnd() override {}

    [[nodiscard]] YAML::Mark mark() const { return mark_; }

  private:
    YAML::Mark mark_;
};

class Reader {
  public:
    explicit Reader(std::string_view file_name) : file_name_(file_name) {}

    Result<Options> read(const YAML::Node& root) {
        if (!root.IsNull() && !root.IsMap()) {
            return refuse(line_of(root), "keys are missing: begin with " + keys_below(""));
        }
        if (const Result<void> done = read_section(root, ""); !done) {
            return tl::unexpected(done.error());
        }
        return options_;
    }

    [[nodiscard]] tl::unexpected<Error> refuse(int line, std::string_view problem) const {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}:{}: {}", file_name_, line, problem));
    }

  private:
    Result<void> read_section(const YAML::Node& section, const std::string& name) {
        std::map<std::string, int> lines;
        for (const auto& entry : section) {
            const int line = line_of(entry.first);
            if (!entry.first.IsScalar()) {
                return refuse(line, "a key must be a word: use " + keys_below(name));
            }
            const std::string& key = entry.first.Scalar();
            const std::string path = name.empty() ? key : fmt::format("{}.{}", name, key);
            const auto [first, fresh] = lines.emplace(key, line);
            if (!fresh) {
                return refuse(line,
                              fmt::format("{} is given twice, first in line {}: keep one",
                                          shown(path),
                                          first->second));
            }
            if (Result<void> done = read_key(key, path, name, line, entry.second); !done) {
                return done;
            }
        }
        return {};
    }

    Result<void> read_key(const std::string& key,
                          const std::string& path,
                          const std::string& section,
                          int line,
                          const YAML::Node& node) {
        if (key.find('.') != std::string::npos) {
            return refuse(line,
                          fmt::format("unknown key {}: dots are written as nested keys in YAML",
                                      shown(path)));
        }
        if (const Setting* setting = find_setting(path)) {
            return setting->apply(value_of(node, path, line), options_);
        }
        if (!is_section(path)) {
            return unknown(path, section, line, node);
        }
        if (!node.IsMap() && !node.IsNull()) {
            // What stands here instead may be a connection string: it is not repeated.
            return refuse(
                line,
                fmt::format("{}: keys are missing: put below it {}", path, keys_below(path)));
        }
        return read_section(node, path);
    }

    // A section is named by its first key, which tells more about what was meant.
    [[nodiscard]] tl::unexpected<Error> unknown(std::string path,
                                                const std::string& section,
                                                int line,
                                                YAML::Node node) const {
        // Aliases can make a map its own value: no further than the contract goes.
        for (int depth = 0; depth < 2 && node.IsMap() && node.size() > 0; ++depth) {
            const auto first = *node.begin();
            if (!first.first.IsScalar()) {
                break;
            }
            path += '.';
            path += first.first.Scalar();
            node.reset(first.second);
        }
        const std::optional<std::string> meant = meant_by(path);
        return refuse(line,
                      fmt::format("unknown key {}: {}",
                                  shown(path),
                                  meant ? "did you mean `" + *meant + "`?"
                                        : "use " + keys_below(section)));
    }

    // Items of items are left out: no key takes them, and an alias may make a list its own
    // item.
    [[nodiscard]] Value value_of(const YAML::Node& node,
                                 const std::string& path,
                                 int line) const {
        Value value = plain_value(node, path, line);
        if (node.IsSequence()) {
            for (const auto& item : node) {
                value.items.push_back(
                    plain_value(item, path, item.IsNull() ? line : line_of(item)));
            }
        }
        return value;
    }

    [[nodiscard]] Value plain_value(const YAML::Node& node,
                                    const std::string& path,
                                    int line) const {
        return {.place = fmt::format("{}:{}: {}", file_name_, line, path),
                .shape = shape_of(node),
                .text = node.IsScalar() ? node.Scalar() : "",
                .items = {}};
    }

    std::string file_name_;
    Options options_;
};

}  // namespace

Result<Options> parse_yaml(std::string_view text, std::string_view file_name) {
    Reader reader(file_name);
    if (const std::optional<TextFlaw> flaw = find_flaw(text, Layout::lines)) {
        const std::string_view before = text.substr(0, flaw->position);
        const auto line = 1 + std::count(before.begin(), before.end(), '\n');
        return reader.refuse(static_cast<int>(line), flaw->problem);
    }
    try {
        // YAML::Load() ignores what follows the first document, and YAML::LoadAll() never ends
        // where a text begins with a comma (0.7): the document is left without eating it.
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        DocumentStart first;
        DocumentStart second;
        if (parser.HandleNextDocument(first) && parser.HandleNextDocument(second)) {
            return reader.refuse(second.mark().line + 1,
                                 second.mark().pos == first.mark().pos
                                     ? "not YAML: unexpected character"
                                     : "a second document begins: keep one");
        }
        return reader.read(YAML::Load(std::string(text)));
    } catch (const YAML::Exception& error) {
        // What follows a colon repeats the file, perhaps a piece of a password.
        return reader.refuse(error.mark.line + 1,
                             "not YAML: " + error.msg.substr(0, error.msg.find(':')));
    }
}

}  // namespace pgauth
