//! The certificate of the managed database, and the authority that signs it.
//!
//! The authority has a key of its own, so that a renewed certificate needs no change of the clients. A renewed authority is first only
//! added to those that the clients trust; the certificate that it signs follows a day later.

use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    jiff::{Span, Timestamp, tz::TimeZone},
};
use pem::{EncodeConfig, LineEnding, Pem};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

use crate::model::mount_paths::file;

/// The key of the Secret with the private key of the authority. No pod mounts it.
pub(super) const AUTHORITY_KEY: &str = "ca.key";

/// The common name of the authority.
const AUTHORITY_NAME: &str = "ccx-operator";

/// The days for which a certificate is valid, and after which it is renewed.
const CERTIFICATE_DAYS: (i64, i64) = (365, 240);

/// The same of an authority.
const AUTHORITY_DAYS: (i64, i64) = (3650, 2920);

/// The days between a new authority and the certificate that it signs: enough for all clients to trust it.
const AUTHORITY_OVERLAP_DAYS: i64 = 1;

/// The days before now from which a certificate is valid, for clocks that are slow.
const EARLY_DAYS: i64 = 1;

/// The content of the Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificates {
    /// The values by key.
    pub(super) data: BTreeMap<String, String>,
    /// When the certificate is renewed.
    pub(super) renewal: Timestamp,
    /// When the authority is renewed.
    pub(super) authority_renewal: Timestamp,
}

/// Returns the certificates that follow `before`: a certificate for the `hosts` by the same authority; a new authority that is trusted
/// beside the previous one when renewal is due; or a new authority and certificate when `before` is absent or damaged.
pub(super) fn next(
    before: Option<&Certificates>,
    hosts: &[String],
    now: Timestamp,
) -> Result<Certificates, rcgen::Error> {
    match before {
        Some(before) if before.authority_renewal <= now => with_new_authority(before, now),
        Some(before) => renewed(before, hosts, now).or_else(|_| first(hosts, now)),
        None => first(hosts, now),
    }
}

/// Returns the certificates in the data of a Secret; `None` when a key or a time is missing.
pub(super) fn parse(
    data: &BTreeMap<String, ByteString>,
    times: Option<(Timestamp, Timestamp)>,
) -> Option<Certificates> {
    let (renewal, authority_renewal) = times?;
    let value = |key: &str| Some((key.to_owned(), String::from_utf8(data.get(key)?.0.clone()).ok()?));
    let data = [file::CA, AUTHORITY_KEY, file::CERTIFICATE, file::PRIVATE_KEY].map(value);
    let data = data.into_iter().collect::<Option<_>>()?;
    Some(Certificates { data, renewal, authority_renewal })
}

fn first(hosts: &[String], now: Timestamp) -> Result<Certificates, rcgen::Error> {
    let authority = CertifiedIssuer::self_signed(authority(now), new_key()?)?;
    let trusted = pem_text("CERTIFICATE", authority.der());
    let authority_key = pem_text("PRIVATE KEY", &authority.key().serialize_der());
    let mut data = server(hosts, &authority, now)?;
    data.extend([(file::CA.to_owned(), trusted), (AUTHORITY_KEY.to_owned(), authority_key)]);
    let authority_renewal = days_after(now, AUTHORITY_DAYS.1);
    Ok(Certificates { data, renewal: days_after(now, CERTIFICATE_DAYS.1), authority_renewal })
}

fn renewed(before: &Certificates, hosts: &[String], now: Timestamp) -> Result<Certificates, rcgen::Error> {
    let key = pem::parse(&before.data[AUTHORITY_KEY]).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    let authority = Issuer::new(authority(now), KeyPair::try_from(key.contents())?);
    let mut after = Certificates { renewal: days_after(now, CERTIFICATE_DAYS.1), ..before.clone() };
    after.data.extend(server(hosts, &authority, now)?);
    Ok(after)
}

fn with_new_authority(before: &Certificates, now: Timestamp) -> Result<Certificates, rcgen::Error> {
    let authority = CertifiedIssuer::self_signed(authority(now), new_key()?)?;
    let present = pem::parse_many(&before.data[file::CA]).unwrap_or_default();
    let present =
        present.first().map(|present| pem_text("CERTIFICATE", present.contents())).unwrap_or_default();
    let trusted = format!("{}{present}", pem_text("CERTIFICATE", authority.der()));
    let authority_key = pem_text("PRIVATE KEY", &authority.key().serialize_der());
    let mut after = Certificates {
        renewal: days_after(now, AUTHORITY_OVERLAP_DAYS),
        authority_renewal: days_after(now, AUTHORITY_DAYS.1),
        ..before.clone()
    };
    after.data.extend([(file::CA.to_owned(), trusted), (AUTHORITY_KEY.to_owned(), authority_key)]);
    Ok(after)
}

/// Returns a certificate for the hosts and its key, by key of the Secret.
fn server(
    hosts: &[String],
    authority: &Issuer<'_, KeyPair>,
    now: Timestamp,
) -> Result<BTreeMap<String, String>, rcgen::Error> {
    let key = new_key()?;
    let mut parameters = CertificateParams::new(hosts.to_vec())?;
    parameters.distinguished_name = named(hosts.first().map_or("", String::as_str));
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    set_validity(&mut parameters, now, CERTIFICATE_DAYS.0);
    let certificate = parameters.signed_by(&key, authority)?;
    Ok([
        (file::CERTIFICATE.to_owned(), pem_text("CERTIFICATE", certificate.der())),
        (file::PRIVATE_KEY.to_owned(), pem_text("PRIVATE KEY", &key.serialize_der())),
    ]
    .into())
}

fn authority(now: Timestamp) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = named(AUTHORITY_NAME);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut parameters, now, AUTHORITY_DAYS.0);
    parameters
}

fn new_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
}

/// A common name has at most 64 characters.
fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    names
}

fn set_validity(parameters: &mut CertificateParams, now: Timestamp, days: i64) {
    let date = |days: i64| {
        let date = days_after(now, days).to_zoned(TimeZone::UTC).date();
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    parameters.not_before = date(-EARLY_DAYS);
    parameters.not_after = date(days);
}

fn days_after(time: Timestamp, days: i64) -> Timestamp {
    time.saturating_add(Span::new().hours(days * 24)).unwrap_or(Timestamp::MAX)
}

fn pem_text(tag: &str, der: &[u8]) -> String {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        days_after("2026-01-15T12:00:00Z".parse().unwrap(), day)
    }

    fn hosts() -> Vec<String> {
        vec!["ccx-data-pipeline-db".into(), "ccx-data-pipeline-db.insights.svc".into()]
    }

    fn issued(before: Option<&Certificates>, day: i64) -> Certificates {
        next(before, &hosts(), at(day)).unwrap()
    }

    fn count(certificates: &Certificates, key: &str) -> usize {
        pem::parse_many(&certificates.data[key]).unwrap().len()
    }

    /// Whether a client that trusts `trusted` accepts the server of `server`, at this day.
    fn is_accepted(trusted: &Certificates, server: &Certificates, host: &str, day: i64) -> bool {
        use rustls::{
            RootCertStore,
            client::{WebPkiServerVerifier, danger::ServerCertVerifier},
            pki_types::{CertificateDer, ServerName, UnixTime},
        };
        let ders = |text: &str| -> Vec<CertificateDer<'static>> {
            pem::parse_many(text).unwrap().into_iter().map(|it| it.into_contents().into()).collect()
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(ders(&trusted.data[file::CA]));
        let provider = rustls::crypto::aws_lc_rs::default_provider().into();
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        let certificate = ders(&server.data[file::CERTIFICATE]);
        let now =
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(at(day).as_second().unsigned_abs()));
        let name = ServerName::try_from(host.to_owned()).unwrap();
        verifier.verify_server_cert(&certificate[0], &[], &name, &[], now).is_ok()
    }

    #[test]
    fn certificate_is_valid_for_its_hosts_for_a_year() {
        let first = issued(None, 0);
        for host in hosts() {
            assert!(
                is_accepted(&first, &first, &host, 0) && is_accepted(&first, &first, &host, 364),
                "{host}"
            );
        }
        assert!(!is_accepted(&first, &first, "other", 0));
        assert!(!is_accepted(&first, &first, &hosts()[0], 367));
        assert_eq!((first.renewal, first.authority_renewal), (at(240), at(2920)));
    }

    #[test]
    fn renewed_certificate_is_accepted_by_clients_that_trust_the_same_authority() {
        let first = issued(None, 0);
        let second = issued(Some(&first), 240);
        assert_ne!(first.data[file::CERTIFICATE], second.data[file::CERTIFICATE]);
        assert_eq!(first.data[file::CA], second.data[file::CA], "no client restarts");
        assert!(is_accepted(&first, &second, &hosts()[0], 500));
        assert_eq!(second.renewal, at(480));
    }

    #[test]
    fn new_authority_is_trusted_before_it_signs() {
        let first = Certificates { renewal: at(3000), ..issued(None, 0) };
        let current = issued(Some(&first), 2800);
        let overlapping = issued(Some(&current), 2920);
        assert_eq!(overlapping.data[file::CERTIFICATE], current.data[file::CERTIFICATE]);
        assert_eq!((count(&overlapping, file::CA), overlapping.renewal), (2, at(2921)));
        assert!(is_accepted(&overlapping, &current, &hosts()[0], 2921), "clients restart first");
        let signed = issued(Some(&overlapping), 2921);
        assert!(is_accepted(&overlapping, &signed, &hosts()[0], 2921));
        assert!(!is_accepted(&first, &signed, &hosts()[0], 2921));
        let later = issued(Some(&signed), 2920 * 2);
        assert_eq!(count(&later, file::CA), 2, "earlier authorities are dropped");
    }

    #[test]
    fn damaged_authority_is_replaced() {
        let mut damaged = issued(None, 0);
        damaged.data.insert(AUTHORITY_KEY.into(), "not a key".into());
        let replaced = issued(Some(&damaged), 10);
        assert!(is_accepted(&replaced, &replaced, &hosts()[0], 10));
        assert_ne!(replaced.data[file::CA], damaged.data[file::CA]);
    }

    #[test]
    fn secret_without_a_key_or_times_has_no_certificates() {
        let first = issued(None, 0);
        let mut data: BTreeMap<_, _> = first
            .data
            .iter()
            .map(|(key, value)| (key.clone(), ByteString(value.clone().into_bytes())))
            .collect();
        let times = Some((first.renewal, first.authority_renewal));
        assert_eq!(parse(&data, times).as_ref(), Some(&first));
        assert_eq!(parse(&data, None), None);
        data.remove(file::PRIVATE_KEY);
        assert_eq!(parse(&data, times), None);
    }
}
