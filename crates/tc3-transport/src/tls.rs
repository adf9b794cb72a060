//! TLS of the transports on hyper and ureq.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::{TransportConfig, TransportError, TransportErrorKind};

fn error(why: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Tls).with_detail(why)
}

/// Returns the default provider of the process, or else that of a feature.
///
/// The provider is passed explicitly, so that no default of the process is required or set.
fn provider() -> Result<Arc<CryptoProvider>, TransportError> {
    CryptoProvider::get_default().cloned().or_else(of_feature).ok_or_else(|| {
        error(
            "no TLS provider; enable the feature `ring` or `aws-lc-rs`, install a default provider of rustls, or \
             pass a configuration of rustls",
        )
    })
}

#[cfg(feature = "aws-lc-rs")]
fn of_feature() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn of_feature() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
fn of_feature() -> Option<Arc<CryptoProvider>> {
    None
}

/// Returns the caller's configuration, adapted to HTTP/1.1.
pub(crate) fn of_caller(
    config: &TransportConfig,
    mut tls: ClientConfig,
) -> Result<ClientConfig, TransportError> {
    config.refuse_extra_roots("the configuration of rustls")?;
    tls.alpn_protocols.clear();
    Ok(tls)
}

/// Returns a configuration for TLS 1.2 and 1.3 that trusts the system's and the extra certificate authorities.
pub(crate) fn client_config(config: &TransportConfig) -> Result<ClientConfig, TransportError> {
    let extra = config.extra_roots(|pem| CertificateDer::pem_slice_iter(pem).collect())?;
    let provider = provider()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_roots_without_a_certificate_are_refused() {
        let broken = b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in [&b"no PEM"[..], broken, no_certificate] {
            let config = TransportConfig::default().with_extra_roots_pem(pem.to_vec());
            let error = client_config(&config).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Tls);
        }
    }
}
