//! Values on the wire.

use proptest::prelude::*;
use vestibule::protocol::claims::ClaimsRequest;
use vestibule::protocol::client_metadata::ClientMetadataError;
use vestibule::protocol::error::{ErrorCode, OAuthError};
use vestibule::protocol::parameters::{ParameterError, Parameters, add_to_query, encode};
use vestibule::protocol::pkce::{CodeChallenge, CodeVerifier, PkceError};
use vestibule::protocol::prefer;
use vestibule::protocol::prompt::{Prompt, PromptError};
use vestibule::protocol::redirect_uri::{RedirectUriError, check, form_action_source, matches};
use vestibule::protocol::registration;
use vestibule::protocol::resource;
use vestibule::protocol::scope::Scope;
use vestibule::protocol::user_code::UserCode;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..<_>::default() })]

    #[test]
    fn parameters_come_back_as_they_were(pairs in prop::collection::vec(("[a-z]{1,9}", "[^\\p{C}]{1,30}"), 0..20)) {
        let text = encode(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let read = Parameters::parse(text.as_bytes()).unwrap();
        let read: Vec<_> = read.pairs().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(read, pairs);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Parameters::parse(&bytes);
    }

    #[test]
    fn a_description_is_always_what_rfc_6749_allows(text in "\\PC{0,600}") {
        let error = OAuthError::new(ErrorCode::InvalidRequest, text);
        prop_assert!(error.description.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'));
    }

    #[test]
    fn a_user_code_is_read_however_it_is_typed(bytes in prop::collection::vec(0_u8..240, 8..32)) {
        let code = UserCode::from_random(&bytes).unwrap();
        let shown = code.to_string();
        prop_assert_eq!(UserCode::parse(&shown), Some(code.clone()));
        prop_assert_eq!(UserCode::parse(&shown.to_lowercase().replace('-', " ")), Some(code));
    }
}

#[test]
fn a_parameter_without_a_value_counts_as_omitted() {
    // RFC 6749 §3.1
    assert_eq!(Parameters::parse(b"a=&b=1&c").unwrap().get("a"), None);
}

#[test]
fn a_parameter_sent_twice_is_refused_except_resource() {
    // RFC 6749 §3.1, RFC 8707 §2
    let twice = Parameters::parse(b"scope=a&scope=b").unwrap();
    assert_eq!(twice.once_each(), Err(ParameterError::Repeated("scope".into())));
    let resources = Parameters::parse(b"resource=a&resource=b").unwrap();
    assert_eq!(resources.once_each(), Ok(()));
    assert_eq!(resources.all("resource").count(), 2);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    // RFC 6749 appendix B
    assert_eq!(Parameters::parse(b"a=%ff"), Err(ParameterError::NotUtf8));
    assert_eq!(Parameters::parse(b"a=%zz"), Err(ParameterError::PercentEncoding));
    assert_eq!(Parameters::parse(b"a=%00"), Err(ParameterError::ControlCharacter));
}

#[test]
fn a_redirect_uri_keeps_its_own_query() {
    // RFC 6749 §3.1.2
    assert_eq!(
        add_to_query("https://a.test/?x=1", [("code", "c d")]),
        "https://a.test/?x=1&code=c+d"
    );
    assert_eq!(add_to_query("https://a.test", [("code", "c")]), "https://a.test?code=c");
}

#[test]
fn the_challenge_of_rfc_7636_appendix_b_is_met_by_its_verifier() {
    let challenge =
        CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256")).unwrap();
    let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    assert!(challenge.is_met_by(&verifier));
    assert!(!challenge.is_met_by(&CodeVerifier::parse(&"a".repeat(43)).unwrap()));
}

#[test]
fn plain_challenges_and_short_verifiers_are_refused() {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert_eq!(CodeChallenge::parse(challenge, None), Err(PkceError::Method));
    assert_eq!(CodeChallenge::parse(challenge, Some("plain")), Err(PkceError::Method));
    assert_eq!(CodeChallenge::parse("short", Some("S256")), Err(PkceError::Challenge));
    assert!(CodeVerifier::parse(&"a".repeat(42)).is_err());
    assert!(CodeVerifier::parse(&"a".repeat(129)).is_err());
}

#[test]
fn redirect_uris_that_run_code_or_leave_the_host_open_are_refused() {
    use RedirectUriError as Error;
    for (uri, error) in [
        ("javascript:alert(1)", Error::Scheme),
        ("data:text/html,x", Error::Scheme),
        ("https:example.com", Error::Scheme),
        ("https:/example.com", Error::Scheme),
        ("https:///example.com", Error::Scheme),
        ("http://example.com/", Error::PlainHttp),
        ("http://localhost.example.com/", Error::PlainHttp),
        ("https://a@example.com/", Error::Credentials),
        ("https://example.com/#f", Error::Fragment),
        ("https://example.com/\u{e9}", Error::Syntax),
        ("https://example.com/ x", Error::Syntax),
        ("/relative", Error::Syntax),
        ("myapp:callback", Error::PrivateUseScheme),
        ("", Error::Syntax),
    ] {
        assert_eq!(check(uri), Err(error), "{uri}");
    }
    for uri in
        ["https://a.test/cb?x=1", "http://127.0.0.1/cb", "http://[::1]/", "com.example.app:/cb"]
    {
        assert_eq!(check(uri), Ok(()), "{uri}");
    }
}

#[test]
fn a_redirect_uri_matches_character_by_character() {
    // RFC 9700 §2.1; the attacks are open redirection and path traversal.
    let registered = "https://a.test/cb";
    assert!(matches(registered, registered));
    for sent in [
        "https://a.test/cb/",
        "https://a.test/cb?x",
        "https://a.test/cb/../x",
        "https://A.test/cb",
        "https://a.test:443/cb",
        "https://a.test/cb#",
        "https://a.test@evil.test/cb",
    ] {
        assert!(!matches(registered, sent), "{sent}");
    }
}

#[test]
fn the_port_of_a_loopback_address_may_differ_and_nothing_else() {
    // RFC 8252 §7.3
    assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
    assert!(matches("http://[::1]:80/cb", "http://[::1]:51004/cb"));
    for sent in [
        "http://127.0.0.1:1/other",
        "http://127.0.0.1:1@evil.test/cb",
        "http://localhost:1/cb",
        "https://127.0.0.1:1/cb",
        "http://127.0.0.1.evil.test/cb",
        "http://127.0.0.1:1/cb?x=1",
        "http://127.0.0.1:1\\@evil.test/cb",
        "http://127.1:1/cb",
        "http://0x7f000001/cb",
    ] {
        assert!(!matches("http://127.0.0.1/cb", sent), "{sent}");
    }
    assert!(!matches("http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]:1/cb"));
    assert!(!matches("http://localhost/cb", "http://%6cocalhost:1/cb"));
}

#[test]
fn a_line_break_in_the_port_of_a_loopback_address_is_not_sent_on() {
    // The URL parser ignores it (URL Standard, "remove all ASCII tab or newline"); a header must not have it.
    for port in ["8\r\n0", "\t80", "80\n"] {
        assert!(
            !matches("http://127.0.0.1/cb", &format!("http://127.0.0.1:{port}/cb")),
            "{port:?}"
        );
    }
}

#[test]
fn a_page_may_redirect_to_the_app_and_on_from_there() {
    // CSP 3 §6.4.1.1: `form-action` is checked for every redirect that follows
    assert_eq!(form_action_source("https://a.test:8443/cb").unwrap(), "https:");
    assert!(form_action_source("http://127.0.0.1:1/cb").unwrap().contains("http://127.0.0.1:*"));
    assert_eq!(form_action_source("http://a.test/cb"), None);
    assert_eq!(form_action_source("com.example.app:/cb").unwrap(), "com.example.app:");
}

#[test]
fn client_metadata_has_the_defaults_of_rfc_7591() {
    let metadata = registration::metadata(br#"{"redirect_uris":["https://a.test/cb"]}"#).unwrap();
    let json = serde_json::to_value(&metadata).unwrap();
    assert_eq!(json["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(json["grant_types"], serde_json::json!(["authorization_code"]));
    assert_eq!(json["response_types"], serde_json::json!(["code"]));
}

#[test]
fn client_metadata_that_cannot_be_honored_is_refused() {
    use ClientMetadataError as Error;
    let uri = r#""redirect_uris":["https://a.test/cb"]"#;
    for (json, error) in [
        ("{}".to_owned(), Error::NoRedirectUri),
        (r#"{"grant_types":["implicit"]}"#.into(), Error::GrantTypes),
        (format!(r#"{{{uri},"response_types":["token"]}}"#), Error::ResponseTypes),
        (
            format!(r#"{{{uri},"token_endpoint_auth_method":"tls"}}"#),
            Error::TokenEndpointAuthMethod,
        ),
        (
            format!(r#"{{{uri},"token_endpoint_auth_method":"none","require_pkce":false}}"#),
            Error::PublicWithoutPkce,
        ),
        (
            r#"{"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}"#.into(),
            Error::PublicClientCredentials,
        ),
        (
            format!(r#"{{{uri},"id_token_signed_response_alg":"none"}}"#),
            Error::IdTokenSignedResponseAlg,
        ),
        (format!(r#"{{{uri},"subject_type":"pairwise"}}"#), Error::SubjectType),
        (format!(r#"{{{uri},"logo_uri":"javascript:alert(1)"}}"#), Error::Uri("logo_uri")),
        (
            format!(r#"{{{uri},"userinfo_signed_response_alg":"ES256"}}"#),
            Error::NotSupported("userinfo_signed_response_alg"),
        ),
    ] {
        assert_eq!(registration::metadata(json.as_bytes()).unwrap_err(), error, "{json}");
    }
}

#[test]
fn prompt_none_stands_alone() {
    // OpenID Connect Core §3.1.2.1
    assert_eq!(Prompt::parse("none login"), Err(PromptError::NoneWithOthers));
    assert_eq!(Prompt::parse("sometimes"), Err(PromptError::Unknown));
    assert!(Prompt::parse("login consent").is_ok_and(|prompt| prompt.login && prompt.consent));
}

#[test]
fn unknown_parts_of_the_claims_parameter_are_ignored() {
    // OpenID Connect Core §5.5
    let request = ClaimsRequest::parse(
        r#"{"userinfo":{"name":null,"x-unknown":{"essential":true}},
            "id_token":{"email":{"essential":true},"sub":{"value":"248289"},
                        "acr":{"essential":true,"values":["gold"]}}}"#,
    )
    .unwrap();
    assert_eq!(request.userinfo, ["name"]);
    assert_eq!(request.id_token, ["email"]);
    assert_eq!(request.sub.as_deref(), Some("248289"));
    assert!(!request.acr_can_be_met());
    assert!(ClaimsRequest::parse("[]").is_err());
}

#[test]
fn prefer_wait_is_limited_and_unknown_preferences_are_ignored() {
    // RFC 7240 §2 and §4.3
    assert_eq!(prefer::wait(Some("wait=10")), 10);
    assert_eq!(prefer::wait(Some("respond-async, Wait=\"7\"")), 7);
    assert_eq!(prefer::wait(Some("wait=4000")), 30);
    for ignored in [None, Some(""), Some("wait"), Some("wait=-1"), Some("wait=1e3")] {
        assert_eq!(prefer::wait(ignored), 0);
    }
}

#[test]
fn scopes_are_a_set_and_hold_only_what_rfc_6749_allows() {
    let scope = Scope::parse("a b  a").unwrap();
    assert_eq!(scope.to_string(), "a b");
    assert!(Scope::parse("a\"b").is_err());
    assert!(
        scope.covers(&Scope::parse("b").unwrap()) && !Scope::parse("b").unwrap().covers(&scope)
    );
}

#[test]
fn a_resource_is_an_absolute_uri_without_a_fragment() {
    // RFC 8707 §2
    let parse = |value| resource::parse([value].into_iter(), &resource::Resources::default());
    assert!(parse("https://api.example.test/v1").is_ok());
    for refused in ["api", "/v1", "https://api.example.test/#f", "https://", "//host"] {
        assert!(parse(refused).is_err(), "{refused}");
    }
    let known = resource::Resources::read("https://api.example.test").unwrap();
    assert!(resource::parse(["https://x.test"].into_iter(), &known).is_err());
}
