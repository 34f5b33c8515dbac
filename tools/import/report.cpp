#include "import/report.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

// More of them are for --json: nobody reads them.
constexpr std::size_t entries_shown = 100;
// As max_qos, the same as none.
constexpr int no_max_qos = 2;

constexpr const char* overlapping_advice =
    "propose  pgauth.yaml: `authorization: {subscribe: overlapping}`: the old one let every\n"
    "         subscription through and filtered what it delivered. Without it a subscription "
    "is\n"
    "         refused where entries cover only a part of it; with it, where they cover "
    "nothing\n";

const char* name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::carried:
            return "carried";
        case Verdict::differs:
            return "differs";
        case Verdict::lost:
            break;
    }
    return "lost";
}

std::string owner_of(const PlannedEntry& entry) {
    return entry.group_name.empty() ? "client " + quote(entry.username)
                                    : "group " + quote(entry.group_name);
}

void print_counts(const StoredPlan& stored, std::ostream& out) {
    out << fmt::format("{:<19}{:>9}{:>11}{:>10}{:>9}{:>9}\n",
                       "",
                       "new",
                       "unchanged",
                       "replaced",
                       "differs",
                       "refused");
    for (const StoredKind& kind : stored.kinds) {
        if (kind.added + kind.unchanged + kind.replaced + kind.differing + kind.refused > 0) {
            out << fmt::format("{:<19}{:>9}{:>11}{:>10}{:>9}{:>9}\n",
                               kind.name,
                               kind.added,
                               kind.unchanged,
                               kind.replaced,
                               kind.differing,
                               kind.refused);
        }
    }
}

std::string limits_of(const PlannedEntry& entry) {
    return fmt::format("{}{}",
                       entry.max_qos ? fmt::format(", up to QoS {}", *entry.max_qos) : "",
                       entry.allow_retain ? "" : ", not retained");
}

void print_entries(const Plan& plan, std::ostream& out) {
    const auto& entries = plan.entries();
    const std::size_t shown = std::min(entries.size(), entries_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const PlannedEntry& entry = entries[i];
        out << fmt::format("entry    {}: {} {} {} to {}, priority {}{}\n",
                           entry.from,
                           to_string(entry.effect),
                           to_string(entry.permission),
                           quote(entry.topic),
                           owner_of(entry),
                           entry.priority,
                           limits_of(entry));
    }
    if (shown < entries.size()) {
        out << fmt::format("entry    and {} more: --json has all\n", entries.size() - shown);
    }
}

void print_notes(const Plan& plan, Verdict verdict, std::ostream& out) {
    for (const Note& note : plan.notes()) {
        if (note.verdict == verdict) {
            out << fmt::format("{:<9}{}: {}\n", name_of(verdict), note.place, note.text);
        }
    }
}

std::string outcome(const ImportReport& report) {
    if (report.written) {
        return "written, in one transaction";
    }
    return report.stored.refused.empty() ? "a dry run: nothing was written; --write does it"
                                         : "nothing was written: the database refuses rows";
}

nlohmann::json to_json(const std::vector<StoredNote>& notes) {
    auto all = nlohmann::json::array();
    for (const StoredNote& note : notes) {
        all.push_back({{"what", note.what}, {"text", note.text}});
    }
    return all;
}

}  // namespace

ExitStatus ImportReport::status() const {
    if (!stored.refused.empty()) {
        return ExitStatus::failed;
    }
    const auto& notes = plan.notes();
    const bool all_carried = stored.differing.empty() &&
                             std::all_of(notes.begin(), notes.end(), [](const Note& note) {
                                 return note.verdict == Verdict::carried;
                             });
    return all_carried ? ExitStatus::good : ExitStatus::bad;
}

void print_text(const ImportReport& report, std::ostream& out) {
    print_counts(report.stored, out);
    print_entries(report.plan, out);
    constexpr std::array verdicts{Verdict::carried, Verdict::differs, Verdict::lost};
    for (const Verdict verdict : verdicts) {
        print_notes(report.plan, verdict, out);
    }
    for (const StoredNote& note : report.stored.differing) {
        out << fmt::format("differs  {}: {}\n", note.what, note.text);
    }
    for (const StoredNote& note : report.stored.refused) {
        out << fmt::format("refused  {}: {}\n", note.what, note.text);
    }
    if (report.plan.proposes_overlapping()) {
        out << overlapping_advice;
    }
    out << outcome(report) << '\n';
}

void print_json(const ImportReport& report, std::ostream& out) {
    nlohmann::json told;
    told["written"] = report.written;
    for (const StoredKind& kind : report.stored.kinds) {
        told["rows"][kind.name] = {{"new", kind.added},
                                   {"unchanged", kind.unchanged},
                                   {"replaced", kind.replaced},
                                   {"differs", kind.differing},
                                   {"refused", kind.refused}};
    }
    told["entries"] = nlohmann::json::array();
    for (const PlannedEntry& entry : report.plan.entries()) {
        told["entries"].push_back({{"from", entry.from},
                                   {"owner", owner_of(entry)},
                                   {"effect", to_string(entry.effect)},
                                   {"permission", to_string(entry.permission)},
                                   {"topic", entry.topic},
                                   {"priority", entry.priority},
                                   {"max_qos", entry.max_qos.value_or(no_max_qos)},
                                   {"allow_retain", entry.allow_retain}});
    }
    told["notes"] = nlohmann::json::array();
    for (const Note& note : report.plan.notes()) {
        told["notes"].push_back(
            {{"verdict", name_of(note.verdict)}, {"place", note.place}, {"text", note.text}});
    }
    told["differs"] = to_json(report.stored.differing);
    told["refused"] = to_json(report.stored.refused);
    told["subscribe"] = report.plan.proposes_overlapping() ? "overlapping" : "covered";
    constexpr char indent = ' ';
    out << told.dump(-1, indent, false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace pgauth::tool
