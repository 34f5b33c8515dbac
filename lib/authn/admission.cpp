#include "authn/admission.hpp"

namespace pgauth {

std::shared_ptr<const Admission> admission_of(const LoginAttempt& attempt,
                                              const LoginDecision& decision) {
    auto admission = std::make_shared<Admission>();
    admission->address = attempt.address;
    if (attempt.certificate != nullptr) {
        admission->certificate = *attempt.certificate;
    }
    admission->proofs = decision.proofs;
    admission->satisfied = decision.satisfied;
    return admission;
}

ConnectionFacts::Transport transport_of(const Admission& admission, MethodSet methods) {
    ConnectionFacts::Transport transport;
    transport.address = admission.address;
    transport.methods = methods;
    if (admission.certificate) {
        transport.fingerprint = admission.certificate->fingerprint;
        transport.common_name = admission.certificate->common_name.value_or("");
        transport.subject_alt_names = admission.certificate->subject_alt_names();
    }
    return transport;
}

}  // namespace pgauth
