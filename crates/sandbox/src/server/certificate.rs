use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    SanType, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::tls::TlsError;
use crate::Defect;

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// What a server shows, and what its clients trust.
pub(super) struct Certified {
    /// The authority, as PEM.
    pub(super) trusted: String,
    /// The server's certificate, and what is sent with it.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Certified {
    pub(super) fn new(names: &[String], defect: Option<Defect>) -> Result<Self, TlsError> {
        let trusted = authority(ROOT)?;
        let key = KeyPair::generate()?;
        let params = server(names, defect)?;
        let leaf = |issuer: &Issuer| Ok::<_, TlsError>(params.signed_by(&key, issuer)?.into());
        let chain = match defect {
            Some(Defect::SelfSigned) => vec![params.self_signed(&key)?.into()],
            Some(Defect::UnknownAuthority) => vec![leaf(&authority(ROOT)?)?],
            Some(Defect::MissingIntermediate) => vec![leaf(&intermediate(&trusted, defect)?)?],
            Some(Defect::ExpiredAuthority | Defect::ConstrainedAuthority) => {
                let intermediate = intermediate(&trusted, defect)?;
                vec![leaf(&intermediate)?, intermediate.der().clone()]
            }
            _ => vec![leaf(&trusted)?],
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(Self { trusted: trusted.pem(), chain, key })
    }
}

const ROOT: &str = "Sandbox test authority";
const INTERMEDIATE: &str = "Sandbox test intermediate authority";
const LONG_AGO: i32 = 2001;
const FAR_AHEAD: i32 = 2999;
const ELSEWHERE: &str = "elsewhere.test";

fn authority(name: &str) -> Result<Issuer, TlsError> {
    Ok(CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate()?)?)
}

fn intermediate(trusted: &Issuer, defect: Option<Defect>) -> Result<Issuer, TlsError> {
    let mut params = authority_params(INTERMEDIATE);
    match defect {
        Some(Defect::ExpiredAuthority) => params.not_after = date_time_ymd(LONG_AGO, 1, 1),
        Some(Defect::ConstrainedAuthority) => {
            let permitted_subtrees = vec![GeneralSubtree::DnsName(ELSEWHERE.to_owned())];
            let excluded_subtrees = Vec::new();
            params.name_constraints =
                Some(NameConstraints { permitted_subtrees, excluded_subtrees });
        }
        _ => {}
    }
    Ok(CertifiedIssuer::signed_by(params, KeyPair::generate()?, trusted)?)
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = named(name);
    params
}

fn server(names: &[String], defect: Option<Defect>) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named("Sandbox");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    match defect {
        Some(Defect::Expired) => params.not_after = date_time_ymd(LONG_AGO, 1, 1),
        Some(Defect::NotYetValid) => params.not_before = date_time_ymd(FAR_AHEAD, 1, 1),
        Some(Defect::WrongUsage) => {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
        Some(Defect::CommonNameOnly) => {
            params.distinguished_name = named(names.last().map_or(ELSEWHERE, String::as_str));
        }
        _ => {}
    }
    params.subject_alt_names = alternatives(params.subject_alt_names, defect)?;
    Ok(params)
}

/// The names that are left of the right ones.
fn alternatives(right: Vec<SanType>, defect: Option<Defect>) -> Result<Vec<SanType>, TlsError> {
    let is_name = |name: &SanType| matches!(name, SanType::DnsName(_));
    Ok(match defect {
        Some(Defect::WrongHost) => vec![SanType::DnsName(ELSEWHERE.try_into()?)],
        Some(Defect::WrongWildcard) => right.into_iter().filter_map(wildcard).collect(),
        Some(Defect::NoAddress) => right.into_iter().filter(is_name).collect(),
        Some(Defect::CommonNameOnly) => Vec::new(),
        _ => right,
    })
}

/// All names below a name, which is not among them.
fn wildcard(name: SanType) -> Option<SanType> {
    let SanType::DnsName(name) = name else { return None };
    format!("*.{name}").try_into().ok().map(SanType::DnsName)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}
