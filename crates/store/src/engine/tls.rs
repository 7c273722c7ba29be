//! Encryption of connections to PostgreSQL, in the words of libpq (`sslmode`, `sslrootcert`) and with their meaning: only `verify-full`
//! knows whom it talks to. The cryptography is that of aws-lc-rs, named explicitly because rustls may find several.

use crate::StoreError;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How well a connection is guarded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Not at all: for a server on the same machine.
    None,
    /// Encrypted if the server offers it; what libpq does when nothing is said.
    IfOffered,
    /// Encrypted, with whoever answers.
    Encrypted,
    /// Encrypted, with the host of the address: its certificate is checked against these roots, or the system's.
    Verified { roots: Option<PathBuf> },
}

impl Security {
    pub(super) fn mode(&self) -> SslMode {
        match self {
            Security::None => SslMode::Disable,
            Security::IfOffered => SslMode::Prefer,
            Security::Encrypted | Security::Verified { .. } => SslMode::Require,
        }
    }

    /// What encrypts, if it comes to that.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, StoreError> {
        match self {
            Security::None | Security::IfOffered | Security::Encrypted => unverified(),
            Security::Verified { roots } => verified(roots.as_deref()),
        }
    }
}

/// Takes the words about encryption out of an address.
pub(super) fn asked_for(url: &str) -> Result<(String, Security), StoreError> {
    let Some((address, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), Security::IfOffered));
    };
    let (mut mode, mut roots, mut others) = ("prefer", None, vec![]);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => roots = Some(PathBuf::from(value)),
            _ => others.push(pair),
        }
    }
    let security = match (mode, roots) {
        ("disable", None) => Security::None,
        ("prefer", None) => Security::IfOffered,
        ("require", None) => Security::Encrypted,
        ("verify-full", roots) => Security::Verified { roots },
        // libpq's `verify-ca` lets any host of the same authority answer; and roots that are not used are a mistake.
        (other, _) => {
            let form =
                format!("postgres://...?sslmode={other} (disable, prefer, require, or verify-full with sslrootcert)");
            return Err(StoreError::Address(form));
        }
    };
    let rest = if others.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", others.join("&"))
    };
    Ok((rest, security))
}

/// Checks the server's certificate and name.
fn verified(roots: Option<&Path>) -> Result<MakeRustlsConnect, StoreError> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(path) => {
            let unusable =
                |e: &dyn std::fmt::Display| StoreError::Unreachable(format!("sslrootcert {}: {e}", path.display()));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unusable(&e))? {
                let certificate = certificate.map_err(|e| unusable(&e))?;
                store.add(certificate).map_err(|e| unusable(&e))?;
            }
        }
        // A system's store may hold a certificate that is not understood; the others serve all the same.
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if store.is_empty() {
        return Err(StoreError::Unreachable(
            "no root certificate to check the server's with".into(),
        ));
    }
    let config = builder()?.with_root_certificates(store).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Encrypts, and takes whoever answers.
fn unverified() -> Result<MakeRustlsConnect, StoreError> {
    let anybody = Arc::new(Anybody(aws_lc_rs::default_provider()));
    let config = builder()?
        .dangerous()
        .with_custom_certificate_verifier(anybody)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, StoreError> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| StoreError::Unreachable(e.to_string()))
}

/// Accepts every certificate, but still demands that the server holds the key of the one that it shows.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_address() {
        let ask = |query: &str| asked_for(&format!("postgres://u@h/d{query}"));
        let plain = "postgres://u@h/d".to_owned();
        for (query, security) in [
            ("", Security::IfOffered),
            ("?sslmode=disable", Security::None),
            ("?sslmode=prefer", Security::IfOffered),
            ("?sslmode=require", Security::Encrypted),
            ("?sslmode=verify-full", Security::Verified { roots: None }),
            (
                "?sslrootcert=/a.pem&sslmode=verify-full",
                Security::Verified {
                    roots: Some("/a.pem".into()),
                },
            ),
        ] {
            assert_eq!(ask(query).unwrap(), (plain.clone(), security), "{query}");
        }
        let (kept, _) = ask("?options=-c%20a%3Db&sslmode=require&application_name=x").unwrap();
        assert_eq!(kept, format!("{plain}?options=-c%20a%3Db&application_name=x"));
        for bad in [
            "?sslmode=verify-ca",
            "?sslmode=yes",
            "?sslmode=",
            "?sslrootcert=/a.pem",
            "?sslmode=require&sslrootcert=/a.pem",
        ] {
            assert!(matches!(ask(bad), Err(StoreError::Address(_))), "{bad}");
        }
    }
}
