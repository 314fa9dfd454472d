use sandbox::{
    Account, Conduct, Defect, Endpoint, Fault, Person, PersonError, Sandbox, Scenario, Then, Tls,
};
use url::Url;

use crate::client::{authorize_url, sandbox, secure, sign_in_parameters};

fn over(tls: Tls) -> Sandbox {
    sandbox(Scenario { tls, ..Scenario::default() })
}

fn visit(person: &Person, url: &str) -> Result<String, PersonError> {
    let person = person.clone().with_conduct(Conduct::StopsBeforeCallback);
    let trail = person.visit_blocking(url)?;
    Ok(format!("{:?}", trail.last().unwrap().version))
}

#[test]
fn certificate_is_valid_for_localhost() {
    let sandbox = over(Tls::On);
    let mut url = Url::parse(&authorize_url(&sandbox, &sign_in_parameters())).unwrap();
    url.set_host(Some("localhost")).unwrap();
    visit(&sandbox.person(Account::OWNER), url.as_str()).unwrap();
}

#[test]
fn client_without_the_ca_cannot_connect() {
    let (sandbox, other) = (over(Tls::On), over(Tls::On));
    let url = authorize_url(&sandbox, &sign_in_parameters());
    for person in [other.person(Account::OWNER), Person::named(Account::OWNER)] {
        let error = visit(&person, &url).unwrap_err();
        assert!(matches!(error, PersonError::Unreachable { .. }), "{error}");
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn garbled_response_is_sent_after_the_request() {
    let faults = vec![Fault::new(Endpoint::Authorize, Then::Garble)];
    let sandbox = sandbox(Scenario { tls: Tls::On, faults, ..Scenario::default() });
    let person = sandbox.person(Account::OWNER);
    let error = visit(&person, &authorize_url(&sandbox, &sign_in_parameters())).unwrap_err();
    assert!(format!("{error:?}").contains("InvalidContentType"), "{error:?}");
    assert_eq!(sandbox.requests_at(&Endpoint::Authorize).len(), 1);
}

#[test]
fn certificate_is_valid_for_the_issuer_and_the_names_of_the_scenario() {
    let sandbox = sandbox(Scenario {
        tls: Tls::On,
        issuer: Some("https://issuer.test/a".to_owned()),
        names: vec!["api.test".to_owned(), "localhost".to_owned()],
        ..Scenario::default()
    });
    for name in ["issuer.test", "api.test", "localhost", "127.0.0.1"] {
        secure(&sandbox, name).unwrap();
    }
    let error = secure(&sandbox, "elsewhere.test").err().unwrap();
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

#[test]
fn each_defective_certificate_is_rejected_for_its_defect() {
    for (defect, complaint) in [
        (Defect::Expired, "certificate expired"),
        (Defect::NotYetValid, "certificate not valid yet"),
        (Defect::WrongHost, "only valid for DnsName(\"elsewhere.test\")"),
        (Defect::UnknownAuthority, "BadSignature"),
    ] {
        let sandbox = over(Tls::Broken(defect));
        let error = secure(&sandbox, "localhost").err().unwrap().to_string();
        assert!(error.contains(complaint), "{defect:?}: {error}");
        let url = authorize_url(&sandbox, &sign_in_parameters());
        let error = visit(&sandbox.person(Account::OWNER), &url).unwrap_err();
        assert!(matches!(error, PersonError::Unreachable { .. }), "{defect:?}: {error}");
        assert!(sandbox.requests().is_empty());
    }
}
