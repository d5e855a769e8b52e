//! What people type and choose: user codes, and the names of apps and users.

use vestibule::protocol::text;
use vestibule::protocol::user_code::UserCode;

use super::{two, utf8};

/// A user code that was read has eight letters, and is read again from each form in which it is shown or typed.
pub fn user_code(input: &[u8]) {
    if let Some(random) = UserCode::from_random(input) {
        assert_eq!(UserCode::parse(&random.to_string()), Some(random), "as a device shows it");
    }
    let Some(typed) = utf8(input) else { return };
    let Some(code) = UserCode::parse(typed) else { return };
    assert_eq!(code.as_str().len(), 8);
    assert!(code.as_str().bytes().all(|letter| b"BCDFGHJKLMNPQRSTVWXZ".contains(&letter)));
    for form in [code.to_string(), code.as_str().to_owned(), code.as_str().to_lowercase()] {
        assert_eq!(UserCode::parse(&form), Some(code.clone()), "typed as {form}");
    }
    let letters = typed.chars().filter(|c| c.is_ascii_alphanumeric()).count();
    assert_eq!(letters, 8, "nothing that was typed is left out");
}

/// A text that was cleaned may be shown, and cleaning it again changes nothing. Whether two names look alike doesn't
/// depend on their order, and every name looks like itself.
pub fn text(input: &[u8]) {
    let Some(input) = utf8(input) else { return };
    let (one, other) = two(input);
    for name in [one, other] {
        let clean = text::cleaned(name);
        assert_eq!(text::check(&clean), Ok(()), "{name:?} becomes {clean:?}");
        assert_eq!(text::cleaned(&clean), clean, "cleaned again");
        assert!(text::is_same_name(name, name), "{name:?}");
        assert!(text::is_same_name(name, &clean), "{name:?}");
    }
    assert_eq!(text::is_same_name(one, other), text::is_same_name(other, one));
}
