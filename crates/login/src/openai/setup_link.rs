use credentials::IdToken;
use urlencoding::encode;
use zeroize::Zeroizing;

use super::clients::ISSUER;

/// The platform of the issuer.
#[must_use]
pub fn platform_url(issuer: &str) -> &'static str {
    if issuer == ISSUER { "https://platform.openai.com" } else { "https://platform.api.openai.org" }
}

/// Where the person sets up the organization:
/// `{platform_url}/org-setup?p=…&t=…&with_org=…&project_id=…`, every value percent-encoded.
///
/// The result holds the ID token. It belongs in the body of the finish-setup page and nowhere
/// else: no URL of ours, no header, no log.
#[must_use]
pub fn finish_setup_url(
    platform_url: &str,
    plan_type: &str,
    id_token: &IdToken,
    org_id: &str,
    project_id: &str,
) -> Zeroizing<String> {
    // A JWT needs no encoding, so this is the token itself. `concat` allocates once, so no unwiped copy of
    // the token remains.
    let token = encode(id_token.expose());
    let parts = [
        platform_url.trim_end_matches('/'),
        "/org-setup?p=",
        &encode(plan_type),
        "&t=",
        &token,
        "&with_org=",
        &encode(org_id),
        "&project_id=",
        &encode(project_id),
    ];
    Zeroizing::new(parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn built(platform_url: &str, [plan, token, org, project]: [&str; 4], expected: &str) {
        let token = IdToken::new(token).unwrap();
        let url = finish_setup_url(platform_url, plan, &token, org, project);
        assert_eq!(*url, expected);
    }

    #[test]
    fn setup_link_has_the_required_parameters() {
        let expected = "https://platform.openai.com/org-setup\
            ?p=plus&t=eyJh.eyJz.c2-n_A&with_org=org-1&project_id=proj_2";
        let values = ["plus", "eyJh.eyJz.c2-n_A", "org-1", "proj_2"];
        built("https://platform.openai.com", values, expected);
        built("https://platform.openai.com/", values, expected);
    }

    // threats 27
    #[test]
    fn each_value_stays_in_its_parameter() {
        let values = ["a&t=b", "x+/=&#", "//evil.test/?", "\r\nSet-Cookie:\u{e9} "];
        let expected = "https://p.test/org-setup?p=a%26t%3Db&t=x%2B%2F%3D%26%23\
            &with_org=%2F%2Fevil.test%2F%3F&project_id=%0D%0ASet-Cookie%3A%C3%A9%20";
        built("https://p.test", values, expected);
        built(
            "https://p.test",
            ["", "t", "", ""],
            "https://p.test/org-setup?p=&t=t&with_org=&project_id=",
        );
    }
}
