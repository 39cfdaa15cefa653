//! PostgreSQL's five-character error codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use ccx_messages::ErrorClass;

/// The role may not do what a statement asks for.
pub(crate) const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Classes of codes (their first two characters) about the server, the session or the login.
const TRANSIENT_CLASSES: [&str; 12] = [
    "08", // connection
    "0A", // not supported by this server, above all "cached plan must not change result type"
    "26", // a prepared statement that the server does not know
    "42", // syntax, names, types, permissions: statements are constants, so the schema is not the expected one
    "25", // transaction state, above all 25006: a standby that only reads
    "28", // login refused: a password that is being rotated
    "40", // rolled back: serialization, deadlock
    "53", // resources: disk, memory, connections
    "55", // object not in the needed state, above all 55P03: lock not available
    "57", // operator: shutdown, statement timeout, starting up
    "58", // system: I/O
    "XX", // the server's own errors: corruption, internal
];

/// Codes of other classes that say that the database is not (yet) set up for us.
const TRANSIENT_CODES: [&str; 2] = [
    "3D000", // no such database
    "3F000", // no such schema
];

/// Classes about the values of a statement.
const BAD_INPUT_CLASSES: [&str; 3] = [
    "22", // data: a byte that text can't hold, a number out of range
    "23", // integrity: a constraint
    "54", // limits: a value too large for an index or a row
];

/// Returns the class of a statement that failed with `code`.
pub(crate) fn class(code: &str) -> ErrorClass {
    let code_class = code.get(..2).unwrap_or_default();
    if TRANSIENT_CLASSES.contains(&code_class) || TRANSIENT_CODES.contains(&code) {
        ErrorClass::Transient
    } else if BAD_INPUT_CLASSES.contains(&code_class) {
        ErrorClass::BadInput
    } else {
        ErrorClass::Bug
    }
}

/// Returns whether the session can't be used any more: the server closes it, or its prepared statements are those of a schema
/// that has changed.
pub(crate) fn ends_session(code: &str) -> bool {
    let has_stale_statements = ["0A", "26", "42"].iter().any(|class| code.starts_with(class));
    has_stale_statements
        || code.starts_with("08")
        || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04")
}

/// Returns whether the server refuses the password.
pub(crate) fn is_login_refused(code: &str) -> bool {
    code.starts_with("28")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_classes() {
        let table = [
            (ErrorClass::Transient, "08000 08001 08003 08004 08006 08P01"),
            (ErrorClass::Transient, "40001 40P01 40003"),
            (ErrorClass::Transient, "53000 53100 53200 53300 53400"),
            (ErrorClass::Transient, "57014 57P01 57P02 57P03 57P04 57P05"),
            (ErrorClass::Transient, "58000 58030 XX000 XX001"),
            (ErrorClass::Transient, "25006 25P02 25P03 55006 55P03"),
            (ErrorClass::Transient, "28000 28P01 3D000 3F000 42501 42P01 0A000"),
            (ErrorClass::BadInput, "22000 22001 22003 22008 22021 22P02 22P05"),
            (ErrorClass::BadInput, "23000 23502 23503 23505 23514"),
            (ErrorClass::BadInput, "54000"),
            (ErrorClass::Transient, "42601 42703 42804 42883 42P18 26000"),
            (ErrorClass::Bug, "21000 2F000 P0001 24000"),
            (ErrorClass::Bug, ""),
        ];
        for (expected, codes) in table {
            for code in codes.split(' ') {
                assert_eq!(class(code), expected, "{code}");
            }
        }
    }

    #[test]
    fn shutdown_ends_the_session_and_deadlock_does_not() {
        assert!(["57P01", "08006", "0A000", "42703", "26000"].into_iter().all(ends_session));
        assert!(!["40P01", "22021", "57014"].into_iter().any(ends_session));
    }
}
