//! JSON schemas that several endpoints share.

use serde_json::{Value, json};

/// `{"status": "ok"}`
pub(crate) fn status() -> Value {
    object(&json!({ "status": ok() }))
}

/// Any JSON object.
pub(crate) fn anything() -> Value {
    json!({ "type": "object" })
}

/// The envelope of an answer with one payload.
pub(crate) fn envelope(name: &str, payload: &Value) -> Value {
    object(&json!({ name: payload, "status": ok() }))
}

/// An object with these properties.
pub(crate) fn object(properties: &Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

/// The id of a cluster.
pub(crate) fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid", "example": "34c3ecc5-624a-49a5-bab8-4fdc5e51a266" })
}

/// A time in UTC with seconds.
pub(crate) fn time(description: &str) -> Value {
    json!({ "type": "string", "example": "2026-01-23T16:15:59Z", "description": description })
}

fn ok() -> Value {
    json!({ "type": "string", "example": "ok" })
}
