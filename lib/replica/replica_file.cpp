#include "replica/replica_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <openssl/evp.h>

#include "base/quote.hpp"
#include "replica/replica_builder.hpp"

namespace pgauth {

namespace {

constexpr std::string_view version_line = "mosquitto-pgauth replica 2\n";
constexpr std::size_t digest_bytes = 32;
constexpr std::size_t length_bytes = 4;

class Descriptor {
  public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}

    ~Descriptor() {
        if (descriptor_ >= 0) {
            close(descriptor_);
        }
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor(Descriptor&&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;

    [[nodiscard]] int get() const noexcept { return descriptor_; }

  private:
    int descriptor_;
};

tl::unexpected<Error> disk_error(const std::string& path, std::string_view what) {
    return fail(ErrorKind::unavailable,
                fmt::format("replica file {}: {}: {}",
                            quote(path),
                            what,
                            std::generic_category().message(errno)));
}

tl::unexpected<Error> refused(const std::string& path, std::string_view why) {
    return fail(ErrorKind::unusable,
                fmt::format("replica file {} is not used: {}", quote(path), why));
}

class Sha256 {
  public:
    Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
        if (context_ == nullptr ||
            EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
            throw std::bad_alloc();
        }
    }

    void add(std::string_view bytes) {
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }

    [[nodiscard]] std::string finish() {
        std::string digest(digest_bytes, '\0');
        // OpenSSL's bytes are unsigned.
        EVP_DigestFinal_ex(
            context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
        return digest;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Writes in large pieces and keeps the digest of all of them.
class Writer {
  public:
    explicit Writer(int descriptor) : descriptor_(descriptor) {}

    void add(std::string_view bytes) {
        constexpr std::size_t piece = std::size_t{1} << 20U;
        buffer_ += bytes;
        if (buffer_.size() >= piece) {
            digest_.add(buffer_);
            flush();
        }
    }

    void add_rows(std::string_view rows) {
        std::array<char, length_bytes> length{};
        for (std::size_t i = 0; i < length_bytes; ++i) {
            length[i] = static_cast<char>(rows.size() >> (8 * i));
        }
        add({length.data(), length.size()});
        add(rows);
    }

    // False where something could not be written; errno says why.
    [[nodiscard]] bool finish() {
        digest_.add(buffer_);
        buffer_ += digest_.finish();
        flush();
        return good_;
    }

  private:
    void flush() {
        for (std::string_view rest = buffer_; good_ && !rest.empty();) {
            const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
            good_ = written > 0 || (written < 0 && errno == EINTR);
            rest.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
        }
        buffer_.clear();
    }

    int descriptor_;
    std::string buffer_;
    Sha256 digest_;
    bool good_ = true;
};

std::string methods_text(MethodSet methods) {
    return methods.empty() ? std::string() : to_string(methods);
}

Ref<PackedRows> packed(const SettledSession& session) {
    const std::string methods = methods_text(session.methods);
    const std::array<Field, 3> fields{
        session.client_id, session.username ? Field(*session.username) : Field(), methods};
    Ref<PackedRows> rows = append({}, RowKind::session, fields);
    for (const GroupId& id : session.groups) {
        const std::array<Field, 1> group{id};
        rows = append(std::move(rows), RowKind::session_group, group);
    }
    if (session.client != nullptr) {
        session.client->for_each([&](RowKind kind, std::span<const Field> row) {
            rows = append(std::move(rows), kind, row);
        });
    }
    return rows;
}

MethodSet methods_in(std::string_view text) {
    MethodSet methods;
    for (const Method method : all_methods) {
        if (text.find(to_string(method)) != std::string_view::npos) {
            methods.insert(method);
        }
    }
    return methods;
}

// REQUIRES: `rows` begin with a row of kind session.
SettledSession unpacked(const PackedRows& rows) {
    SettledSession session;
    rows.for_each([&](RowKind kind, std::span<const Field> fields) {
        switch (kind) {
            case RowKind::session:
                session.client_id = fields[0].value_or("");
                session.username =
                    fields[1] ? std::optional(std::string(*fields[1])) : std::nullopt;
                session.methods = methods_in(fields[2].value_or(""));
                break;
            case RowKind::session_group:
                session.groups.emplace_back(fields[0].value_or(""));
                break;
            default:
                session.client = append(std::move(session.client), kind, fields);
        }
    });
    return session;
}

// How many fields a row of this kind has.
std::size_t columns_of(RowKind kind) {
    switch (kind) {
        case RowKind::client:
            return ClientRow::columns;
        case RowKind::credential:
            return CredentialRow::columns;
        case RowKind::member:
            return MemberRow::columns;
        case RowKind::entry:
            return EntryRow::columns;
        case RowKind::group:
            return GroupRow::columns;
        case RowKind::rule:
            return RuleRow::columns;
        case RowKind::revoked_certificate:
        case RowKind::session_group:
            return 1;
        case RowKind::pin:
            return 2;
        case RowKind::session:
            return 3;
    }
    return 0;
}

// The kind of the first row; none where these are not the bytes of rows.
std::optional<RowKind> first_kind(std::string_view bytes) {
    std::optional<RowKind> first;
    PackedRowReader reader(bytes);
    for (;;) {
        const auto row = reader.next();
        if (!row || (*row && (*row)->fields.size() != columns_of((*row)->kind))) {
            return std::nullopt;
        }
        if (!*row) {
            return first;
        }
        first = first.value_or((*row)->kind);
    }
}

std::optional<std::string_view> take_rows(std::string_view& rest) {
    if (rest.size() < length_bytes) {
        return std::nullopt;
    }
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        length |= static_cast<std::size_t>(static_cast<unsigned char>(rest[i])) << (8 * i);
    }
    rest.remove_prefix(length_bytes);
    if (length > rest.size()) {
        return std::nullopt;
    }
    const std::string_view rows = rest.substr(0, length);
    rest.remove_prefix(length);
    return rows;
}

// What is between the header and the digest; false where it makes no sense.
bool read_body(std::string_view body, LastGood& last) {
    ReplicaBuilder builder;
    for (;;) {
        const auto bytes = take_rows(body);
        if (!bytes) {
            return false;
        }
        if (bytes->empty()) {
            break;
        }
        const auto kind = first_kind(*bytes);
        if (!kind) {
            return false;
        }
        const Ref<PackedRows> rows = PackedRows::of(*bytes);
        if (*kind == RowKind::session) {
            last.sessions.push_back(unpacked(*rows));
        } else {
            builder.add(*rows);
        }
    }
    last.replica = std::move(builder).build();
    return body.empty();
}

Result<std::string> read_all(int descriptor, std::size_t size, const std::string& path) {
    std::string bytes(size, '\0');
    for (std::size_t done = 0; done < size;) {
        const ssize_t got = ::read(descriptor, bytes.data() + done, size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return disk_error(path, "cannot be read");
        }
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

std::optional<std::string_view> reason_against_kind(const struct stat& file) {
    return S_ISREG(file.st_mode) ? std::nullopt : std::optional("it is no plain file");
}

std::optional<std::string_view> reason_against(const struct stat& file) {
    if (const auto reason = reason_against_kind(file)) {
        return reason;
    }
    if (file.st_uid != geteuid()) {
        return "it is another user's: it must be owned by the user that the broker runs as";
    }
    if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return "others may read or write it: use mode 0600";
    }
    return std::nullopt;
}

// The file without its digest, which is right.
struct Checked {
    std::string bytes;  // begin with version_line
    Instant confirmed_at;
};

using Objection = std::optional<std::string_view> (*)(const struct stat& file);

// None where there is no file.
Result<std::optional<Checked>> read_checked(const std::string& path, Objection objection) {
    const Descriptor file(  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX
        open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.get() < 0) {
        if (errno == ENOENT) {
            return std::nullopt;
        }
        return errno == ELOOP ? refused(path, "it is a symbolic link")
                              : disk_error(path, "cannot be opened");
    }

    struct stat status {};

    if (fstat(file.get(), &status) != 0) {
        return disk_error(path, "cannot be looked at");
    }
    if (const auto reason = objection(status)) {
        return refused(path, *reason);
    }
    auto bytes = read_all(file.get(), static_cast<std::size_t>(status.st_size), path);
    if (!bytes) {
        return tl::unexpected(bytes.error());
    }
    const std::string_view all = *bytes;
    if (!all.starts_with(version_line)) {
        return refused(path, "it is no replica file of this version of the plugin");
    }
    Sha256 digest;
    digest.add(all.substr(0, all.size() - std::min(digest_bytes, all.size())));
    if (all.size() < digest_bytes || !all.ends_with(digest.finish())) {
        return refused(path, "it was cut short or changed since it was written");
    }
    bytes->resize(bytes->size() - digest_bytes);
    const auto since_1970 = std::chrono::seconds(status.st_mtim.tv_sec) +
                            std::chrono::nanoseconds(status.st_mtim.tv_nsec);
    return Checked{*std::move(bytes),
                   Instant(std::chrono::duration_cast<Instant::duration>(since_1970))};
}

Result<ReplicaFileContent> unpacked_file(const std::string& path, const Checked& checked) {
    std::string_view rest = checked.bytes;
    rest.remove_prefix(version_line.size());
    const std::size_t end = rest.find('\n');
    ReplicaFileContent content;
    content.database = rest.substr(0, end);
    content.last_good.confirmed_at = checked.confirmed_at;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!read_body(rest, content.last_good)) {
        return refused(path, "its rows cannot be read");
    }
    return content;
}

}  // namespace

std::string ReplicaFile::header() const {
    return std::string(version_line) + database_ + "\n";
}

Result<void> ReplicaFile::write(const Replica& replica,
                                std::span<const SettledSession> sessions) const {
    const std::string beside = path_ + ".new";
    unlink(beside.c_str());      // of a broker that was killed while it wrote
    const Descriptor file(open(  // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX
        beside.c_str(),
        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
        S_IRUSR | S_IWUSR));
    if (file.get() < 0) {
        return disk_error(beside, "cannot be made");
    }
    Writer writer(file.get());
    writer.add(header());
    replica.for_each_rows([&](const PackedRows& rows) { writer.add_rows(rows.bytes()); });
    for (const SettledSession& session : sessions) {
        writer.add_rows(packed(session)->bytes());
    }
    writer.add_rows({});
    if (!writer.finish() || fsync(file.get()) != 0 ||
        rename(beside.c_str(), path_.c_str()) != 0) {
        auto error = disk_error(path_, "cannot be written");
        unlink(beside.c_str());
        return error;
    }
    const std::string folder = path_.substr(0, path_.rfind('/') + 1);
    const Descriptor directory(  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX
        open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || fsync(directory.get()) != 0) {
        return disk_error(path_, "its folder cannot be synced");
    }
    return {};
}

Result<void> ReplicaFile::confirm() const {
    if (utimensat(AT_FDCWD, path_.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) != 0) {
        return disk_error(path_, "its time cannot be set");
    }
    return {};
}

Result<std::optional<LastGood>> ReplicaFile::read() const {
    const auto checked = read_checked(path_, reason_against);
    if (!checked || !*checked) {
        return checked ? Result<std::optional<LastGood>>(std::nullopt)
                       : tl::unexpected(checked.error());
    }
    if (!(*checked)->bytes.starts_with(header())) {
        return refused(path_, "it is of another database");
    }
    return unpacked_file(path_, **checked).map([](ReplicaFileContent content) {
        return std::optional(std::move(content.last_good));
    });
}

Result<std::optional<ReplicaFileContent>> inspect_replica_file(const std::string& path) {
    const auto checked = read_checked(path, reason_against_kind);
    if (!checked || !*checked) {
        return checked ? Result<std::optional<ReplicaFileContent>>(std::nullopt)
                       : tl::unexpected(checked.error());
    }
    return unpacked_file(path, **checked).map([](ReplicaFileContent content) {
        return std::optional(std::move(content));
    });
}

}  // namespace pgauth
