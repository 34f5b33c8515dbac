// read_certificate(): from OpenSSL's X509 to a Certificate. No OpenSSL header is shown.
//
//   const X509Handle x509(static_cast<x509_st*>(mosquitto_client_certificate(client)));
//   if (x509 == nullptr) …                              // no certificate was presented
//   const Result<Certificate> certificate = read_certificate(*x509);
//
// The mistake to avoid: taking a certificate that could be read for one that is trusted. Who
// signed it, for what and until when is verified by the broker's TLS, before anything arrives
// here; nothing of it is looked at again.
//
// OpenSSL's error queue is left as it was found: it is the calling thread's, and the broker
// would take an error that is left in it for one of its connection's. Thread safety: pure.

#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "identity/certificate.hpp"

struct x509_st;  // OpenSSL's X509

namespace pgauth {

struct X509Deleter {
    void operator()(x509_st* certificate) const noexcept;
};

using X509Handle = std::unique_ptr<x509_st, X509Deleter>;

// Any version of X.509, v1 too. A name that is unusable or missing is no failure; fails with
// unusable where OpenSSL cannot encode or digest the certificate, for want of memory or of
// SHA-256.
[[nodiscard]] Result<Certificate> read_certificate(const x509_st& certificate);

inline constexpr std::size_t max_pem_bytes = std::size_t{1024} * 1024;

// The first certificate in `pem`, for tools and tests; what stands around it (a chain, a key)
// is not looked at, nor shown in errors. Fails with invalid_input where there is none, where it
// cannot be decoded (OpenSSL refuses ill-formed names in a subject outright), where it is
// encrypted, or where `pem` has more than max_pem_bytes.
[[nodiscard]] Result<Certificate> read_certificate_pem(std::string_view pem);

}  // namespace pgauth
