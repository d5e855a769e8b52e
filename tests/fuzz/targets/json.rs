//! JSON objects that others wrote, read member by member.

use serde_json::Value;
use vestibule::protocol::foreign_json::{ForeignJsonError, ForeignObject, NumericDate};

use super::utf8;

/// What JSON is an object is decided as `serde_json` decides it. A member that is there once is read as `serde_json`
/// reads it; one that is there twice is never read.
pub fn foreign_json(input: &[u8]) {
    let Some(json) = utf8(input) else { return };
    let mut object = match (ForeignObject::parse(json), serde_json::from_str::<Value>(json)) {
        (Ok(object), _) => object,
        (Err(error), whole) => {
            assert_eq!(error, ForeignJsonError::NotAnObject);
            assert!(!whole.is_ok_and(|value| value.is_object()), "an object is refused");
            return;
        }
    };
    let value = object.to_value();
    let members = value.as_object().expect("an object stays one");
    assert!(members.len() <= object.count());
    let written = value.to_string();
    let again = ForeignObject::parse(&written).expect("what was written is JSON");
    assert_eq!(without_fractions(again.to_value()), without_fractions(value), "written again");
    let Ok(whole) = serde_json::from_str::<Value>(json) else { return };
    for name in ["sub", "aud", "exp", "a"] {
        let read = object.restriction::<Value>(name);
        match whole.get(name) {
            None => assert_eq!(read, Ok(None)),
            Some(Value::Null) if read.is_ok() => assert_eq!(read, Ok(None)),
            Some(member) => match read {
                Ok(read) => assert_eq!(read.as_ref(), Some(member), "{name}"),
                Err(error) => assert_eq!(error, ForeignJsonError::Repeated(name)),
            },
        }
        let text = object.text(name);
        assert!(text.is_none_or(|text| !text.is_empty()));
        let texts = object.texts(name);
        let entries = whole.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        assert!(texts.len() <= entries);
    }
    if let Ok(Some(date)) = object.restriction::<NumericDate>("exp") {
        let number = whole.get("exp").expect("a date is a member");
        let whole_seconds = match (number.as_i64(), number.as_f64()) {
            (Some(seconds), _) => seconds.to_string(),
            // Without the sign of a negative zero.
            (None, fraction) => format!("{:.0}", fraction.expect("a number").floor() + 0.0),
        };
        assert_eq!(date.0.to_string(), whole_seconds, "rounded down");
    }
}

/// The value with `null` for each number that is no integer: `serde_json` reads the last digit of a long one
/// differently from the number that it wrote, and nothing here needs that digit.
fn without_fractions(value: Value) -> Value {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => Value::Null,
        Value::Array(list) => list.into_iter().map(without_fractions).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members.map(|(name, member)| (name, without_fractions(member))).collect()
        }
        other => other,
    }
}
