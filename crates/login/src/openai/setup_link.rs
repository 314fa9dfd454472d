use credentials::IdToken;
use urlencoding::Encoded;
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
    let fields = [
        ("/org-setup?p=", plan_type),
        ("&t=", id_token.expose()),
        ("&with_org=", org_id),
        ("&project_id=", project_id),
    ];
    let mut url = with_room_for(platform_url, &fields);
    url.push_str(platform_url.trim_end_matches('/'));
    for (name, value) in fields {
        url.push_str(name);
        Encoded::str(value).append_to(&mut url);
    }
    url
}

/// An encoded byte has at most three characters, so the buffer is never reallocated, and no unwiped copy of
/// the token remains.
fn with_room_for(platform_url: &str, fields: &[(&str, &str)]) -> Zeroizing<String> {
    let longest = fields.iter().map(|(name, value)| name.len() + 3 * value.len());
    Zeroizing::new(String::with_capacity(platform_url.len() + longest.sum::<usize>()))
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

    #[test]
    fn setup_link_fits_its_buffer() {
        let token = IdToken::new("&".repeat(5000)).unwrap();
        let url = finish_setup_url("https://p.test", "&", &token, "&", "&");
        let names = "https://p.test/org-setup?p=&t=&with_org=&project_id=";
        assert_eq!(url.len(), names.len() + 3 * 5003);
        assert_eq!(url.capacity(), url.len());
    }
}
