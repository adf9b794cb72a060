//! TLS configuration of all transports.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::{TransportError, TransportErrorKind};

/// Returns a configuration for TLS 1.2 and 1.3 with ring, which trusts the system's and the extra certificate
/// authorities.
pub(crate) fn client_config(extra_roots_pem: &[u8]) -> Result<ClientConfig, TransportError> {
    let error = |why: &str| TransportError::new(TransportErrorKind::Tls).with_detail(why);
    let extra: Vec<_> = CertificateDer::pem_slice_iter(extra_roots_pem)
        .collect::<Result<_, _>>()
        .map_err(|_| error("invalid PEM of the extra certificate authorities"))?;
    if extra.is_empty() && !extra_roots_pem.is_empty() {
        return Err(error("the PEM of the extra certificate authorities contains no certificate"));
    }
    // An explicit provider, so that the default provider of the process is neither required nor set.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| error(&cause.to_string()))?;
    let is_extra = !extra.is_empty();
    match Verifier::new_with_extra_roots(extra, provider) {
        // Not dangerous: the verifier checks the chain, the name and the dates, as the default does.
        Ok(verifier) => Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()),
        Err(cause) if is_extra => {
            Err(error(&format!("invalid extra certificate authorities: {cause}")))
        }
        // A minimal container has no authorities: http still works, and every https host is untrusted.
        Err(_) => Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()),
    }
}

/// Returns the cause of a failed handshake, with a fix.
pub(crate) fn describe(error: &rustls::Error) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    match error {
        rustls::Error::InvalidCertificate(UnknownIssuer) => {
            "the server's certificate is issued by an authority that this system does not trust; \
             add the authority of a company or of a TLS gateway as an extra root"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            "the server's certificate has expired; check this machine's clock, then \
             report it to the operator of the server"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            "the server's certificate is not valid yet; check this machine's clock".to_owned()
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "the server's certificate is for another name; check the endpoint, DNS and the proxy"
                .to_owned()
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the server refused the handshake ({alert:?}); it must support TLS 1.2 or 1.3")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_roots_without_a_certificate_are_refused() {
        let broken = b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in [&b"no PEM"[..], broken, no_certificate] {
            let error = client_config(pem).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Tls);
        }
    }
}
