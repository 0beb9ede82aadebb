//! Is this value what was expected? Pure.
//!
//! JSON is compared member by member. A string in the expectation may be a pattern: `$uuid`,
//! `$hex64`, `$number`, `$string`, `$any`; everything else must be equal. The first difference is
//! told with its path.

use serde_json::Value;

/// The first difference, or nothing.
pub fn difference(expected: &Value, got: &Value) -> Option<String> {
    at("", expected, got)
}

fn at(path: &str, expected: &Value, got: &Value) -> Option<String> {
    let differs = || {
        let place = if path.is_empty() { "the value" } else { path };
        Some(format!("{place}: expected {expected}, got {got}"))
    };
    match (expected, got) {
        (Value::String(pattern), _) if pattern.starts_with('$') => {
            if matches(pattern, got) {
                None
            } else {
                differs()
            }
        }
        (Value::Array(want), Value::Array(have)) => {
            if want.len() != have.len() {
                return differs();
            }
            let mut pairs = want.iter().zip(have).enumerate();
            pairs.find_map(|(index, (want, have))| at(&format!("{path}[{index}]"), want, have))
        }
        (Value::Object(want), Value::Object(have)) => {
            if want.keys().any(|key| !have.contains_key(key)) || want.len() != have.len() {
                return differs();
            }
            want.iter().find_map(|(key, want)| at(&format!("{path}.{key}"), want, &have[key]))
        }
        (Value::Number(want), Value::Number(have)) if want.as_f64() == have.as_f64() => None,
        _ if expected == got => None,
        _ => differs(),
    }
}

fn matches(pattern: &str, got: &Value) -> bool {
    let text = got.as_str();
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match pattern {
        "$any" => true,
        "$number" => got.is_number(),
        "$string" => text.is_some(),
        "$hex64" => text.is_some_and(|text| hex(text, 64)),
        "$uuid" => text.is_some_and(|text| {
            let parts: Vec<&str> = text.split('-').collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| hex(part, part.len()))
        }),
        // Not a pattern after all: a text that starts with a dollar.
        _ => text == Some(pattern),
    }
}

#[test]
fn patterns_and_differences() {
    use serde_json::json;
    let uuid = json!("123e4567-e89b-42d3-a456-426614174000");
    assert_eq!(difference(&json!("$uuid"), &uuid), None);
    assert!(difference(&json!("$uuid"), &json!("123e4567")).is_some());
    assert_eq!(difference(&json!({ "a": ["$number", 1] }), &json!({ "a": [7, 1.0] })), None);
    assert!(difference(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })).is_some());
    let told = difference(&json!({ "a": [1, 2] }), &json!({ "a": [1, 3] }));
    assert_eq!(told.as_deref(), Some(".a[1]: expected 2, got 3"));
}
