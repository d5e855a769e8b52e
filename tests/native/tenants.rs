//! Each name under which data is kept is made in `src/tenant/`: those of the only tenant stay as they are, and those of
//! two tenants never meet.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use proptest::prelude::*;
use vestibule::domain::connection::ConnectionId;
use vestibule::domain::machine::Address;
use vestibule::jose::seal::{SealError, Sealer};
use vestibule::tenant::{ObjectName, Purpose, Tenant, Tries};

use crate::modules::sources;

/// Every object name, made of these inputs.
fn object_names(one: &str, other: &str) -> Vec<ObjectName> {
    let tries = [
        Tries::SignIn(one),
        Tries::SignUp(one),
        Tries::Registration(one),
        Tries::DeviceCode(one),
        Tries::UserCode(one),
        Tries::UserCodeOfAccount(one),
    ];
    let mut names = vec![
        ObjectName::email(one),
        ObjectName::identity(one, other),
        ObjectName::upstream_session(one, other),
        ObjectName::client(one),
        ObjectName::user_code(one),
        ObjectName::document(one),
        ObjectName::connection(one, other),
        ObjectName::event_log(7),
        ObjectName::key_ring(),
    ];
    names.extend(tries.map(ObjectName::throttle));
    names
}

/// Every key in KV.
fn kv_keys(tenant: &Tenant, input: &str) -> Vec<String> {
    let keys = [
        tenant.client_record(input),
        tenant.published_keys(input),
        tenant.published_hint_keys(input),
        tenant.earlier_published_keys(),
        tenant.earlier_published_hint_keys(),
    ];
    keys.map(|key| key.as_str().to_owned()).to_vec()
}

/// The label of every purpose.
fn seal_labels(tenant: &Tenant, account: &str) -> Vec<String> {
    let purposes = [
        Purpose::SigningKey,
        Purpose::Interaction,
        Purpose::Form,
        Purpose::UpstreamLogin,
        Purpose::UpstreamAnswer,
        Purpose::AfterLogout,
        Purpose::Connection(account),
    ];
    purposes.map(|purpose| tenant.seal_label(purpose).as_str().to_owned()).to_vec()
}

/// A tenant's names of each kind.
fn all(tenant: &Tenant, one: &str, other: &str) -> [Vec<String>; 4] {
    let objects = object_names(one, other);
    let objects = objects.iter().map(|name| tenant.object(name).as_str().to_owned()).collect();
    let cached = vec![tenant.cached_client(one).as_str().to_owned()];
    [objects, kv_keys(tenant, one), seal_labels(tenant, one), cached]
}

#[test]
fn the_names_of_the_only_tenant_are_those_that_are_stored() {
    let id = ConnectionId::new("acme", Some("app")).unwrap();
    let connection = ObjectName::connection("account", &id);
    assert_eq!(Tenant::ONLY.object(&connection).as_str(), "account/acme/app");
    let email = ObjectName::email(" Ada@Example.Test ");
    assert_eq!(Tenant::ONLY.object(&email).as_str(), "email:ada@example.test");
    let [objects, kv, labels, cached] = all(&Tenant::ONLY, "a", "b");
    let expected = [
        "email:a",
        "upstream:a#b",
        "upstream-session:a#b",
        "a",
        "a",
        "a",
        "a/b",
        "events/7",
        "keys",
        "sign-in/a",
        "sign-up/a",
        "register/a",
        "device/a",
        "user-code/a",
        "user-code/account/a",
    ];
    assert_eq!(objects, expected);
    assert_eq!(kv, ["client:a", "keys/a", "hint-keys/a", "keys", "hint-keys"]);
    let expected = [
        "vestibule signing key v1",
        "vestibule interaction v1",
        "vestibule form v1",
        "vestibule upstream login v1",
        "vestibule upstream answer v1",
        "vestibule after logout v1",
        "vestibule connection v1 a",
    ];
    assert_eq!(labels, expected);
    assert_eq!(cached, ["a"]);
}

#[test]
fn an_object_name_is_stored_as_its_text() {
    let address = Address::Name(ObjectName::email("a@b.test"));
    assert_eq!(serde_json::to_string(&address).unwrap(), r#"{"Name":"email:a@b.test"}"#);
}

#[test]
fn the_id_of_a_tenant_is_a_dns_label_in_lowercase() {
    for id in ["", "A", "a:b", "a.b", "ä", " a", &"a".repeat(64)] {
        assert_eq!(Tenant::further(id), None, "{id}");
    }
    let tenant = Tenant::further("acme-2").unwrap();
    let name = ObjectName::email("a@b.test");
    assert_eq!(tenant.object(&name).as_str(), "tenant:acme-2:email:a@b.test");
    assert_eq!(tenant.client_record("app").as_str(), "tenant:acme-2:client:app");
}

#[test]
fn a_tenant_opens_only_what_was_sealed_for_it() {
    let secret = "a secret with more than thirty-two characters";
    let further = Tenant::further("acme").unwrap();
    let [only, other] = [&Tenant::ONLY, &further].map(|t| Sealer::new(t, secret).unwrap());
    let sealed = only.seal(Purpose::Form, b"x", [1; 24]).unwrap();
    assert_eq!(only.open(Purpose::Form, &sealed).unwrap(), b"x");
    assert_eq!(other.open(Purpose::Form, &sealed), Err(SealError::Refused));
}

/// Inputs with the separators of names, with marks, and of any other kind.
fn input() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("tenant:".to_owned()),
        Just("a".to_owned()),
        Just("b".to_owned()),
        "[a:/#@ -]{0,3}",
        any::<String>(),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn names_of_two_tenants_never_meet(
        ours in (input(), input()),
        theirs in (input(), input()),
        ids in ("[ab]{1,2}", "[ab]{1,2}"),
    ) {
        let [first, second] = [&ids.0, &ids.1].map(|id| Tenant::further(id).unwrap());
        for (tenant, other) in [(&Tenant::ONLY, &first), (&first, &second)] {
            prop_assume!(tenant != other);
            let ours = all(tenant, &ours.0, &ours.1);
            let theirs = all(other, &theirs.0, &theirs.1);
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let ours: BTreeSet<_> = ours.iter().collect();
                let met: Vec<_> = theirs.iter().filter(|name| ours.contains(name)).collect();
                prop_assert!(met.is_empty(), "{:?}", met);
            }
        }
    }

    #[test]
    fn a_tenant_keeps_different_names_apart(one in input(), other in input()) {
        for tenant in [Tenant::ONLY, Tenant::further("a").unwrap()] {
            let key = |input: &str| tenant.object(&ObjectName::client(input)).as_str().to_owned();
            prop_assert_eq!(key(&one) == key(&other), one == other);
        }
    }
}

/// How the names begin that are made of a text and an input, and those that are a text alone.
const BEGIN: [&str; 14] = [
    "tenant:",
    "email:",
    "upstream:",
    "upstream-session:",
    "client:",
    "keys/",
    "hint-keys",
    "events/",
    "sign-in/",
    "sign-up/",
    "register/",
    "device/",
    "user-code/",
    "vestibule signing key",
];

/// The texts in the code, those in macros included.
fn texts(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => texts(group.stream(), found),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    found.push(text.value());
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[test]
fn names_are_made_in_one_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut here, mut elsewhere) = (BTreeSet::new(), Vec::new());
    for path in sources(&root) {
        let code = fs::read_to_string(&path).unwrap();
        let mut found = Vec::new();
        texts(code.parse().unwrap(), &mut found);
        let is_room = path.starts_with(root.join("tenant"));
        for text in found {
            let Some(begin) = BEGIN.iter().find(|begin| text.starts_with(**begin)) else {
                continue;
            };
            if is_room {
                here.insert(*begin);
            } else {
                elsewhere.push(format!("{}: {text:?}", path.display()));
            }
        }
        // A name that is read from a text could be of any kind.
        let reads = code.contains("<ObjectName>(") || code.contains("ObjectName::deserialize");
        assert!(!reads, "{} reads a name", path.display());
        let is_settings = path.ends_with("endpoints/settings/mod.rs");
        let chooses = code.contains("Tenant::ONLY") || code.contains("Tenant::further");
        assert!(!chooses || is_room || is_settings, "{} chooses a tenant", path.display());
    }
    assert_eq!(here.len(), BEGIN.len(), "the test looks for what is made");
    assert!(elsewhere.is_empty(), "make these in src/tenant/\n{}", elsewhere.join("\n"));
}
