//! Texts of failed TLS handshakes.

use rustls::CertificateError;

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
